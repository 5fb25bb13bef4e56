// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor, Vm} from "../helpers/Test.sol";
import {BitmapNonceTest} from "./BitmapNonceTest.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

contract FlushWithAuthorizationTest is SignedMessageTest, BitmapNonceTest {
    using VoucherMessages for *;

    IVoucherEscrow.FlushAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = flushAuthorizationOf(NONCE);
        deposit(buyer, seller, 100);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.FLUSH_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.FlushAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.flushWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE);
    }

    function nonceKind() internal pure override returns (IVoucherEscrow.NonceKind) {
        return IVoucherEscrow.NonceKind.Flush;
    }

    /// @dev The whole balance thaws.
    function assertDone() internal view override {
        uint64 now_ = uint64(vm.getBlockTimestamp());
        assertAccount(100, 100, now_ + 1 days);
        assertBooks(start);
    }

    /* NONCE */

    function test_FlushesWhenTheNonceIsZero() public {
        authorization.nonce = 0;
        submit();
        assertDone();
    }

    function test_MarksTheNonceUsed() public {
        assertFalse(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
        submit();
        assertTrue(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
    }

    /* GIVEN NOTHING THAWS */

    function test_EmitsThawInitiatedAndFlushAuthorized() public {
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 100, 0, NOW + 1 days, 0);
        expectEvent();
        emit IVoucherEscrow.FlushAuthorized(buyer.addr, seller.addr, asset, NONCE, true);
        submit();
    }

    /* GIVEN A THAW THAT HAS NOT ENDED */

    function test_RevertGiven_AThawThatEndsInOneSecond() public {
        thaw(60);
        vm.warp(NOW + 1 days - 1);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_ConsumesNoNonceGivenNothingToFlush() public {
        thaw(60);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        assertFalse(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
        assertAccount(100, 60, NOW + 1 days);
    }

    function test_FlushesLaterWhatThereWasNothingOfBefore() public {
        thaw(60);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        vm.warp(NOW + 1 days);
        submit();
        assertAccount(40, 40, NOW + 2 days);
    }

    /* GIVEN A MATURED THAW */

    function test_WithdrawsTheMaturedPartAndThawsTheRestAtTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        submit();
        expected.account -= 60;
        expected.escrow -= 60;
        expected.buyer += 60;
        assertBooks(expected);
        assertAccount(40, 40, NOW + 2 days);
    }

    function test_WithdrawsTheMaturedPartOneSecondPastTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days + 1);
        submit();
        assertAccount(40, 40, NOW + 2 days + 1);
    }

    function test_EmitsWithdrawnAndThawInitiatedAndFlushAuthorized() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        expectEvent();
        emit IVoucherEscrow.Withdrawn(buyer.addr, seller.addr, asset, 60, 40);
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 40, 0, NOW + 2 days, 0);
        expectEvent();
        emit IVoucherEscrow.FlushAuthorized(buyer.addr, seller.addr, asset, NONCE, true);
        submit();
    }

    function test_EmptiesTheAccountGivenAllMatured() public {
        thaw(100);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        submit();
        expected.account = 0;
        expected.escrow -= 100;
        expected.buyer += 100;
        assertBooks(expected);
        assertAccount(0, 0, 0);
    }

    function test_EmitsWithdrawnAndFlushAuthorizedWithoutAThawGivenAllMatured() public {
        thaw(100);
        vm.warp(NOW + 1 days);
        vm.recordLogs();
        expectEvent();
        emit IVoucherEscrow.Withdrawn(buyer.addr, seller.addr, asset, 100, 0);
        expectEvent();
        emit IVoucherEscrow.FlushAuthorized(buyer.addr, seller.addr, asset, NONCE, false);
        submit();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVoucherEscrow.ThawInitiated.selector);
        }
    }

    function test_WithdrawsWhatASellerLeftOfTheThaw() public {
        thaw(60);
        collect(voucherOf(70));
        deposit(buyer, seller, 1000);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        submit();
        expected.account -= 30;
        expected.escrow -= 30;
        expected.buyer += 30;
        assertBooks(expected);
        assertAccount(1000, 1000, NOW + 2 days);
    }

    function test_RevertGiven_TheTokenRefusesThePayment() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 60));
    }

    /* GIVEN NO BALANCE */

    function test_RevertWhen_TheSellerIsZero() public {
        authorization.seller = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_RevertWhen_TheAssetIsZero() public {
        authorization.asset = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_RevertGiven_NoAccount() public {
        authorization.seller = seller2.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    function test_RevertGiven_ACollectionEmptiedTheAccount() public {
        thaw(60);
        collect(voucherOf(100));
        vm.warp(NOW + 1 days);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
    }

    /* WHOSE TOKENS GO WHERE */

    function test_PaysTheBuyerWhoeverRelays() public {
        thaw(100);
        vm.warp(NOW + 1 days);
        bytes memory signature = sign(buyer, authorization);
        Books memory expected = books();
        vm.prank(stranger.addr);
        escrow.flushWithAuthorization(authorization, signature);
        expected.account = 0;
        expected.escrow -= 100;
        expected.buyer += 100;
        assertBooks(expected);
    }

    function test_LeavesTheFreeBalanceAlone() public {
        depositFree(buyer, 50);
        start = books();
        submit();
        assertBooks(start);
    }

    function testFuzz_TwoFlushesEmptyAnyAccount(uint256 marked, uint256 collected, uint256 added) public {
        marked = bound(marked, 0, 100);
        collected = bound(collected, 0, 99);
        added = bound(added, 1, FUNDS - 100);
        if (marked != 0) thaw(marked);
        if (collected != 0) collect(voucherOf(collected));
        deposit(buyer, seller, added);
        Books memory expected = books();
        vm.warp(NOW + 1 days);
        submit();
        vm.warp(NOW + 2 days);
        authorization.nonce = 0;
        submit();
        expected.buyer += expected.account;
        expected.escrow -= expected.account;
        expected.account = 0;
        assertBooks(expected);
    }
}
