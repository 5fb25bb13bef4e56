// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice Whoever is absent, every state of a payment goes on: what the others can still do, and what time brings by itself. A test lets the absent
/// party neither sign nor send.
contract ProgressTest is AuthCaptureTest {
    Books private start;

    /* SIGNED, NOT COLLECTED */

    function test_Signed_AnyoneCollectsGivenTheAuthorizerIsAbsent() public {
        _signed();
        _collectedByAnyone();
    }

    function test_Signed_ThePayerCancelsGivenTheAuthorizerIsAbsent() public {
        _signed();
        bytes memory signature = signPayment();
        bytes32 nonce = _agnosticHash();
        bytes32 structHash = keccak256(
            abi.encode(keccak256("CancelAuthorization(address authorizer,bytes32 nonce)"), payer.addr, nonce)
        );
        bytes memory cancellation = sign(
            payer,
            keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), structHash))
        );
        bytes memory data = abi.encodeWithSignature(
            "cancelAuthorization(address,bytes32,bytes)",
            payer.addr,
            nonce,
            cancellation
        );
        send(address(USDC), data);
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        operator.authorize(payment, AMOUNT, generation().erc3009Collector, signature);
        assertBooks(start);
    }

    function test_Signed_AnyoneCollectsGivenThePayerIsAbsent() public {
        _signed();
        _collectedByAnyone();
    }

    function test_Signed_LapsesGivenNobodyCollects() public {
        _signed();
        bytes memory signature = signPayment();
        vm.warp(payment.preApprovalExpiry);
        expectRevert(
            IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector,
            payment.preApprovalExpiry,
            payment.preApprovalExpiry
        );
        operator.authorize(payment, AMOUNT, generation().erc3009Collector, signature);
        assertBooks(start);
    }

    /* A PLAIN HOLD BEFORE ITS EXPIRY */

    function test_PlainHold_ThePayerReleasesGivenTheAuthorizerIsAbsent() public {
        _held(holdTerms());
        _releasedByThePayer();
    }

    function test_PlainHold_EndsAtThePayerGivenTheAuthorizerIsAbsent() public {
        _held(holdTerms());
        _reclaimedAtTheExpiry();
    }

    function test_PlainHold_TheReceiverCapturesGivenTheTermsNameNoAuthorizer() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.authorizer = address(0);
        _held(terms);
        operator.capture(payment, AMOUNT, signStruct(receiver, captureHash("Capture", AMOUNT)));
        _receiverHasAll();
    }

    function test_PlainHold_TheAuthorizerCapturesGivenThePayerIsAbsent() public {
        _held(holdTerms());
        capture(AMOUNT);
        _receiverHasAll();
    }

    function test_PlainHold_TheAuthorizerVoidsGivenThePayerIsAbsent() public {
        _held(holdTerms());
        _voidedByTheAuthorizer();
    }

    function test_PlainHold_EndsAtThePayerGivenOnlyARelayerIsPresent() public {
        _held(holdTerms());
        _voidedAtTheExpiry();
    }

    /* AN ARBITRATED HOLD IN THE PAYER'S TIME */

    function test_PayersTime_ThePayerReleasesGivenTheAuthorizerIsAbsent() public {
        _held(arbitratedTerms());
        _releasedByThePayer();
    }

    function test_PayersTime_ThePayerDisputesGivenTheAuthorizerIsAbsent() public {
        _held(arbitratedTerms());
        dispute();
        _ruledByTheArbiter(0);
    }

    function test_PayersTime_TheReceiverWaitsGivenTheAuthorizerIsAbsent() public {
        _held(arbitratedTerms());
        _pushedFrom(RELEASABLE_FROM, receiver.addr);
    }

    function test_PayersTime_TheAuthorizerWaitsGivenThePayerIsAbsent() public {
        _held(arbitratedTerms());
        bytes memory signature = signCapture(AMOUNT);
        vm.warp(RELEASABLE_FROM - 1);
        expectRevert(ITermsOperatorCommon.CaptureTooEarly.selector, RELEASABLE_FROM - 1, RELEASABLE_FROM);
        operator.capture(payment, AMOUNT, signature);
        vm.warp(RELEASABLE_FROM);
        operator.capture(payment, AMOUNT, signature);
        _receiverHasAll();
    }

    function test_PayersTime_EndsAtTheReceiverGivenOnlyARelayerIsPresent() public {
        _held(arbitratedTerms());
        _pushedFrom(RELEASABLE_FROM, relayer);
    }

    /* AN ARBITRATED HOLD THAT IS DUE */

    function test_Due_IsPushedGivenTheAuthorizerIsAbsent() public {
        _due();
        _pushedBy(receiver.addr);
    }

    function test_Due_IsPushedGivenThePayerIsAbsent() public {
        _due();
        _pushedBy(receiver.addr);
    }

    function test_Due_IsPushedGivenTheArbiterIsAbsent() public {
        _due();
        _pushedBy(receiver.addr);
    }

    function test_Due_IsPushedGivenOnlyARelayerIsPresent() public {
        _due();
        vm.warp(EXPIRY - 1);
        _pushedBy(relayer);
    }

    function test_Due_EndsAtThePayerGivenNobodyPushes() public {
        _due();
        _voidedAtTheExpiry();
    }

    /* PARTLY CAPTURED */

    function test_PartlyCaptured_ThePayerReleasesGivenTheAuthorizerIsAbsent() public {
        _partlyCaptured(holdTerms(), NOW);
        _releasedByThePayer();
    }

    function test_PartlyCaptured_EndsAtThePayerGivenTheAuthorizerIsAbsent() public {
        _partlyCaptured(holdTerms(), NOW);
        _reclaimedAtTheExpiry();
    }

    function test_PartlyCaptured_TheAuthorizerCapturesGivenThePayerIsAbsent() public {
        _partlyCaptured(arbitratedTerms(), RELEASABLE_FROM);
        capture(start.capturable);
        _receiverHasAll();
    }

    function test_PartlyCaptured_TheAuthorizerVoidsGivenThePayerIsAbsent() public {
        _partlyCaptured(arbitratedTerms(), RELEASABLE_FROM);
        _voidedByTheAuthorizer();
    }

    function test_PartlyCaptured_EndsAtThePayerGivenOnlyARelayerIsPresent() public {
        _partlyCaptured(arbitratedTerms(), RELEASABLE_FROM);
        _voidedAtTheExpiry();
    }

    /* DISPUTED, BEFORE THE RULING DEADLINE */

    function test_Disputed_TheArbiterRulesGivenTheAuthorizerIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        _ruledByTheArbiter(PART);
    }

    function test_Disputed_ThePayerReleasesGivenTheAuthorizerIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        _releasedByThePayer();
    }

    function test_Disputed_TheArbiterRulesGivenThePayerIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        _ruledByTheArbiter(AMOUNT);
    }

    function test_Disputed_TheAuthorizerVoidsGivenThePayerIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        _voidedByTheAuthorizer();
    }

    function test_Disputed_PayerAndAuthorizerSettleGivenTheArbiterIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        bytes32 structHash = OperatorMessages.settleHash(paymentHash(), PART, AMOUNT, 0, true, DEADLINE);
        bytes memory byPayer = signStruct(payer, structHash);
        operator.settle(payment, PART, DEADLINE, byPayer, signStruct(authorizer, structHash));
        _splitAt(PART);
    }

    function test_Disputed_ThePayerReleasesGivenTheArbiterIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        _releasedByThePayer();
    }

    function test_Disputed_TheAuthorizerVoidsGivenTheArbiterIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE - 1);
        _voidedByTheAuthorizer();
    }

    function test_Disputed_ComesToTheDefaultGivenTheArbiterIsAbsent() public {
        _disputed(defaultReceiverTerms(), NOW);
        _pushedFrom(RULING_DEADLINE, receiver.addr);
    }

    function test_Disputed_ComesToTheDefaultGivenOnlyARelayerIsPresent() public {
        _disputed(defaultReceiverTerms(), NOW);
        _pushedFrom(RULING_DEADLINE, relayer);
    }

    /* DISPUTED, FALLING TO THE RECEIVER */

    function test_FallingToTheReceiver_IsPushedGivenTheAuthorizerIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE);
        _pushedBy(receiver.addr);
    }

    function test_FallingToTheReceiver_IsPushedGivenThePayerIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE);
        _pushedBy(receiver.addr);
    }

    function test_FallingToTheReceiver_IsPushedGivenTheArbiterIsAbsent() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE);
        _pushedBy(receiver.addr);
    }

    function test_FallingToTheReceiver_IsPushedGivenOnlyARelayerIsPresent() public {
        _disputed(defaultReceiverTerms(), EXPIRY - 1);
        _pushedBy(relayer);
    }

    function test_FallingToTheReceiver_EndsAtThePayerGivenNobodyPushes() public {
        _disputed(defaultReceiverTerms(), RULING_DEADLINE);
        _voidedAtTheExpiry();
    }

    /* DISPUTED, FALLING TO THE PAYER */

    function test_FallingToThePayer_TheArbiterRulesUntilTheExpiryGivenTheAuthorizerIsAbsent() public {
        _disputed(arbitratedTerms(), EXPIRY - 1);
        _ruledByTheArbiter(PART);
    }

    function test_FallingToThePayer_TheArbiterRulesUntilTheExpiryGivenThePayerIsAbsent() public {
        _disputed(arbitratedTerms(), EXPIRY - 1);
        _ruledByTheArbiter(AMOUNT);
    }

    function test_FallingToThePayer_EndsAtThePayerGivenTheArbiterIsAbsent() public {
        _disputed(arbitratedTerms(), NOW);
        _reclaimedAtTheExpiry();
    }

    function test_FallingToThePayer_EndsAtThePayerGivenOnlyARelayerIsPresent() public {
        _disputed(arbitratedTerms(), NOW);
        _voidedAtTheExpiry();
    }

    /* EXPIRED */

    function test_Expired_AnyoneReturnsItGivenTheAuthorizerIsAbsent() public {
        _held(arbitratedTerms());
        _voidedAtTheExpiry();
    }

    function test_Expired_AnyoneReturnsItGivenThePayerIsAbsent() public {
        _held(holdTerms());
        _voidedAtTheExpiry();
    }

    function test_Expired_EndsAtThePayerGivenOnlyARelayerIsPresentEvenYearsLater() public {
        _held(defaultReceiverTerms());
        vm.warp(EXPIRY + 3650 days);
        send(address(operator), abi.encodeCall(operator.voidExpired, (payment)));
        _payerHasAll();
    }

    /* CAPTURED */

    function test_Captured_ThePayerHasNoPathGivenTheAuthorizerIsAbsent() public {
        _captured();
        bytes memory data = refundData(receiver, PART, DEADLINE);
        bytes32 structHash = OperatorMessages.refundHash(paymentHash(), PART, refundCollector, 0, AMOUNT);
        bytes memory signature = signStruct(payer, structHash);
        expectInvalidSignature(authorizer.addr);
        vm.prank(payer.addr);
        operator.refund(payment, PART, refundCollector, data, signature);
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, paymentHash()));
        vm.prank(payer.addr);
        escrow().reclaim(payment);
        assertBooks(start);
    }

    function test_Captured_ARefundReachesThePayerGivenThePayerIsAbsent() public {
        _captured();
        vm.warp(payment.refundExpiry - 1);
        operator.refund(payment, PART, refundCollector, refundData(receiver, PART, DEADLINE), signRefund(PART));
        Books memory expected = start;
        expected.payer += PART;
        expected.receiver -= PART;
        expected.refundable -= PART;
        assertBooks(expected);
    }

    function test_Captured_TheReceiverKeepsItGivenOnlyARelayerIsPresent() public {
        _captured();
        vm.warp(EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, paymentHash()));
        vm.prank(relayer);
        operator.voidExpired(payment);
        assertBooks(start);
    }

    /* STATES */

    function _signed() private {
        useTerms(arbitratedTerms());
        start = books();
    }

    function _held(ITermsOperatorCommon.Terms memory terms) private {
        hold(terms);
        start = books();
    }

    function _due() private {
        _held(arbitratedTerms());
        vm.warp(RELEASABLE_FROM);
    }

    function _partlyCaptured(ITermsOperatorCommon.Terms memory terms, uint48 time) private {
        hold(terms);
        vm.warp(time);
        capture(PART);
        start = books();
    }

    function _disputed(ITermsOperatorCommon.Terms memory terms, uint48 time) private {
        hold(terms);
        dispute();
        vm.warp(time);
        start = books();
    }

    function _captured() private {
        hold(holdTerms());
        capture(AMOUNT);
        start = books();
    }

    /* WAYS ON */

    function _collectedByAnyone() private {
        bytes memory signature = signPayment();
        vm.prank(stranger.addr);
        operator.authorize(payment, AMOUNT, generation().erc3009Collector, signature);
        assertEq(books().capturable, AMOUNT);
    }

    function _releasedByThePayer() private {
        vm.prank(payer.addr);
        operator.release(payment, DEADLINE, "");
        _receiverHasAll();
    }

    function _voidedByTheAuthorizer() private {
        vm.prank(authorizer.addr);
        operator.void(payment, "");
        _payerHasAll();
    }

    function _ruledByTheArbiter(uint256 receiverAmount) private {
        if (start.disputedAt == 0) start.disputedAt = books().disputedAt;
        vm.prank(arbiter.addr);
        operator.rule(payment, receiverAmount, "");
        _splitAt(receiverAmount);
    }

    /// @dev Not a second earlier.
    function _pushedFrom(uint48 time, address by) private {
        vm.warp(time - 1);
        vm.expectRevert(abi.encodeWithSelector(ITermsOperatorCommon.NotReleasable.selector, time - 1, time, EXPIRY));
        operator.releaseDue(payment);
        vm.warp(time);
        _pushedBy(by);
    }

    function _pushedBy(address by) private {
        vm.prank(by);
        operator.releaseDue(payment);
        _receiverHasAll();
    }

    function _voidedAtTheExpiry() private {
        vm.warp(EXPIRY - 1);
        expectRevert(ITermsOperatorCommon.NotExpired.selector, EXPIRY - 1, EXPIRY);
        vm.prank(relayer);
        operator.voidExpired(payment);
        vm.warp(EXPIRY);
        vm.prank(relayer);
        operator.voidExpired(payment);
        _payerHasAll();
    }

    function _reclaimedAtTheExpiry() private {
        vm.warp(EXPIRY);
        vm.prank(payer.addr);
        escrow().reclaim(payment);
        _payerHasAll();
    }

    /* OUTCOMES of what was held */

    function _receiverHasAll() private view {
        assertBooks(booksAfterCapture(start, start.capturable));
    }

    function _payerHasAll() private view {
        assertBooks(booksAfterVoid(start));
    }

    function _splitAt(uint256 receiverAmount) private view {
        assertBooks(booksAfterVoid(booksAfterCapture(start, receiverAmount)));
    }

    function _agnosticHash() private view returns (bytes32) {
        IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = payment;
        agnostic.payer = address(0);
        return escrow().getHash(agnostic);
    }
}

contract ProgressOnV10Test is ProgressTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
