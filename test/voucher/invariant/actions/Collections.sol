// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "../../../helpers/Vm.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Vouchers are signed, and collected one by one
abstract contract Collections is Withdrawals {
    /* ACTIONS */

    /// @dev A voucher that no server knows: a buyer may sign what it likes.
    function signVoucher(uint256 seed) external acts("signVoucher") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        _signVoucher(d, _account(b, s, t));
    }

    function collect(uint256 seed) external acts("collect") {
        Dice memory d = _dice(seed);
        uint256 place = _pickVoucher(d);
        _collect(_voucherAt(place), items[place].sig, party[_roll(d, PARTIES)], 7);
    }

    function collectMany(uint256 seed) external acts("collectMany") {
        Dice memory d = _dice(seed);
        uint256 count = _roll(d, 4);
        uint256[] memory places = new uint256[](count);
        for (uint256 i; i < count; ++i) places[i] = _pickVoucher(d);
        _collectMany(places, party[_roll(d, PARTIES)]);
    }

    /* EXECUTION */

    /// @param v Invariant to blame when it does not end as it must.
    function _collect(
        IVoucherEscrow.Voucher memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        (uint256 account, uint256 amount) = _expectCollect(e, m, sig);
        _checkViews(m, sig, account, amount);
        if (m.buyer.code.length != 0 && _isByKey(m.buyer, sig, _digestOf(Kind.Voucher, abi.encode(m), address(escrow))))
            v = 8;

        (uint256 s, uint256 t, uint256 before) = _wealthOfSeller(account);
        vm.recordLogs();
        ok = _try(relayer, abi.encodeCall(IVoucherEscrow.collect, (m, sig.signature)), e, v);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (ok) {
            _checkCollectEvent(logs, m, account, amount);
            _collected(account, _laneNumber(m.id), m.valueAggregate);
        }
        _settleEarnings(s, t, before, ok ? amount : 0);
        _checkAccount(account);
    }

    function _collectMany(uint256[] memory places, address relayer) private {
        Expect memory e;
        _unless(e, places.length != 0, IVoucherEscrow.NoVouchersProvided.selector);
        IVoucherEscrow.SignedVoucher[] memory list = new IVoucherEscrow.SignedVoucher[](places.length);
        for (uint256 i; i < places.length; ++i) {
            list[i] = IVoucherEscrow.SignedVoucher(_voucherAt(places[i]), items[places[i]].sig.signature);
        }
        // One voucher after the other, with the state that the ones before leave; undone by the revert at its end.
        if (places.length != 0) {
            try this.rehearseCollectMany(places) {
                revert("a rehearsal always reverts");
            } catch (bytes memory answer) {
                e = abi.decode(_afterSelector(answer), (Expect));
            }
        }
        bool ok = _try(relayer, abi.encodeCall(IVoucherEscrow.collectMany, (list)), e, 7);
        for (uint256 i; i < places.length; ++i) {
            IVoucherEscrow.Voucher memory m = list[i].voucher;
            (, uint256 account) = _find(m.buyer, m.seller, m.asset);
            if (ok) {
                (, uint256 s, uint256 t) = _parts(account);
                earned[s][t] += _collected(account, _laneNumber(m.id), m.valueAggregate);
            }
        }
        for (uint256 i; i < places.length; ++i) {
            IVoucherEscrow.Voucher memory m = list[i].voucher;
            (, uint256 account) = _find(m.buyer, m.seller, m.asset);
            (, uint256 s, uint256 t) = _parts(account);
            _checkAccount(account);
            _checkFree(_sellerParty(s), t);
            _checkToken(t);
        }
    }

    error Rehearsed(Expect e);

    /// @dev Plays the ghost forward and takes it back.
    function rehearseCollectMany(uint256[] calldata places) external {
        Expect memory all;
        for (uint256 i; i < places.length; ++i) {
            IVoucherEscrow.Voucher memory m = _voucherAt(places[i]);
            Expect memory e;
            (uint256 account, ) = _expectCollect(e, m, items[places[i]].sig);
            if (_isFailure(e)) {
                for (uint256 j; j < e.count && all.count < 12; ++j) all.reasons[all.count++] = e.reasons[j];
                if (e.foreign) all.foreign = true;
                break;
            }
            _collected(account, _laneNumber(m.id), m.valueAggregate);
        }
        revert Rehearsed(all);
    }

    /* EXPECTATION */

    function _expectCollect(
        Expect memory e,
        IVoucherEscrow.Voucher memory m,
        Sig memory sig
    ) internal view returns (uint256 account, uint256 amount) {
        bytes32 digest = _digestOf(Kind.Voucher, abi.encode(m), address(escrow));
        _expectParties(e, m.buyer, m.seller, m.asset);
        _unless(e, m.escrow == address(escrow), IVoucherEscrow.InvalidEscrow.selector);
        _unless(e, m.chainId == block.chainid, IVoucherEscrow.InvalidChainId.selector);
        _unless(e, m.valueAggregate != 0, IVoucherEscrow.InvalidAmount.selector);
        _unless(e, _now() <= m.expiry, IVoucherEscrow.VoucherExpired.selector);
        bool isSigned = _isVoucherByKey(m.buyer, sig, digest) || _isByWallet(m.buyer, sig, digest, CALL_GAS);
        _unless(e, isSigned, IVoucherEscrow.InvalidSignature.selector);
        (, account) = _find(m.buyer, m.seller, m.asset);
        uint256 outstanding = _outstanding(account, _laneNumber(m.id), m.valueAggregate);
        amount = outstanding < accounts[account].balance ? outstanding : accounts[account].balance;
        (, uint256 s, uint256 t) = _parts(account);
        _expectPayout(e, s, t, amount);
    }

    function _outstanding(uint256 account, uint256 laneNumber, uint256 total) internal view returns (uint256) {
        uint256 collected = accounts[account].collected[laneNumber];
        return total > collected ? total - collected : 0;
    }

    /* INTERNAL */

    /// @dev The ghost's collection: account, lane and payment.
    function _collected(uint256 account, uint256 laneNumber, uint256 total) internal returns (uint256 amount) {
        (, uint256 s, uint256 t) = _parts(account);
        amount = _draw(account, laneNumber, total);
        _paid(s, t, amount);
    }

    /// @dev What a seller has of a token, inside and outside.
    function _wealthOfSeller(uint256 account) internal view returns (uint256 s, uint256 t, uint256 wealth) {
        (, s, t) = _parts(account);
        (uint256 freeBalance, , ) = escrow.getFreeAccount(party[_sellerParty(s)], token[t]);
        wealth = _balance(_sellerParty(s), t) + freeBalance;
    }

    /// @dev What a seller was seen to receive is what was collected.
    function _settleEarnings(uint256 s, uint256 t, uint256 before, uint256 expected) internal {
        (uint256 freeBalance, , ) = escrow.getFreeAccount(party[_sellerParty(s)], token[t]);
        uint256 received = _balance(_sellerParty(s), t) + freeBalance - before;
        if (expected != 0 && !paysFree[_sellerParty(s)]) received += _fee(t, expected);
        _mustEq(received, expected, 3, "what the seller received");
        earned[s][t] += received;
        _checkToken(t);
    }

    /// @dev The views say before what the collection then does.
    function _checkViews(IVoucherEscrow.Voucher memory m, Sig memory sig, uint256 account, uint256 amount) private {
        bytes32 digest = _digestOf(Kind.Voucher, abi.encode(m), address(escrow));
        bool isSigned = _isVoucherByKey(m.buyer, sig, digest) || _isByWallet(m.buyer, sig, digest, CALL_GAS);
        _must(
            escrow.isVoucherSignatureValid{gas: CALL_GAS}(m, sig.signature) == isSigned,
            _isByKey(m.buyer, sig, digest) ? 8 : 17,
            "isVoucherSignatureValid"
        );
        uint256 outstanding = _outstanding(account, _laneNumber(m.id), m.valueAggregate);
        (uint256 a, uint256 b) = escrow.getOutstandingAndCollectableAmount(m);
        _mustEq(a, outstanding, 17, "outstanding by getOutstandingAndCollectableAmount");
        _mustEq(b, amount, 17, "collectable by getOutstandingAndCollectableAmount");
        _checkVerificationData(m, account, outstanding, amount);
    }

    function _checkVerificationData(
        IVoucherEscrow.Voucher memory m,
        uint256 account,
        uint256 outstanding,
        uint256 amount
    ) private {
        bytes32 nonce = bytes32(m.nonce % 41);
        bool isNonceUsed;
        uint256 balance;
        uint256[4] memory actual;
        (actual[0], actual[1], balance, actual[2], actual[3], , isNonceUsed) = escrow.getVerificationData{
            gas: CALL_GAS
        }(m, nonce);
        _mustEq(actual[0], outstanding, 17, "outstanding by getVerificationData");
        _mustEq(actual[1], amount, 17, "collectable by getVerificationData");
        _mustEq(balance, accounts[account].balance, 17, "balance by getVerificationData");
        _mustEq(actual[2], balance - accounts[account].thawing, 17, "available by getVerificationData");
        uint256 granted = IERC20(m.asset).allowance(m.buyer, address(escrow));
        _mustEq(actual[3], granted, 17, "allowance by getVerificationData");
        bool expected = nonce != 0 && isUsed[_nonceKey(IVoucherEscrow.NonceKind.Deposit, m.buyer, nonce)];
        _must(isNonceUsed == expected, 17, "deposit nonce by getVerificationData");
        _checkAccountData(m, balance > outstanding ? balance - outstanding : 0);
    }

    function _checkAccountData(IVoucherEscrow.Voucher memory m, uint256 expected) private {
        bytes32[] memory ids = new bytes32[](1);
        uint256[] memory values = new uint256[](1);
        (ids[0], values[0]) = (m.id, m.valueAggregate);
        (uint256 rest, , ) = escrow.getAccountData{gas: CALL_GAS}(m.buyer, m.seller, m.asset, ids, values);
        _mustEq(rest, expected, 17, "balance by getAccountData");
        try escrow.getAccountData{gas: CALL_GAS}(m.buyer, m.seller, m.asset, ids, new uint256[](2)) {
            _must(false, 17, "getAccountData took two lists that do not belong together");
        } catch (bytes memory answer) {
            _count(IVoucherEscrow.getAccountData.selector, bytes4(answer));
        }
    }

    function _checkCollectEvent(
        Vm.Log[] memory logs,
        IVoucherEscrow.Voucher memory m,
        uint256 account,
        uint256 amount
    ) private {
        bytes32 expected =
            amount != 0
                ? IVoucherEscrow.VoucherCollected.selector
                : _outstanding(account, _laneNumber(m.id), m.valueAggregate) == 0
                    ? IVoucherEscrow.VoucherAlreadyCollected.selector
                    : IVoucherEscrow.VoucherNoCollectableBalance.selector;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(escrow)) continue;
            _must(logs[i].topics[0] == expected, 17, "another event than the one that tells what happened");
            return;
        }
        _must(false, 17, "a collection without an event");
    }

    /* VOUCHERS */

    /// @dev Increases on what the lane has seen, mostly; for a hostile buyer also decreases, zero and enormous sums.
    function _signVoucher(Dice memory d, uint256 account) internal returns (uint256 place) {
        (uint256 b, , ) = _parts(account);
        uint256 n = _chance(d, 50) ? 0 : _roll(d, LANES);
        uint256 value =
            _chance(d, 75)
                ? accounts[account].collected[n] + 1 + _roll(d, 400)
                : _pickAmount(d, accounts[account].collected[n] + accounts[account].balance);
        IVoucherEscrow.Voucher memory m = _voucher(d, account, n, value, _pickExpiry(d));
        if (_chance(d, 2)) m.chainId = OTHER_CHAIN;
        if (_chance(d, 2)) m.escrow = twin;
        address by = _chance(d, 25) ? signer[_roll(d, SIGNERS)] : _pickKey(d, b);
        return _file(d, Kind.Voucher, abi.encode(m), by);
    }

    function _voucher(
        Dice memory d,
        uint256 account,
        uint256 laneNumber,
        uint256 value,
        uint64 expiry
    ) internal view returns (IVoucherEscrow.Voucher memory) {
        (address buyer, address seller, address asset) = _parties(account);
        return
            IVoucherEscrow.Voucher({
                id: lane[laneNumber],
                buyer: buyer,
                seller: seller,
                valueAggregate: value,
                asset: asset,
                timestamp: uint64(_now()),
                nonce: _roll(d, 1000),
                escrow: address(escrow),
                chainId: block.chainid,
                expiry: expiry
            });
    }

    function _voucherAt(uint256 place) internal view returns (IVoucherEscrow.Voucher memory) {
        return abi.decode(items[place].data, (IVoucherEscrow.Voucher));
    }

    /// @return place A voucher of the picked account, mostly a late one; signs one where there is none.
    function _pickVoucher(Dice memory d) internal returns (uint256 place) {
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        return _pickVoucherOf(d, _account(b, s, t));
    }

    function _pickVoucherOf(Dice memory d, uint256 account) internal returns (uint256 place) {
        if (_chance(d, 30)) _fund(d, account);
        uint256[] storage places = vouchersOf[account];
        if (places.length == 0 || _chance(d, 15)) return _signVoucher(d, account);
        uint256 span = places.length < 6 || _chance(d, 20) ? places.length : 6;
        return places[places.length - 1 - _roll(d, span)];
    }

    function _afterSelector(bytes memory data) private pure returns (bytes memory rest) {
        rest = new bytes(data.length - 4);
        for (uint256 i; i < rest.length; ++i) rest[i] = data[i + 4];
    }
}
