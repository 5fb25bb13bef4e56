// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {AllowanceRefundCollector} from "../mocks/auth-capture/AllowanceRefundCollector.sol";
import {NaiveOperator} from "../mocks/auth-capture/NaiveOperator.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice Attacks on the money that is held, captured or refunded, and what naive contracts lose to them.
contract MoneyThreatsTest is AuthCaptureTest {
    function setUp() public override {
        super.setUp();
        hold(holdTerms());
    }

    /* 3: A REFUND OUT OF A RECEIVER'S ALLOWANCE. The attacker is operator, payer and fee receiver, the victim the receiver. */

    function test_T03_ANaiveCollectorRobsTheReceiver() public {
        address naive = address(new AllowanceRefundCollector(address(ESCROW)));
        vm.prank(receiver.addr);
        USDC.approve(naive, type(uint256).max);
        _chargeItself();
        vm.prank(stranger.addr);
        ESCROW.refund(payment, AMOUNT, naive, "");
        assertEq(USDC.balanceOf(stranger.addr), 2 * uint256(AMOUNT));
        assertEq(USDC.balanceOf(receiver.addr), FUNDS - AMOUNT);
    }

    function test_T03_RevertWhen_TheReceiverAllowedTheSignedCollector() public {
        vm.prank(receiver.addr);
        USDC.approve(refundCollector, type(uint256).max);
        _chargeItself();
        bytes memory forged = abi.encode(uint8(1), receiver.addr, uint256(1), DEADLINE, new bytes(65));
        vm.expectRevert("ECRecover: invalid signature 'v' value");
        vm.prank(stranger.addr);
        ESCROW.refund(payment, AMOUNT, refundCollector, forged);
        _notRobbed();
    }

    /// @dev Not even what the receiver signed for another payment of the same amount.
    function test_T03_RevertWhen_TheReceiverSignedAnotherRefund() public {
        bytes memory honest = refundData(receiver, AMOUNT, DEADLINE);
        bytes memory honestByPermit2 = refundDataByPermit2(receiver, AMOUNT, DEADLINE);
        _chargeItself();
        vm.expectRevert("FiatTokenV2: invalid signature");
        vm.prank(stranger.addr);
        ESCROW.refund(payment, AMOUNT, refundCollector, honest);
        vm.expectRevert(abi.encodeWithSignature("InvalidSigner()"));
        vm.prank(stranger.addr);
        ESCROW.refund(payment, AMOUNT, refundCollector, honestByPermit2);
        _notRobbed();
    }

    /* 4: THE VOID HALF OF A CLOSE-OUT PLAYED ALONE */

    /// @dev Why a close-out is one signature: two of them are a choice for whoever relays them.
    function test_T04_TwoSignaturesLetThePayerTakeAllBack() public {
        bytes memory captureSignature = signCapture(PART);
        bytes memory voidSignature = signStruct(authorizer, OperatorMessages.voidHash(paymentHash()));
        vm.prank(payer.addr);
        operator.void(payment, voidSignature);
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
        expectRevert(ITermsOperatorCommon.AmountExceedsHold.selector, PART, 0);
        operator.capture(payment, PART, captureSignature);
    }

    function test_T04_RevertWhen_ACloseOutIsPlayedInHalves() public {
        bytes memory signature = signStruct(authorizer, captureHash("CaptureAndVoid", PART));
        Books memory expected = booksAfterVoid(booksAfterCapture(books(), PART));
        expectInvalidSignature(authorizer.addr);
        operator.void(payment, signature);
        expectInvalidSignature(authorizer.addr);
        operator.capture(payment, PART, signature);
        expectInvalidSignature(authorizer.addr);
        operator.captureAndVoid(payment, PART - 1, signature);
        operator.captureAndVoid(payment, PART, signature);
        assertBooks(expected);
    }

    /* 5: STARVING THE AUTHORIZER by changing what its signatures bind */

    function test_T05_ANaiveOperatorIsStarvedUntilTheExpiry() public {
        NaiveOperator naive = new NaiveOperator(ESCROW);
        payment.operator = address(naive);
        payment.feeReceiver = address(0);
        payment.minFeeBps = 0;
        bytes memory signature = signPayment();
        naive.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        uint256 before = USDC.balanceOf(payer.addr);
        for (uint256 seen = AMOUNT; seen > AMOUNT - 3; --seen) {
            vm.prank(payer.addr);
            naive.release(payment, 1);
            vm.expectRevert(abi.encodeWithSelector(NaiveOperator.HoldChanged.selector, seen - 1));
            vm.prank(receiver.addr);
            naive.capture(payment, seen, seen);
        }
        vm.warp(EXPIRY);
        vm.prank(payer.addr);
        ESCROW.reclaim(payment);
        assertEq(USDC.balanceOf(payer.addr), before + AMOUNT - 3);
    }

    function test_T05_RevertWhen_ThePayerTriesToMoveWhatIsHeld() public {
        capture(PART);
        bytes memory pending = signCapture(PART);
        Books memory expected = booksAfterCapture(books(), PART);
        _moveTheHold();
        operator.capture(payment, PART, pending);
        assertBooks(expected);
    }

    function test_T05_RevertWhen_ThePayerTriesToMoveAnArbitratedHold() public {
        hold(arbitratedTerms());
        vm.warp(RELEASABLE_FROM);
        capture(PART);
        bytes memory pending = signCapture(PART);
        Books memory expected = booksAfterCapture(books(), PART);
        _moveTheHold();
        expectRevert(ITermsOperatorCommon.DisputeWindowClosed.selector, RELEASABLE_FROM, RELEASABLE_FROM);
        vm.prank(payer.addr);
        operator.dispute(payment, bytes32(0), DEADLINE, "");
        operator.capture(payment, PART, pending);
        assertBooks(expected);
    }

    /// @dev What the payer can change is the whole hold, for the receiver.
    function test_T05_ThePayersReleaseEndsTheHold() public {
        Books memory expected = booksAfterCapture(books(), AMOUNT);
        vm.prank(payer.addr);
        operator.release(payment, DEADLINE, "");
        assertBooks(expected);
    }

    /* 19: FEES, AND PARTIES THAT THE TOKEN REFUSES */

    function test_T19_RevertWhen_AFeeReceiverIsNamedWithoutAFee() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.feeReceiver = address(0);
        terms.feeBps = 0;
        useTerms(terms);
        payment.feeReceiver = feeReceiver;
        bytes memory signature = signPayment();
        vm.expectRevert(abi.encodeWithSelector(ITermsOperatorCommon.FeeTermsMismatch.selector, address(0), uint256(0)));
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
    }

    /// @dev The receiver cannot be paid at all until the expiry, then the payer has everything back.
    function test_T19_ARefusedFeeReceiverMakesTheHoldThePayers() public {
        _refuse(feeReceiver);
        _onlyThePayerIsPaid();
    }

    function test_T19_ARefusedReceiverMakesTheHoldThePayers() public {
        _refuse(receiver.addr);
        _onlyThePayerIsPaid();
    }

    /// @dev No split can be paid out, so the arbiter is left with the choice of giving all to the receiver.
    function test_T19_TheArbiterCanRuleAllToTheReceiverGivenThePayerIsRefused() public {
        hold(arbitratedTerms());
        dispute();
        Books memory expected = booksAfterCapture(books(), AMOUNT);
        _refuse(payer.addr);
        for (uint256 amount = 0; amount < AMOUNT; amount += AMOUNT - 1) {
            vm.expectRevert("Blacklistable: account is blacklisted");
            vm.prank(arbiter.addr);
            operator.rule(payment, amount, "");
        }
        vm.prank(arbiter.addr);
        operator.rule(payment, AMOUNT, "");
        assertBooks(expected);
    }

    /// @dev Nobody else can have it, and it is there when the token takes the payer again.
    function test_T19_TheHoldWaitsAtTheExpiryGivenThePayerIsRefused() public {
        _refuse(payer.addr);
        _isStuckAtTheExpiry();
        vm.prank(USDC_BLACKLISTER);
        USDC.unBlacklist(payer.addr);
        operator.voidExpired(payment);
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
    }

    function test_T19_TheHoldWaitsGivenTheTokenStoreIsRefused() public {
        _refuse(ESCROW.getTokenStore(address(operator)));
        bytes memory signature = signCapture(PART);
        vm.expectRevert("Blacklistable: account is blacklisted");
        operator.capture(payment, PART, signature);
        _isStuckAtTheExpiry();
    }

    /* INTERNAL */

    /// @dev All of a payment goes to the attacker as its fee, and yet it counts as captured for the receiver.
    function _chargeItself() private {
        fundUsdc(stranger.addr, AMOUNT);
        payment.operator = stranger.addr;
        payment.payer = stranger.addr;
        payment.maxFeeBps = 10_000;
        payment.feeReceiver = stranger.addr;
        Actor memory victim = payer;
        payer = stranger;
        bytes memory signature = signPayment();
        payer = victim;
        vm.prank(stranger.addr);
        ESCROW.charge(payment, AMOUNT, commerce().erc3009Collector, signature, AMOUNT, stranger.addr);
        (, , uint256 refundable) = ESCROW.paymentState(paymentHash());
        assertEq(refundable, AMOUNT);
        assertEq(USDC.balanceOf(stranger.addr), AMOUNT);
    }

    function _notRobbed() private view {
        assertEq(USDC.balanceOf(receiver.addr), FUNDS);
        assertEq(USDC.balanceOf(stranger.addr), AMOUNT);
    }

    /// @dev By a release of a part, and by a refund that it pays itself.
    function _moveTheHold() private {
        Books memory start = books();
        uint256 part = start.capturable - 1;
        bytes memory partly = signStruct(payer, OperatorMessages.releaseHash(paymentHash(), part, false, DEADLINE));
        expectInvalidSignature(payer.addr);
        operator.release(payment, DEADLINE, partly);

        bytes memory data = refundDataByPermit2(payer, 1, DEADLINE);
        bytes32 structHash = OperatorMessages.refundHash(
            paymentHash(),
            1,
            refundCollector,
            start.capturable,
            start.refundable
        );
        bytes memory signature = signStruct(payer, structHash);
        expectInvalidSignature(authorizer.addr);
        vm.prank(payer.addr);
        operator.refund(payment, 1, refundCollector, data, signature);
        assertBooks(start);
    }

    function _refuse(address account) private {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(account);
    }

    function _onlyThePayerIsPaid() private {
        Books memory expected = booksAfterVoid(books());
        bytes memory signature = signCapture(PART);
        vm.expectRevert("Blacklistable: account is blacklisted");
        operator.capture(payment, PART, signature);
        vm.expectRevert("Blacklistable: account is blacklisted");
        vm.prank(payer.addr);
        operator.release(payment, DEADLINE, "");
        vm.warp(EXPIRY);
        operator.voidExpired(payment);
        assertBooks(expected);
    }

    function _isStuckAtTheExpiry() private {
        Books memory start = books();
        vm.warp(EXPIRY);
        vm.expectRevert("Blacklistable: account is blacklisted");
        operator.voidExpired(payment);
        vm.expectRevert("Blacklistable: account is blacklisted");
        vm.prank(payer.addr);
        ESCROW.reclaim(payment);
        vm.expectRevert("Blacklistable: account is blacklisted");
        vm.prank(authorizer.addr);
        operator.void(payment, "");
        assertBooks(start);
    }
}
