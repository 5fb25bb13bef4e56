// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {FreeBalances} from "./FreeBalances.sol";

/// @title Buyers take their tokens back
abstract contract Withdrawals is FreeBalances {
    /* ACTIONS */

    function thaw(uint256 seed) external acts("thaw") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 60)) _fund(d, _account(b, s, t));
        Account storage a = accounts[_account(b, s, t)];
        _thaw(b, s, t, _pickAmount(d, a.balance - a.thawing));
    }

    function cancelThaw(uint256 seed) external acts("cancelThaw") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        Account storage a = accounts[_account(b, s, t)];
        // Most thaws are left alone, or none would ever end.
        if (a.end != 0 && _chance(d, 60)) return;

        Expect memory e;
        _unless(e, a.end != 0, IVoucherEscrow.NoThawingInProgress.selector);
        address seller = party[_sellerParty(s)];
        if (!_try(party[b], abi.encodeCall(IVoucherEscrow.cancelThaw, (seller, token[t])), e, 16)) return;
        (a.thawing, a.end) = (0, 0);
        _checkAccount(_account(b, s, t));
    }

    function withdraw(uint256 seed) external acts("withdraw") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        _withdraw(b, s, t);
    }

    function signFlush(uint256 seed) external acts("signFlush") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 60)) _fund(d, _account(b, s, t));
        IVoucherEscrow.FlushAuthorization memory a = IVoucherEscrow.FlushAuthorization({
            buyer: party[b],
            seller: party[_sellerParty(s)],
            asset: token[t],
            nonce: _pickNonce(d),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.Flush, abi.encode(a), _pickKey(d, b));
        _relayMaybe(d, place);
    }

    function signFlushAll(uint256 seed) external acts("signFlushAll") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 60)) _fund(d, _account(b, s, t));
        IVoucherEscrow.FlushAllAuthorization memory a = IVoucherEscrow.FlushAllAuthorization({
            buyer: party[b],
            nonce: _pickNonce(d),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.FlushAll, abi.encode(a), _pickKey(d, b));
        _relayMaybe(d, place);
    }

    /* EXECUTION */

    function _thaw(uint256 b, uint256 s, uint256 t, uint256 amount) internal {
        Account storage a = accounts[_account(b, s, t)];
        Expect memory e;
        _unless(e, amount != 0, IVoucherEscrow.InvalidAmount.selector);
        _unless(e, amount <= a.balance - a.thawing, IVoucherEscrow.InsufficientBalance.selector);
        address seller = party[_sellerParty(s)];
        if (!_try(party[b], abi.encodeCall(IVoucherEscrow.thaw, (seller, token[t], amount)), e, 15)) return;
        a.thawing += amount;
        a.end = _now() + PERIOD;
        _checkAccount(_account(b, s, t));
    }

    function _withdraw(uint256 b, uint256 s, uint256 t) internal {
        Account storage a = accounts[_account(b, s, t)];
        Expect memory e;
        _unless(e, a.end != 0, IVoucherEscrow.NoThawingInProgress.selector);
        _unless(e, _now() >= a.end, IVoucherEscrow.ThawingPeriodNotCompleted.selector);
        if (a.thawing != 0) _expectPush(e, t, party[b]);
        address seller = party[_sellerParty(s)];
        if (!_try(party[b], abi.encodeCall(IVoucherEscrow.withdraw, (seller, token[t])), e, 15)) return;
        uint256 amount = a.thawing;
        (a.thawing, a.end) = (0, 0);
        _debit(_account(b, s, t), amount);
        _pushed(t, b, amount);
        _checkAccount(_account(b, s, t));
        _checkToken(t);
    }

    function _flushSigned(
        IVoucherEscrow.FlushAuthorization memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        (, uint256 account) = _find(m.buyer, m.seller, m.asset);
        bytes32 key = _nonceKey(IVoucherEscrow.NonceKind.Flush, m.buyer, m.nonce);
        bytes32 digest = _digestOf(Kind.Flush, abi.encode(m), address(escrow));
        Expect memory e;
        _unless(e, _now() <= m.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        _unless(e, _isOwners(m.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectFresh(e, key);
        bool view_ = escrow.isFlushAuthorizationValid{gas: CALL_GAS}(m, sig.signature);
        _must(view_ == !_isFailure(e), 17, "isFlushAuthorizationValid");
        _must(escrow.isFlushAuthorizationNonceUsed(m.buyer, m.nonce) == isUsed[key], 17, "flush nonce");
        _expectFlush(e, account);

        ok = _try(relayer, _relayCall(Kind.Flush, abi.encode(m), sig.signature), e, v);
        if (ok) {
            isUsed[key] = true;
            _flushed(account);
            _checkToken(tokenNumber[m.asset] - 1);
        }
        _checkAccount(account);
        _checkNonces(IVoucherEscrow.NonceKind.Flush, m.buyer, m.nonce);
    }

    /// @param list Accounts to flush, of this buyer or of none.
    function _flushAllSigned(
        IVoucherEscrow.FlushAllAuthorization memory m,
        IVoucherEscrow.AccountKey[] memory list,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        bytes32 digest = _digestOf(Kind.FlushAll, abi.encode(m), address(escrow));
        _unless(e, _now() <= m.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        _unless(e, _isOwners(m.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectFlushAllNonce(e, m.buyer, m.nonce);
        bool view_ = escrow.isFlushAllAuthorizationValid{gas: CALL_GAS}(m, sig.signature);
        _must(view_ == !_isFailure(e), 17, "isFlushAllAuthorizationValid");

        // Account by account, in order; what a flush leaves behind decides about a second one in the list.
        bool isAuthorized = !_isFailure(e);
        uint256 flushed;
        for (uint256 i; i < list.length && isAuthorized; ++i) if (_flushInTurn(m, list[i])) ++flushed;
        _unless(e, !isAuthorized || flushed != 0, IVoucherEscrow.NothingToFlush.selector);
        ok = _try(relayer, abi.encodeCall(IVoucherEscrow.flushAllWithAuthorization, (m, list, sig.signature)), e, v);
        _must(!isAuthorized || flushed == 0 || ok, 15, "a flush of all accounts failed");
        for (uint256 i; i < list.length; ++i) {
            (bool isKnown, uint256 account) = _find(m.buyer, list[i].seller, list[i].asset);
            if (isKnown) _checkAccount(account);
        }
        if (ok) for (uint256 t; t < TOKENS; ++t) _checkToken(t);
    }

    /// @dev Three accounts of anyone's choice, one of them perhaps twice, one perhaps not an account at all.
    function _pickKeys(Dice memory d) internal view returns (IVoucherEscrow.AccountKey[] memory list) {
        list = new IVoucherEscrow.AccountKey[](_roll(d, 4));
        for (uint256 i; i < list.length; ++i) {
            (, uint256 s, uint256 t) = _pickAccount(d);
            if (_chance(d, 50)) s = _roll(d, SELLERS);
            // What burns all gas comes last: it leaves the others behind it too little to say why they fail.
            if (t == BURNS_GAS && _isHostile(t) && i + 1 != list.length) t = USDC_TOKEN;
            list[i] = IVoucherEscrow.AccountKey(party[_sellerParty(s)], _chance(d, 5) ? address(0) : token[t]);
        }
    }

    /* INTERNAL */

    /// @dev A flush has something to do and the token lets it.
    function _expectFlush(Expect memory e, uint256 account) private view {
        (uint256 b, , uint256 t) = _parts(account);
        Account storage a = accounts[account];
        bool isThawing = a.end != 0 && _now() < a.end;
        _unless(e, a.balance != 0 && !isThawing, IVoucherEscrow.NothingToFlush.selector);
        if (a.thawing != 0 && !isThawing) _expectPush(e, t, party[b]);
    }

    function _expectFlushAllNonce(Expect memory e, address buyer, bytes32 nonce) private {
        bytes32 key = _nonceKey(IVoucherEscrow.NonceKind.FlushAll, buyer, nonce);
        _expectFresh(e, key);
        _must(escrow.isFlushAllAuthorizationNonceUsed(buyer, nonce) == isUsed[key], 17, "flush-all nonce");
    }

    function _flushed(uint256 account) private {
        (uint256 b, , uint256 t) = _parts(account);
        Account storage a = accounts[account];
        uint256 matured = a.thawing;
        (a.thawing, a.end) = (0, 0);
        _debit(account, matured);
        if (matured != 0) _pushed(t, b, matured);
        if (a.balance != 0) (a.thawing, a.end) = (a.balance, _now() + PERIOD);
    }

    function _flushInTurn(
        IVoucherEscrow.FlushAllAuthorization memory m,
        IVoucherEscrow.AccountKey memory k
    ) private returns (bool) {
        (bool isKnown, uint256 account) = _find(m.buyer, k.seller, k.asset);
        if (!isKnown || isUsed[_flushAllKey(m.buyer, m.nonce, account)]) return false;
        Expect memory e;
        _expectFlush(e, account);
        if (_isFailure(e)) return false;
        isUsed[_flushAllKey(m.buyer, m.nonce, account)] = true;
        _flushed(account);
        return true;
    }
}
