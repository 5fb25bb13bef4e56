// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Signers} from "./Signers.sol";

/// @title What a seller decides: how it is paid, and what it returns
abstract contract Sellers is Signers {
    /* ACTIONS */

    function setPayout(uint256 seed) external acts("setPayout") {
        Dice memory d = _dice(seed);
        (, uint256 s, ) = _pickAccount(d);
        _setPayout(_sellerParty(s), _chance(d, 50));
    }

    function signPayout(uint256 seed) external acts("signPayout") {
        Dice memory d = _dice(seed);
        (, uint256 s, ) = _pickAccount(d);
        uint256 p = _sellerParty(s);
        IVoucherEscrow.PayoutAuthorization memory m = IVoucherEscrow.PayoutAuthorization({
            seller: party[p],
            toFreeBalance: _chance(d, 50),
            nonce: uint96(payoutNonce[p] + (_chance(d, 20) ? _roll(d, 2) : 0)),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.Payout, abi.encode(m), _pickKey(d, p));
        _relayMaybe(d, place);
    }

    /* EXECUTION */

    function _setPayout(uint256 p, bool toFreeBalance) internal {
        Expect memory e;
        if (_try(party[p], abi.encodeCall(IVoucherEscrow.setPayout, (toFreeBalance)), e, 14)) {
            _payoutSet(p, toFreeBalance);
        }
    }

    function _payoutSigned(
        IVoucherEscrow.PayoutAuthorization memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        uint256 p = partyNumber[m.seller] - 1;
        Expect memory e;
        _unless(e, _now() <= m.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        bytes32 digest = _digestOf(Kind.Payout, abi.encode(m), address(escrow));
        _unless(e, _isOwners(m.seller, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _unless(e, m.nonce == payoutNonce[p], IVoucherEscrow.InvalidNonce.selector);
        ok = _try(relayer, _relayCall(Kind.Payout, abi.encode(m), sig.signature), e, v);
        if (ok) _payoutSet(p, m.toFreeBalance);
    }

    function _release(
        uint256 account,
        uint256 laneNumber,
        uint256 collectedAtLeast,
        uint256 amount
    ) internal returns (bool ok) {
        (address buyer, address seller, address asset) = _parties(account);
        Expect memory e;
        _expectRelease(e, account, laneNumber, collectedAtLeast, amount);
        bytes memory data = abi.encodeCall(
            IVoucherEscrow.release,
            (buyer, asset, lane[laneNumber], collectedAtLeast, amount)
        );
        ok = _try(seller, data, e, 5);
        if (ok) _released(account, amount);
    }

    function _releaseSigned(
        IVoucherEscrow.ReleaseAuthorization memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        (, uint256 account) = _find(m.buyer, m.seller, m.asset);
        bytes32 key = _nonceKey(IVoucherEscrow.NonceKind.Release, m.seller, m.nonce);
        Expect memory e;
        _unless(e, _now() <= m.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        bytes32 digest = _digestOf(Kind.Release, abi.encode(m), address(escrow));
        _unless(e, _isOwners(m.seller, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectFresh(e, key);
        _expectRelease(e, account, _laneNumber(m.id), m.collectedAtLeast, m.amount);
        ok = _try(relayer, _relayCall(Kind.Release, abi.encode(m), sig.signature), e, v);
        if (ok) {
            isUsed[key] = true;
            _released(account, m.amount);
        }
        _checkNonces(IVoucherEscrow.NonceKind.Release, m.seller, m.nonce);
    }

    /* INTERNAL */

    function _expectRelease(
        Expect memory e,
        uint256 account,
        uint256 laneNumber,
        uint256 collectedAtLeast,
        uint256 amount
    ) private view {
        (uint256 b, , uint256 t) = _parts(account);
        Account storage a = accounts[account];
        _unless(e, amount != 0, IVoucherEscrow.InvalidAmount.selector);
        _unless(e, a.collected[laneNumber] >= collectedAtLeast, IVoucherEscrow.NotCollectedYet.selector);
        _unless(e, amount <= a.balance, IVoucherEscrow.InsufficientBalance.selector);
        _expectPush(e, t, party[b]);
    }

    function _released(uint256 account, uint256 amount) private {
        (uint256 b, , uint256 t) = _parts(account);
        _debit(account, amount);
        _pushed(t, b, amount);
        _checkAccount(account);
        _checkToken(t);
    }

    function _payoutSet(uint256 p, bool toFreeBalance) private {
        paysFree[p] = toFreeBalance;
        ++payoutNonce[p];
        (bool actual, uint96 nonce) = escrow.getPayout(party[p]);
        _must(actual == toFreeBalance, 14, "payout is not what the seller chose");
        _mustEq(nonce, payoutNonce[p], 4, "payout nonce");
    }
}
