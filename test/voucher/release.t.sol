// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {BitmapNonceTest} from "./BitmapNonceTest.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract ReleaseTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _release(0);
    }

    function test_ReleasesOneUnit() public {
        _release(1);
        assertAccount(99, 0, 0);
    }

    function test_ReleasesOneBelowTheBalance() public {
        _release(99);
        assertAccount(1, 0, 0);
    }

    function test_ReleasesTheBalance() public {
        _release(100);
        assertAccount(0, 0, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheBalance() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, 101));
        _release(101);
    }

    function test_RevertWhen_TheAmountHasTheBalanceInItsLower96Bits() public {
        uint256 amount = (1 << 96) | 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, amount));
        _release(amount);
    }

    function test_RevertGiven_NoAccount() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        vm.prank(seller2.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 1);
    }

    function test_RevertWhen_TheBuyerReleasesToItself() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 100));
        vm.prank(buyer.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 100);
    }

    function test_RevertWhen_TheBuyerIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 60));
        vm.prank(seller.addr);
        escrow.release(address(0), asset, DEFAULT_LANE, 0, 60);
    }

    function test_RevertWhen_TheAssetIsZero() public {
        asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 60));
        _release(60);
    }

    /* CONDITION */

    function test_ReleasesWhenTheLaneHasPaidOneMore() public {
        collect(voucherOf(40));
        _releaseAfter(DEFAULT_LANE, 39, 10);
        assertAccount(50, 0, 0);
    }

    function test_ReleasesWhenTheLaneHasPaidAsMuch() public {
        collect(voucherOf(40));
        _releaseAfter(DEFAULT_LANE, 40, 10);
        assertAccount(50, 0, 0);
    }

    function test_RevertWhen_TheLaneHasPaidOneLess() public {
        collect(voucherOf(40));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 40, 41));
        _releaseAfter(DEFAULT_LANE, 41, 10);
    }

    function test_LooksAtTheNamedLane() public {
        collect(laneVoucherOf(LANE, 40));
        _releaseAfter(LANE, 40, 10);
        assertAccount(50, 0, 0);
    }

    function test_RevertWhen_OnlyAnotherLaneHasPaid() public {
        collect(laneVoucherOf(LANE, 40));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 0, 40));
        _releaseAfter(DEFAULT_LANE, 40, 10);
    }

    function test_RevertWhen_OnlyTheDefaultLaneHasPaid() public {
        collect(voucherOf(40));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 0, 40));
        _releaseAfter(LANE, 40, 10);
    }

    /* THAW */

    function test_ReleasesWhatThaws() public {
        thaw(100);
        _release(60);
        assertAccount(40, 40, NOW + 1 days);
    }

    function test_LeavesAThawAloneThatTheRestStillCovers() public {
        thaw(40);
        _release(60);
        assertAccount(40, 40, NOW + 1 days);
    }

    function test_CutsAThawThatTheRestCoversNoMore() public {
        thaw(41);
        _release(60);
        assertAccount(40, 40, NOW + 1 days);
    }

    function test_EndsTheThawWhenItEmptiesTheAccount() public {
        thaw(1);
        _release(100);
        assertAccount(0, 0, 0);
    }

    function test_DoesNotReviveAThawWithALaterDeposit() public {
        thaw(100);
        _release(60);
        deposit(buyer, seller, 1000);
        assertAccount(1040, 40, NOW + 1 days);
    }

    /* EFFECTS */

    function test_PaysTheBuyerAtOnce() public {
        Books memory expected = books();
        _release(60);
        expected.account -= 60;
        expected.escrow -= 60;
        expected.buyer += 60;
        assertBooks(expected);
    }

    function test_EmitsReleased() public {
        collect(laneVoucherOf(LANE, 40));
        expectEvent();
        emit IVoucherEscrow.Released(buyer.addr, seller.addr, asset, LANE, 10, 50);
        _releaseAfter(LANE, 40, 10);
    }

    function test_KeepsTheCollectedTotals() public {
        collect(voucherOf(40));
        _release(60);
        assertEq(collectedOf(DEFAULT_LANE), 40);
    }

    function test_LeavesOtherAccountsAlone() public {
        deposit(buyer2, seller, 50);
        deposit(buyer, seller2, 50);
        Books memory expected = books();
        _release(100);
        expected.account = 0;
        expected.escrow -= 100;
        expected.buyer += 100;
        assertBooks(expected);
    }

    /* TOKENS */

    function test_ReleasesATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, 100);
        asset = address(token);
        approve(asset, buyer.addr, 100);
        deposit(buyer, seller, 100);
        _release(60);
        assertEq(token.balanceOf(buyer.addr), 60);
    }

    function test_RevertGiven_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        token.mint(buyer.addr, 100);
        asset = address(token);
        approve(asset, buyer.addr, 100);
        deposit(buyer, seller, 100);
        token.setFails(true);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 60));
        _release(60);
    }

    function test_RevertGiven_TheBuyerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 60));
        _release(60);
    }

    /* INTERNAL */

    function _release(uint256 amount) private {
        _releaseAfter(DEFAULT_LANE, 0, amount);
    }

    function _releaseAfter(bytes32 id, uint256 collectedAtLeast, uint256 amount) private {
        vm.prank(seller.addr);
        escrow.release(buyer.addr, asset, id, collectedAtLeast, amount);
    }
}

