// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor, Vm} from "../helpers/Test.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

contract FlushWithAuthorizationTest is SignedMessageTest {
    using VoucherMessages for *;

    IVoucherEscrow.FlushAuthorization private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        authorization = flushAuthorizationOf(NONCE);
        deposit(buyer, seller, 100);
        start = books();
    }

    /* SIGNATURE: every case of SignedMessage.tree */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        escrow.flushWithAuthorization(authorization, signature);
    }

    /// @dev The whole balance thaws.
    function assertDone() internal view override {
        uint64 now_ = uint64(vm.getBlockTimestamp());
        assertAccount(100, 100, now_ + 1 days);
        assertBooks(start);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheBuyerIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.buyer = buyer2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        deposit(buyer, seller2, 100);
        bytes memory signature = sign(buyer, authorization);
        authorization.seller = seller2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheAssetIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.asset = stranger.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.nonce = 0;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.expiry = EXPIRY + 1;
        expectRefusal();
        submit(signature);
    }

    /* EXPIRY */

    function test_FlushesOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit();
        assertDone();
    }

    function test_FlushesAtTheExpiry() public {
        vm.warp(EXPIRY);
        _submit();
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, EXPIRY, EXPIRY + 1));
        _submit();
    }

    /* NONCE */

    function test_RevertGiven_TheAuthorizationWasUsed() public {
        _submit();
        vm.warp(NOW + 1 days);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_RevertGiven_TheNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Flush, uint256(NONCE) >> 8, 1 << (uint256(NONCE) & 255));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_FlushesWhenTheNonceIsZero() public {
        authorization.nonce = 0;
        _submit();
        assertDone();
    }

    function test_FlushesWhenTheNonceIsTheLargest() public {
        authorization.nonce = bytes32(type(uint256).max);
        _submit();
        assertDone();
    }

    function test_FlushesGivenTheNonceWasCancelledForADeposit() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, type(uint256).max);
        _submit();
        assertDone();
    }

    function test_MarksTheNonceUsed() public {
        assertFalse(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
        _submit();
        assertTrue(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
    }

    /* GIVEN NOTHING THAWS */

    function test_ThawsTheWholeBalance() public {
        _submit();
        assertAccount(100, 100, NOW + 1 days);
        assertBooks(start);
    }

    function test_EmitsThawInitiatedAndFlushAuthorized() public {
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 100, 0, NOW + 1 days, 0);
        expectEvent();
        emit IVoucherEscrow.FlushAuthorized(buyer.addr, seller.addr, asset, NONCE, true);
        _submit();
    }

    /* GIVEN A THAW THAT HAS NOT ENDED */

    function test_RevertGiven_AThawThatEndsInOneSecond() public {
        thaw(60);
        vm.warp(NOW + 1 days - 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        _submit();
    }

    function test_ConsumesNoNonceGivenNothingToFlush() public {
        thaw(60);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        _submit();
        assertFalse(escrow.isFlushAuthorizationNonceUsed(buyer.addr, NONCE));
        assertAccount(100, 60, NOW + 1 days);
    }

    function test_FlushesLaterWhatThereWasNothingOfBefore() public {
        thaw(60);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        _submit();
        vm.warp(NOW + 1 days);
        _submit();
        assertAccount(40, 40, NOW + 2 days);
    }

    /* GIVEN A MATURED THAW */

    function test_WithdrawsTheMaturedPartAndThawsTheRestAtTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _submit();
        expected.account -= 60;
        expected.escrow -= 60;
        expected.buyer += 60;
        assertBooks(expected);
        assertAccount(40, 40, NOW + 2 days);
    }

    function test_WithdrawsTheMaturedPartOneSecondPastTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days + 1);
        _submit();
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
        _submit();
    }

    function test_EmptiesTheAccountGivenAllMatured() public {
        thaw(100);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _submit();
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
        _submit();
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
        _submit();
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
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 60));
        _submit();
    }

    /* GIVEN NO BALANCE */

    function test_RevertGiven_NoAccount() public {
        authorization.seller = seller2.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        _submit();
    }

    function test_RevertGiven_ACollectionEmptiedTheAccount() public {
        thaw(60);
        collect(voucherOf(100));
        vm.warp(NOW + 1 days);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NothingToFlush.selector));
        _submit();
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
        _submit();
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
        _submit();
        vm.warp(NOW + 2 days);
        authorization.nonce = 0;
        _submit();
        expected.buyer += expected.account;
        expected.escrow -= expected.account;
        expected.account = 0;
        assertBooks(expected);
    }

    /* INTERNAL */

    /// @dev Signs what the authorization says now, and sends it.
    function _submit() private {
        bytes memory signature = sign(buyer, authorization);
        vm.prank(relayer);
        escrow.flushWithAuthorization(authorization, signature);
    }
}
