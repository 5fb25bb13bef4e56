// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Registry} from "../Registry.sol";
import {Digests} from "../Digests.sol";

/// @title Tokens enter the escrow
abstract contract Deposits is Registry {
    using Digests for IVoucherEscrow.DepositAuthorization;

    uint256 private constant USUAL_DEPOSIT = 1000;

    /* ACTIONS */

    function deposit(uint256 seed) external acts("deposit") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        _deposit(b, party[b], _maybeBadSeller(d, b, s), _maybeBadAsset(d, t), _pickAmount(d, USUAL_DEPOSIT), false);
    }

    /// @dev Often dust, and by somebody who has no business with the account.
    function depositTo(uint256 seed) external acts("depositTo") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 payer = _chance(d, 60) ? MALLORY : _roll(d, PARTIES);
        address buyer = _chance(d, 4) ? (_chance(d, 50) ? address(0) : address(escrow)) : party[b];
        uint256 amount = _chance(d, 50) ? 1 : _pickAmount(d, USUAL_DEPOSIT);
        _deposit(payer, buyer, _maybeBadSeller(d, b, s), _maybeBadAsset(d, t), amount, true);
    }

    function depositMany(uint256 seed) external acts("depositMany") {
        Dice memory d = _dice(seed);
        (uint256 b, , uint256 t) = _pickAccount(d);
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](_roll(d, 4));
        for (uint256 i; i < inputs.length; ++i) {
            uint256 s = _roll(d, SELLERS);
            if (_sellerParty(s) == b) s = 1;
            uint256 amount = _chance(d, 85) ? 1 + _roll(d, USUAL_DEPOSIT) : _pickAmount(d, USUAL_DEPOSIT);
            inputs[i] = IVoucherEscrow.DepositInput(_chance(d, 3) ? party[b] : party[_sellerParty(s)], amount);
        }
        _depositMany(b, t, inputs);
    }

    function depositFree(uint256 seed) external acts("depositFree") {
        Dice memory d = _dice(seed);
        (uint256 b, , uint256 t) = _pickAccount(d);
        if (_chance(d, 20)) b = _roll(d, PARTIES);
        _depositFree(b, _maybeBadAsset(d, t), _pickAmount(d, USUAL_DEPOSIT));
    }

    /// @dev Signs a deposit by one of the three methods, and mostly relays it at once.
    function signDeposit(uint256 seed) external acts("signDeposit") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        Kind method = Kind(_roll(d, 3));
        if (method == Kind.DepositEip3009 && _chance(d, 80)) t = USDC_TOKEN;
        IVoucherEscrow.DepositAuthorization memory a = IVoucherEscrow.DepositAuthorization({
            buyer: party[b],
            seller: _chance(d, 25) ? address(0) : _maybeBadSeller(d, b, s),
            asset: _maybeBadAsset(d, t),
            amount: _pickAmount(d, USUAL_DEPOSIT),
            nonce: _pickNonce(d),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, method, abi.encode(a), _pickKey(d, b));
        _relayMaybe(d, place);
    }

    /* EXECUTION */

    /// @dev Puts something into a poor account, where the token lets it, so that there is something to happen to.
    function _fund(Dice memory d, uint256 account) internal {
        if (accounts[account].balance - accounts[account].thawing > 300) return;
        (uint256 b, , ) = _parts(account);
        (address buyer, address seller, address asset) = _parties(account);
        Expect memory e;
        uint256 amount = 500 + _roll(d, USUAL_DEPOSIT);
        _expectCredit(e, buyer, seller, asset, amount);
        _expectPull(e, asset, buyer, amount, address(escrow));
        if (!_isFailure(e)) _deposit(b, buyer, seller, asset, amount, false);
    }

    /// @dev The same for a free balance.
    function _fundFree(Dice memory d, uint256 p, uint256 t) internal {
        if (free[p][t].balance != 0) return;
        Expect memory e;
        uint256 amount = 500 + _roll(d, USUAL_DEPOSIT);
        _expectPull(e, token[t], party[p], amount, address(escrow));
        if (!_isFailure(e)) _depositFree(p, token[t], amount);
    }

    function _depositFree(uint256 p, address asset, uint256 amount) private {
        Expect memory e;
        _expectFreeCredit(e, party[p], asset, amount);
        _expectPull(e, asset, party[p], amount, address(escrow));
        if (!_try(party[p], abi.encodeCall(IVoucherEscrow.depositFree, (asset, amount)), e, 11)) return;
        uint256 t = tokenNumber[asset] - 1;
        _pulled(p, t, amount);
        free[p][t].balance += amount;
        _checkFree(p, t);
        _checkToken(t);
    }

    function _deposit(uint256 payer, address buyer, address seller, address asset, uint256 amount, bool isTo) internal {
        Expect memory e;
        _expectCredit(e, buyer, seller, asset, amount);
        _expectPull(e, asset, party[payer], amount, address(escrow));
        bytes memory data =
            isTo
                ? abi.encodeCall(IVoucherEscrow.depositTo, (buyer, seller, asset, amount))
                : abi.encodeCall(IVoucherEscrow.deposit, (seller, asset, amount));
        if (!_try(party[payer], data, e, 11)) return;
        _landed(buyer, seller, asset, payer, amount);
    }

    function _depositMany(uint256 b, uint256 t, IVoucherEscrow.DepositInput[] memory inputs) private {
        Expect memory e;
        _unless(e, inputs.length != 0, IVoucherEscrow.NoDepositsProvided.selector);
        uint256 total;
        uint256[SELLERS] memory sums;
        for (uint256 i; i < inputs.length; ++i) {
            (bool isKnown, uint256 account) = _find(party[b], inputs[i].seller, token[t]);
            if (!isKnown || inputs[i].amount == 0 || inputs[i].amount > MAX) {
                if (e.count < 6) _expectCredit(e, party[b], inputs[i].seller, token[t], inputs[i].amount);
                continue;
            }
            (, uint256 s, ) = _parts(account);
            sums[s] += inputs[i].amount;
            total += inputs[i].amount;
            bool fits = accounts[account].balance + accounts[account].collected[0] + sums[s] <= MAX;
            _unless(e, fits, IVoucherEscrow.AmountTooLarge.selector);
        }
        _expectPull(e, token[t], party[b], total, address(escrow));
        if (!_try(party[b], abi.encodeCall(IVoucherEscrow.depositMany, (token[t], inputs)), e, 11)) return;
        for (uint256 i; i < inputs.length; ++i)
            _landed(party[b], inputs[i].seller, token[t], b, inputs[i].amount, false);
        for (uint256 s; s < SELLERS; ++s) if (sums[s] != 0) _checkAccount(_account(b, s, t));
        _checkToken(t);
    }

    /// @param v Invariant to blame: whose point is it that this must (not) go through.
    function _depositSigned(
        Kind method,
        IVoucherEscrow.DepositAuthorization memory a,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        bytes32 digest = _digestOf(method, abi.encode(a), address(escrow));
        bytes32 key =
            method == Kind.Deposit
                ? _nonceKey(IVoucherEscrow.NonceKind.Deposit, a.buyer, a.nonce)
                : _tokenNonceKey(uint256(method), a.buyer, a.hash());

        Expect memory e;
        _unless(e, a.nonce != bytes32(0), IVoucherEscrow.ZeroNonce.selector);
        _unless(e, _now() <= a.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        if (method == Kind.Deposit) {
            _unless(e, _isOwners(a.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
            _expectFresh(e, key);
            _checkDepositView(a, sig, !_isFailure(e));
        } else {
            _foreignUnless(e, _isTokens(method, a.buyer, sig, digest) && !isUsed[key]);
            _foreignUnless(e, method == Kind.DepositPermit2 || a.asset == token[USDC_TOKEN]);
        }
        if (a.seller == address(0)) _expectFreeCredit(e, a.buyer, a.asset, a.amount);
        else _expectCredit(e, a.buyer, a.seller, a.asset, a.amount);
        // USDC's authorization needs no allowance; for Permit2 everyone has given one.
        _expectPull(e, a.asset, a.buyer, a.amount, method == Kind.Deposit ? address(escrow) : address(0));

        ok = _try(relayer, _relayCall(method, abi.encode(a), sig.signature), e, v);
        if (!ok) return false;
        isUsed[key] = true;
        _landed(a.buyer, a.seller, a.asset, partyNumber[a.buyer] - 1, a.amount);
        if (method == Kind.Deposit) _checkNonces(IVoucherEscrow.NonceKind.Deposit, a.buyer, a.nonce);
    }

    /// @dev A nonce and its neighbours.
    function _checkNonces(IVoucherEscrow.NonceKind kind, address owner, bytes32 nonce) internal {
        for (uint256 i; i < 3; ++i) {
            bytes32 one = bytes32(uint256(nonce) ^ i);
            bool actual = escrow.isNonceUsed(kind, owner, one);
            _must(actual == isUsed[_nonceKey(kind, owner, one)], 4, "a nonce is used that was not, or the reverse");
        }
    }

    /* INTERNAL */

    function _landed(address buyer, address seller, address asset, uint256 payer, uint256 amount) private {
        _landed(buyer, seller, asset, payer, amount, true);
    }

    function _landed(
        address buyer,
        address seller,
        address asset,
        uint256 payer,
        uint256 amount,
        bool checked
    ) private {
        uint256 t = tokenNumber[asset] - 1;
        _pulled(payer, t, amount);
        if (seller == address(0)) {
            uint256 owner = partyNumber[buyer] - 1;
            free[owner][t].balance += amount;
            if (checked) _checkFree(owner, t);
        } else {
            (, uint256 account) = _find(buyer, seller, asset);
            _credit(account, amount);
            if (checked) _checkAccount(account);
        }
        if (checked) _checkToken(t);
    }

    function _checkDepositView(IVoucherEscrow.DepositAuthorization memory a, Sig memory sig, bool expected) private {
        _must(
            escrow.isDepositAuthorizationValid{gas: CALL_GAS}(a, sig.signature) == expected,
            17,
            "isDepositAuthorizationValid"
        );
        bool used = escrow.isDepositAuthorizationNonceUsed(a.buyer, a.nonce);
        _must(
            used == isUsed[_nonceKey(IVoucherEscrow.NonceKind.Deposit, a.buyer, a.nonce)],
            17,
            "isDepositAuthorizationNonceUsed"
        );
    }

    function _maybeBadSeller(Dice memory d, uint256 b, uint256 s) internal view returns (address) {
        if (!_chance(d, 4)) return party[_sellerParty(s)];
        uint256 kind = _roll(d, 3);
        return
            kind == 0
                ? address(0)
                : kind == 1
                    ? address(escrow)
                    : party[b];
    }

    function _maybeBadAsset(Dice memory d, uint256 t) internal view returns (address) {
        if (!_chance(d, 4)) return token[t];
        uint256 kind = _roll(d, 3);
        return
            kind == 0
                ? address(0)
                : kind == 1
                    ? address(escrow)
                    : party[0];
    }
}