contract ReleaseWithAuthorizationTest is SignedMessageTest, BitmapNonceTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 60;

    IVoucherEscrow.ReleaseAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = releaseAuthorizationOf(AMOUNT);
        authorization.collectedAtLeast = 10;
        deposit(buyer, seller, 100);
        collect(voucherOf(10));
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return seller;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.RELEASE_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.ReleaseAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.releaseWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE);
    }

    function nonceKind() internal pure override returns (IVoucherEscrow.NonceKind) {
        return IVoucherEscrow.NonceKind.Release;
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.account -= AMOUNT;
        expected.escrow -= AMOUNT;
        expected.buyer += AMOUNT;
        assertBooks(expected);
    }

    /* WHO SIGNED */

    function test_RevertWhen_TheBuyerSignsForTheSeller() public {
        bytes memory signature = sign(buyer, authorization);
        assertReverts(callOf(signature), refusal());
    }

    /* NONCE */

    function test_ReleasesWhenTheNonceIsZero() public {
        authorization.nonce = 0;
        submit();
        assertDone();
    }

    function test_MarksTheNonceUsed() public {
        assertFalse(escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, seller.addr, NONCE));
        submit();
        assertTrue(escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, seller.addr, NONCE));
    }

    function test_LeavesTheNonceUnusedGivenTheConditionFails() public {
        authorization.collectedAtLeast = 11;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 10, 11));
        assertFalse(escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, seller.addr, NONCE));
    }

    /* CONDITION AND AMOUNT */

    function test_RevertWhen_RelayedAheadOfItsCollection() public {
        authorization.collectedAtLeast = 40;
        bytes memory signature = sign(seller, authorization);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 10, 40));
        submit(signature);
        collect(voucherOf(40));
        submit(signature);
        assertAccount(0, 0, 0);
        assertEq(collectedOf(DEFAULT_LANE), 40);
    }

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
    }

    function test_ReleasesTheBalance() public {
        authorization.amount = 90;
        submit();
        assertAccount(0, 0, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheBalance() public {
        authorization.amount = 91;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 90, 91));
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        authorization.amount = type(uint256).max;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 90, type(uint256).max));
    }

    function test_RevertWhen_TheConditionIsTheLargestWord() public {
        authorization.collectedAtLeast = type(uint256).max;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 10, type(uint256).max));
    }

    function test_RevertWhen_TheBuyerIsZero() public {
        authorization.buyer = address(0);
        authorization.collectedAtLeast = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, AMOUNT));
    }

    function test_RevertWhen_TheAssetIsZero() public {
        authorization.asset = address(0);
        authorization.collectedAtLeast = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, AMOUNT));
    }

    /* EFFECTS */

    function test_EmitsReleased() public {
        expectEvent();
        emit IVoucherEscrow.Released(buyer.addr, seller.addr, asset, DEFAULT_LANE, AMOUNT, 30);
        submit();
    }
}
