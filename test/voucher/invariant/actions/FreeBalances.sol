// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Deposits} from "./Deposits.sol";

/// @title Free balance is spent
abstract contract FreeBalances is Deposits {
    /* ACTIONS */

    function allocate(uint256 seed) external acts("allocate") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 60)) _fundFree(d, b, t);
        address seller = _maybeBadSeller(d, b, s);
        uint256 amount = _pickAmount(d, free[b][t].balance);

        Expect memory e;
        _expectAllocation(e, party[b], seller, token[t], amount);
        if (!_try(party[b], abi.encodeCall(IVoucherEscrow.allocate, (seller, token[t], amount)), e, 5)) return;
        _allocated(b, seller, t, amount);
    }

    function signAllocate(uint256 seed) external acts("signAllocate") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 60)) _fundFree(d, b, t);
        IVoucherEscrow.AllocateAuthorization memory a = IVoucherEscrow.AllocateAuthorization({
            buyer: party[b],
            seller: _maybeBadSeller(d, b, s),
            asset: token[t],
            amount: _pickAmount(d, free[b][t].balance),
            nonce: _pickFreeNonce(d, b, t),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.Allocate, abi.encode(a), _pickKey(d, b));
        _relayMaybe(d, place);
    }

    function withdrawFree(uint256 seed) external acts("withdrawFree") {
        Dice memory d = _dice(seed);
        (uint256 p, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 40)) p = _chance(d, 80) ? _sellerParty(s) : _roll(d, PARTIES);
        _withdrawFree(p, t, _pickAmount(d, free[p][t].balance));
    }

    function signWithdrawFree(uint256 seed) external acts("signWithdrawFree") {
        Dice memory d = _dice(seed);
        (uint256 p, uint256 s, uint256 t) = _pickAccount(d);
        if (_chance(d, 40)) p = _sellerParty(s);
        if (_chance(d, 60)) _fundFree(d, p, t);
        IVoucherEscrow.WithdrawFreeAuthorization memory a = IVoucherEscrow.WithdrawFreeAuthorization({
            buyer: party[p],
            asset: token[t],
            amount: _pickAmount(d, free[p][t].balance),
            nonce: _pickFreeNonce(d, p, t),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.WithdrawFree, abi.encode(a), _pickKey(d, p));
        _relayMaybe(d, place);
    }

    function advanceFreeNonce(uint256 seed) external acts("advanceFreeNonce") {
        Dice memory d = _dice(seed);
        (uint256 b, , uint256 t) = _pickAccount(d);
        Free storage f = free[b][t];
        uint64 next = _chance(d, 20) ? uint64(_roll(d, 70)) : uint64(f.next + _roll(d, 3));

        Expect memory e;
        _unless(e, next >= f.next, IVoucherEscrow.InvalidNonce.selector);
        if (!_try(party[b], abi.encodeCall(IVoucherEscrow.advanceFreeNonce, (token[t], next)), e, 4)) return;
        (f.next, f.floor) = (next, next);
        _checkFree(b, t);
    }

    /* EXECUTION */

    function _withdrawFree(uint256 p, uint256 t, uint256 amount) internal {
        Expect memory e;
        _expectFreeWithdrawal(e, p, t, amount);
        if (!_try(party[p], abi.encodeCall(IVoucherEscrow.withdrawFree, (token[t], amount)), e, 15)) return;
        _freeWithdrawn(p, t, amount);
    }

    function _allocateSigned(
        IVoucherEscrow.AllocateAuthorization memory a,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        (uint256 b, uint256 t) = (partyNumber[a.buyer] - 1, tokenNumber[a.asset] - 1);
        Expect memory e;
        _unless(e, _now() <= a.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        bytes32 digest = _digestOf(Kind.Allocate, abi.encode(a), address(escrow));
        _unless(e, _isOwners(a.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectFreeNonce(e, b, t, a.nonce);
        _expectAllocation(e, a.buyer, a.seller, a.asset, a.amount);
        ok = _try(relayer, _relayCall(Kind.Allocate, abi.encode(a), sig.signature), e, v);
        if (!ok) return false;
        _useFreeNonce(b, t, a.nonce);
        _allocated(b, a.seller, t, a.amount);
    }

    function _withdrawFreeSigned(
        IVoucherEscrow.WithdrawFreeAuthorization memory a,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        (uint256 p, uint256 t) = (partyNumber[a.buyer] - 1, tokenNumber[a.asset] - 1);
        Expect memory e;
        _unless(e, _now() <= a.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        bytes32 digest = _digestOf(Kind.WithdrawFree, abi.encode(a), address(escrow));
        _unless(e, _isOwners(a.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectFreeNonce(e, p, t, a.nonce);
        _expectFreeWithdrawal(e, p, t, a.amount);
        ok = _try(relayer, _relayCall(Kind.WithdrawFree, abi.encode(a), sig.signature), e, v);
        if (!ok) return false;
        _useFreeNonce(p, t, a.nonce);
        _freeWithdrawn(p, t, a.amount);
    }

    /* INTERNAL */

    function _expectAllocation(
        Expect memory e,
        address buyer,
        address seller,
        address asset,
        uint256 amount
    ) private view {
        uint256 balance = free[partyNumber[buyer] - 1][tokenNumber[asset] - 1].balance;
        _unless(e, amount <= balance, IVoucherEscrow.InsufficientBalance.selector);
        _expectCredit(e, buyer, seller, asset, amount);
    }

    function _expectFreeWithdrawal(Expect memory e, uint256 p, uint256 t, uint256 amount) private view {
        _unless(e, amount != 0, IVoucherEscrow.InvalidAmount.selector);
        _unless(e, amount <= free[p][t].balance, IVoucherEscrow.InsufficientBalance.selector);
        _expectPush(e, t, party[p]);
    }

    function _allocated(uint256 b, address seller, uint256 t, uint256 amount) private {
        (, uint256 account) = _find(party[b], seller, token[t]);
        free[b][t].balance -= amount;
        _credit(account, amount);
        _checkAccount(account);
        _checkFree(b, t);
        _checkToken(t);
    }

    function _freeWithdrawn(uint256 p, uint256 t, uint256 amount) private {
        free[p][t].balance -= amount;
        _pushed(t, p, amount);
        _checkFree(p, t);
        _checkToken(t);
    }

    /// @dev Around the window: the next ones, used ones, its far end and one beyond, and the last number there is.
    function _pickFreeNonce(Dice memory d, uint256 owner, uint256 t) private view returns (uint64) {
        uint256 next = free[owner][t].next;
        uint256 kind = _roll(d, 20);
        if (kind == 0 && _chance(d, 20)) return type(uint64).max - uint64(_roll(d, 2));
        if (kind < 4) return uint64(next + 60 + _roll(d, 8));
        if (kind < 10 && next >= 66) return uint64(next - 64 - _roll(d, 2));
        if (kind < 13 && next != 0) return uint64(_roll(d, next < 8 ? next : 8) + (next < 8 ? 0 : next - 8));
        return uint64(next + _roll(d, 3));
    }
}
