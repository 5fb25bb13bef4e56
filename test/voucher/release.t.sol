// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
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

contract ReleaseWithAuthorizationTest is SignedMessageTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 60;

    IVoucherEscrow.ReleaseAuthorization private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        authorization = releaseAuthorizationOf(AMOUNT);
        authorization.collectedAtLeast = 10;
        deposit(buyer, seller, 100);
        collect(voucherOf(10));
        start = books();
    }

    /* SIGNATURE: every case of SignedMessage.tree */

    function owner() internal view override returns (Actor memory) {
        return seller;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        escrow.releaseWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.account -= AMOUNT;
        expected.escrow -= AMOUNT;
        expected.buyer += AMOUNT;
        assertBooks(expected);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheBuyerIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.buyer = buyer2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.seller = seller2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheAssetIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.asset = stranger.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheIdIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.id = LANE;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheConditionIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.collectedAtLeast = 9;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.amount = AMOUNT + 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.nonce = 0;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.expiry = EXPIRY + 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheBuyerSignsForTheSeller() public {
        bytes memory signature = sign(buyer, authorization);
        expectRefusal();
        submit(signature);
    }

    /* EXPIRY */

    function test_ReleasesOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit();
        assertDone();
    }

    function test_ReleasesAtTheExpiry() public {
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
        deposit(buyer, seller, 1000);
        _submit();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_RevertGiven_TheNonceWasCancelled() public {
        vm.prank(seller.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Release, uint256(NONCE) >> 8, 1 << (uint256(NONCE) & 255));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_ReleasesGivenTheBuyerCancelledTheSameNonce() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Release, uint256(NONCE) >> 8, type(uint256).max);
        _submit();
        assertDone();
    }

    function test_ReleasesWhenTheNonceIsZero() public {
        authorization.nonce = 0;
        _submit();
        assertDone();
    }

    function test_MarksTheNonceUsed() public {
        assertFalse(escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, seller.addr, NONCE));
        _submit();
        assertTrue(escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, seller.addr, NONCE));
    }

    function test_LeavesTheNonceUnusedGivenTheConditionFails() public {
        authorization.collectedAtLeast = 11;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotCollectedYet.selector, 10, 11));
        _submit();
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
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _submit();
    }

    function test_ReleasesTheBalance() public {
        authorization.amount = 90;
        _submit();
        assertAccount(0, 0, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheBalance() public {
        authorization.amount = 91;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 90, 91));
        _submit();
    }

    function test_RevertWhen_TheSellerIsZero() public {
        authorization.seller = address(0);
        expectRefusal();
        submit(new bytes(65));
    }

    /* EFFECTS */

    function test_EmitsReleased() public {
        expectEvent();
        emit IVoucherEscrow.Released(buyer.addr, seller.addr, asset, DEFAULT_LANE, AMOUNT, 30);
        _submit();
    }

    /* INTERNAL */

    /// @dev Signs what the authorization says now, and sends it.
    function _submit() private {
        bytes memory signature = sign(seller, authorization);
        vm.prank(relayer);
        escrow.releaseWithAuthorization(authorization, signature);
    }
}
