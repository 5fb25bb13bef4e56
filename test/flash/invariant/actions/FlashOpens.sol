// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashMessages} from "../../FlashMessages.sol";
import {FlashRegistry} from "../FlashRegistry.sol";

/// @title Escrows are opened, filled and prolonged
abstract contract FlashOpens is FlashRegistry {
    using FlashMessages for *;

    /* ACTIONS */

    function openPlainly(uint256 seed) external acts("openPlainly") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        // Now and then another token of the same two.
        if (_chance(d, 40)) a = a - (a % TOKENS) + _roll(d, TOKENS);
        IFlashSettlement.OpenEscrow memory o = _terms(d, a);
        uint64 ttl = _chance(d, 5) ? type(uint64).max - uint64(_roll(d, 9)) : o.ttlSeconds;
        if (_chance(d, 30)) _openPair(d, a);
        else _openPlainly(a, o, ttl);
    }

    function openOnTerms(uint256 seed) external acts("openOnTerms") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        uint256 way = _roll(d, 10);
        if (way < 3) _open(d, a);
        else if (way < 5) _openSigned(Kind.Open, _fairTerms(d, a), _noSig(), party[_roll(d, PARTIES)], 8);
        else _openSigned(Kind.Open, _terms(d, a), _noSig(), party[_client(a)], 8);
    }

    function signOpening(uint256 seed) external acts("signOpening") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        Kind kind =
            a % TOKENS == USDC_TOKEN
                ? Kind(3 + _roll(d, 3))
                : _chance(d, 60)
                    ? Kind.OpenPermit2
                    : Kind(3 + _roll(d, 3));
        _relayMaybe(d, _file(d, kind, abi.encode(_terms(d, a)), _pickKey(d, _client(a))));
    }

    function topUp(uint256 seed) external acts("topUp") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 50)) _open(d, a);
        _topUpNow(_topUpOf(d, a));
    }

    function signTopUp(uint256 seed) external acts("signTopUp") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 50)) _open(d, a);
        Kind kind = a % TOKENS == USDC_TOKEN && _chance(d, 60) ? Kind.TopUpEip3009 : Kind.TopUpPermit2;
        _relayMaybe(d, _file(d, kind, abi.encode(_topUpOf(d, a)), _pickKey(d, _client(a))));
    }

    function extend(uint256 seed) external acts("extend") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 40)) _open(d, a);
        IFlashSettlement.ExtendEscrow memory m = _extensionOf(d, a);
        Expect memory e;
        _expectExtension(e, m);
        bytes memory data = abi.encodeCall(IFlashSettlement.extendEscrow, (m.server, m.token, m.epoch, m.newUnlockAt));
        _extended(m, _try(m.client, data, e, 7));
    }

    function signExtension(uint256 seed) external acts("signExtension") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 40)) _open(d, a);
        _relayMaybe(d, _file(d, Kind.Extend, abi.encode(_extensionOf(d, a)), _pickKey(d, _client(a))));
    }

    /* EXECUTION */

    function _openPlainly(uint256 a, IFlashSettlement.OpenEscrow memory o, uint64 ttl) private {
        Expect memory e;
        o.client = o.signer = party[_client(a)];
        (o.epoch, o.closeDelay) = (uint32(escrows[a].epoch), uint32(MAX_CLOSE_DELAY));
        if (ttl != 0 && ttl < MAX_CLOSE_DELAY) o.closeDelay = uint32(ttl);
        _expectOpening(e, o, ttl);
        _expectPull(e, o.token, o.client, o.amount, address(settlement));
        bytes memory data = abi.encodeCall(IFlashSettlement.openEscrow, (o.server, o.token, o.amount, ttl));
        if (_try(o.client, data, e, 8)) {
            (, uint256 opened) = _find(o.client, o.server, o.token);
            _opened(opened, o, ttl);
            _namePairToken(opened);
        }
        _check(a);
    }

    /// @dev A fair opening by the original entry, where none is open.
    function _openPair(Dice memory d, uint256 a) internal {
        if (escrows[a].isOpen) return;
        (uint256 c, , uint256 t) = _parts(a);
        if (wallet[c][t] < 1000) _restock(c, t);
        IFlashSettlement.OpenEscrow memory o = _blankTerms(a);
        o.amount = uint128(10 + _roll(d, 990));
        _openPlainly(a, o, uint64(_chance(d, 15) ? 0 : 600 + _roll(d, 2 days)));
    }

    /// @dev A fair opening by the client itself, where none is open and the token allows.
    function _open(Dice memory d, uint256 a) internal {
        if (escrows[a].isOpen) return;
        (uint256 c, , uint256 t) = _parts(a);
        if (wallet[c][t] < 1000) _restock(c, t);
        _openSigned(Kind.Open, _fairTerms(d, a), _noSig(), party[c], 8);
    }

    /// @dev Sends an opening; only the client itself needs no signature.
    function _openSigned(
        Kind kind,
        IFlashSettlement.OpenEscrow memory o,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, o.deadline);
        _expectOpening(e, o, o.ttlSeconds);
        _expectFunds(e, kind, o.client, o.token, o.amount, abi.encode(o), sig);
        bool isOwn = kind == Kind.Open && relayer == o.client;
        if (kind == Kind.Open) {
            bool isSigned = isOwn || _isOwners(o.client, sig, kind, abi.encode(o));
            _unless(e, isSigned, IFlashSettlement.BadSignature.selector);
        }
        ok = _try(relayer, _openCall(kind, o, sig), e, v);
        (bool isKnown, uint256 a) = _find(o.client, o.server, o.token);
        if (ok) {
            isUsed[_tokenNonceKey(uint256(kind), o.client, o.hash())] = true;
            _opened(a, o, o.ttlSeconds);
        }
        if (isKnown) _check(a);
    }

    function _openCall(
        Kind kind,
        IFlashSettlement.OpenEscrow memory o,
        Sig memory sig
    ) private pure returns (bytes memory) {
        IFlashSettlement.Funding memory f;
        f.method = IFlashSettlement.FundingMethod(uint256(kind) - uint256(Kind.Open));
        if (kind == Kind.Open) return abi.encodeCall(IFlashSettlement.openEscrowWithTerms, (o, sig.signature, f));
        f.signature = sig.signature;
        // Nobody needs two signatures, and one look at the amount tells which calls try it.
        bytes memory second = o.amount % 16 == 3 ? sig.signature : new bytes(0);
        return abi.encodeCall(IFlashSettlement.openEscrowWithTerms, (o, second, f));
    }

    /// @dev By the client itself.
    function _topUpNow(IFlashSettlement.TopUp memory m) internal {
        Expect memory e;
        _expectTopUp(e, m);
        _expectPull(e, m.token, m.client, m.amount, address(settlement));
        bytes memory data = abi.encodeCall(IFlashSettlement.topUp, (m.server, m.token, m.amount, m.epoch));
        _toppedUp(m, _try(m.client, data, e, 8));
    }

    function _topUpSigned(
        Kind kind,
        IFlashSettlement.TopUp memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, m.deadline);
        _expectTopUp(e, m);
        _expectFunds(e, kind, m.client, m.token, m.amount, abi.encode(m), sig);
        IFlashSettlement.Funding memory f;
        f.method = IFlashSettlement.FundingMethod(1 + uint256(kind) - uint256(Kind.TopUpEip3009));
        f.signature = sig.signature;
        if (m.salt % 16 == 3) {
            f.method = IFlashSettlement.FundingMethod.Allowance;
            _unless(e, false, IFlashSettlement.BadTerms.selector);
        }
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.topUpWithAuthorization, (m, f)), e, v);
        if (ok) isUsed[_tokenNonceKey(uint256(kind), m.client, m.hash())] = true;
        _toppedUp(m, ok);
    }

    function _extendSigned(
        IFlashSettlement.ExtendEscrow memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, m.deadline);
        bool isSigned = _isOwners(m.client, sig, Kind.Extend, abi.encode(m));
        _unless(e, isSigned, IFlashSettlement.BadSignature.selector);
        _expectExtension(e, m);
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.extendEscrowWithAuthorization, (m, sig.signature)), e, v);
        _extended(m, ok);
    }

    /* EXPECTATIONS */

    function _expectOpening(Expect memory e, IFlashSettlement.OpenEscrow memory o, uint256 ttl) private view {
        address self = address(settlement);
        bool areParties = o.client != address(0) && o.client != self && o.server != address(0) && o.server != self;
        bytes4 bad = IFlashSettlement.BadTerms.selector;
        _unless(e, areParties && o.client != o.server, bad);
        _unless(e, o.signer != o.server, bad);
        _unless(e, o.token.code.length != 0, bad);
        _unless(e, o.amount != 0, bad);
        _unless(e, o.amount <= MAX, IFlashSettlement.AmountTooLarge.selector);
        _unless(e, o.closeDelay >= MIN_CLOSE_DELAY && o.closeDelay <= MAX_CLOSE_DELAY, bad);
        _unless(e, ttl == 0 || (_now() + ttl <= NEVER && o.closeDelay <= ttl), bad);
        (bool isKnown, uint256 a) = _find(o.client, o.server, o.token);
        if (!isKnown) return;
        _unless(e, !escrows[a].isOpen, IFlashSettlement.EscrowExists.selector);
        _unless(e, o.epoch == escrows[a].epoch, IFlashSettlement.WrongEpoch.selector);
    }

    function _expectFunds(
        Expect memory e,
        Kind kind,
        address client,
        address asset,
        uint256 amount,
        bytes memory data,
        Sig memory sig
    ) private view {
        if (kind == Kind.Open) {
            _expectPull(e, asset, client, amount, address(settlement));
            return;
        }
        bool isPermit2 = kind == Kind.OpenPermit2 || kind == Kind.TopUpPermit2;
        bool isOpening = kind == Kind.OpenEip3009 || kind == Kind.OpenPermit2;
        if (isOpening && amount % 16 == 3) _unless(e, false, IFlashSettlement.BadTerms.selector);
        _expectPull(e, asset, client, amount, isPermit2 ? CANONICAL_PERMIT2 : address(0));
        _foreignUnless(e, isPermit2 || asset == token[USDC_TOKEN]);
        _foreignUnless(e, partyNumber[client] != 0 && _isTokens(kind, client, sig, data));
        _foreignUnless(e, !isUsed[_tokenNonceKey(uint256(kind), client, _structHash(kind, data))]);
    }

    function _expectTopUp(Expect memory e, IFlashSettlement.TopUp memory m) private view {
        _unless(e, m.amount != 0, IFlashSettlement.BadTerms.selector);
        (bool isOpen, uint256 a) = _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
        if (!isOpen) return;
        _expectStanding(e, a);
        _unless(e, m.amount + escrows[a].balance <= MAX, IFlashSettlement.AmountTooLarge.selector);
    }

    function _expectExtension(Expect memory e, IFlashSettlement.ExtendEscrow memory m) private view {
        (bool isOpen, uint256 a) = _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
        if (isOpen) _expectStanding(e, a);
    }

    /// @dev Nobody has closed.
    function _expectStanding(Expect memory e, uint256 a) private view {
        bool isStanding = !escrows[a].clientClosed && !escrows[a].serverClosed;
        _unless(e, isStanding, IFlashSettlement.Closed.selector);
    }

    /* THE GHOST */

    function _opened(uint256 a, IFlashSettlement.OpenEscrow memory o, uint256 ttl) private {
        (uint256 c, , uint256 t) = _parts(a);
        Ghost storage g = escrows[a];
        (g.isOpen, g.balance, g.closeDelay) = (true, o.amount, o.closeDelay);
        g.unlockAt = ttl == 0 ? NEVER : _now() + ttl;
        g.signer = o.signer == address(0) ? o.client : o.signer;
        _pulled(c, t, o.amount);
    }

    /// @dev While another token's escrow is open, the pair's token stays.
    function _namePairToken(uint256 a) private {
        (uint256 c, uint256 s, uint256 t) = _parts(a);
        uint256 named = pairToken[c][s];
        if (named == 0 || !escrows[a - t + named - 1].isOpen) pairToken[c][s] = t + 1;
    }

    function _toppedUp(IFlashSettlement.TopUp memory m, bool ok) private {
        (bool isKnown, uint256 a) = _find(m.client, m.server, m.token);
        if (!isKnown) return;
        if (ok) {
            escrows[a].balance += m.amount;
            _pulled(_client(a), a % TOKENS, m.amount);
        }
        _check(a);
    }

    function _extended(IFlashSettlement.ExtendEscrow memory m, bool ok) private {
        (bool isKnown, uint256 a) = _find(m.client, m.server, m.token);
        if (!isKnown) return;
        if (ok && m.newUnlockAt > escrows[a].unlockAt) escrows[a].unlockAt = m.newUnlockAt;
        _checkEscrow(a);
    }

    /* MESSAGES */

    function _client(uint256 a) internal pure returns (uint256 c) {
        (c, , ) = _parts(a);
    }

    function _noSig() internal pure returns (Sig memory) {}

    /// @dev Wallets run dry; mallory keeps what was hidden, and gives back what she has.
    function _restock(uint256 c, uint256 t) internal virtual;

    function _blankTerms(uint256 a) private view returns (IFlashSettlement.OpenEscrow memory o) {
        (o.client, o.server, o.token) = _parties(a);
        (o.epoch, o.deadline) = (uint32(escrows[a].epoch), type(uint40).max);
    }

    function _fairTerms(Dice memory d, uint256 a) internal view returns (IFlashSettlement.OpenEscrow memory o) {
        o = _blankTerms(a);
        uint256 ttl = _chance(d, 15) ? 0 : 1 days + _roll(d, 3 days);
        o.amount = uint128(10 + _roll(d, 990));
        (o.ttlSeconds, o.closeDelay) = (uint40(ttl), uint32(10 minutes + _roll(d, 12 hours)));
        o.signer = keyOf[o.client] == 0 || _chance(d, 25) ? agentKey[_roll(d, 2)] : address(0);
    }

    /// @dev Good terms, wild ones, or good ones with one that cannot be.
    function _terms(Dice memory d, uint256 a) private view returns (IFlashSettlement.OpenEscrow memory o) {
        o = _fairTerms(d, a);
        uint256 spoilt = _roll(d, 26);
        if (spoilt > 12) {
            o.amount = uint128(_pickAmount(d, 500));
            o.ttlSeconds = uint40(_chance(d, 20) ? 0 : 60 + _roll(d, 2 days));
            uint256 most = o.ttlSeconds == 0 || o.ttlSeconds > 6 hours ? 6 hours : o.ttlSeconds;
            o.closeDelay = uint32(60 + _roll(d, most - 59));
            o.deadline = _pickDeadline(d);
            return o;
        }
        if (spoilt == 0) o.server = address(0);
        else if (spoilt == 1) o.server = address(settlement);
        else if (spoilt == 2) o.server = o.client;
        else if (spoilt == 3) o.token = address(0xdead);
        else if (spoilt == 4) o.closeDelay = uint32(_chance(d, 50) ? 59 : MAX_CLOSE_DELAY + 1);
        else if (spoilt == 5) (o.ttlSeconds, o.closeDelay) = (uint40(60), 61);
        else if (spoilt == 6) o.ttlSeconds = type(uint40).max - uint40(_now()) + uint40(_roll(d, 3));
        else if (spoilt == 7) o.signer = o.server;
        else if (spoilt == 8) o.epoch = o.epoch == 0 || _chance(d, 30) ? o.epoch + 1 : o.epoch - 1;
        else if (spoilt == 9) o.closeDelay = 60;
        else if (spoilt == 10) (o.ttlSeconds, o.closeDelay) = (0, uint32(MAX_CLOSE_DELAY));
        else if (spoilt == 11) o.ttlSeconds = 59;
        else if (spoilt == 12) o.client = _chance(d, 50) ? address(0) : address(settlement);
    }

    function _topUpOf(Dice memory d, uint256 a) private view returns (IFlashSettlement.TopUp memory m) {
        (m.client, m.server, m.token) = _parties(a);
        m.amount = uint128(_pickAmount(d, 500));
        // Just what fits, or one more.
        if (a % TOKENS == NO_RETURN && _chance(d, 25)) m.amount = uint128(MAX - escrows[a].balance + _roll(d, 2));
        m.epoch = uint32(_nearEpoch(d, a));
        (m.salt, m.deadline) = (_roll(d, 1000), _pickDeadline(d));
    }

    function _extensionOf(Dice memory d, uint256 a) private view returns (IFlashSettlement.ExtendEscrow memory m) {
        (m.client, m.server, m.token) = _parties(a);
        m.epoch = uint32(_nearEpoch(d, a));
        uint256 end = _now() + _roll(d, 4 days);
        if (_chance(d, 20) && escrows[a].unlockAt != 0) end = escrows[a].unlockAt - 1 + _roll(d, 3);
        (m.newUnlockAt, m.deadline) = (uint40(end > NEVER ? NEVER : end), _pickDeadline(d));
    }

    /// @return epoch Mostly the escrow's epoch, sometimes the one before or after.
    function _nearEpoch(Dice memory d, uint256 a) internal view returns (uint256 epoch) {
        epoch = escrows[a].epoch;
        if (!_chance(d, 8)) return epoch;
        return epoch == 0 || _chance(d, 50) ? epoch + 1 : epoch - 1;
    }
}
