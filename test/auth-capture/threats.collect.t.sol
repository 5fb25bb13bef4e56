// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPreApprovalPaymentCollector} from "../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {ITermsOperatorFactory} from "../../contracts/interfaces/ITermsOperatorFactory.sol";
import {IMulticall3} from "../base/commerce/IMulticall3.sol";
import {ForeignCollector} from "../mocks/auth-capture/ForeignCollector.sol";
import {NaiveOperator} from "../mocks/auth-capture/NaiveOperator.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

/// @notice Attacks on the collection, which anybody may make, and what a naive operator loses to them.
contract CollectionThreatsTest is AuthCaptureTest {
    Books private start;

    function setUp() public override {
        super.setUp();
        useTerms(holdTerms());
        start = books();
    }

    /* 1: ANOTHER FLOW, AMOUNT OR COLLECTOR THAN THE PAYER MEANT */

    function test_T01_RevertWhen_AWatcherAuthorizesAPart() public {
        bytes memory signature = signPayment();
        expectRevert(ITermsOperatorCommon.AmountNotMax.selector, 1, AMOUNT);
        operator.authorize(payment, 1, commerce().erc3009Collector, signature);
        _stillGood();
    }

    function test_T01_RevertWhen_AWatcherChargesAHold() public {
        bytes memory data = chargeData(signPayment());
        expectRevert(ITermsOperatorCommon.WrongFlow.selector);
        send(address(operator), data);
        _stillGood();
    }

    function test_T01_RevertWhen_AWatcherHoldsACharge() public {
        useTerms(chargeTerms());
        bytes memory signature = signPayment();
        expectRevert(ITermsOperatorCommon.WrongFlow.selector);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        send(address(operator), chargeData(signature));
        (, , uint256 refundable) = ESCROW.paymentState(paymentHash());
        assertEq(refundable, AMOUNT);
    }

    function test_T01_RevertWhen_AWatcherNamesAnotherCanonicalCollector() public {
        bytes memory signature = signPayment();
        vm.expectRevert(abi.encodeWithSignature("InvalidSigner()"));
        operator.authorize(payment, AMOUNT, commerce().permit2Collector, signature);
        vm.expectRevert(
            abi.encodeWithSelector(IPreApprovalPaymentCollector.PaymentNotPreApproved.selector, paymentHash())
        );
        operator.authorize(payment, AMOUNT, commerce().preApprovalCollector, signature);
        _stillGood();
    }

    function test_T01_ANaiveOperatorBurnsTheAuthorizationForOneUnit() public {
        NaiveOperator naive = _naive();
        bytes memory signature = signPayment();
        vm.prank(relayer);
        naive.authorize(payment, 1, commerce().erc3009Collector, signature);
        assertEq(USDC.balanceOf(payer.addr), FUNDS - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, paymentHash())
        );
        naive.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
    }

    function test_T01_ANaiveOperatorChargesAHold() public {
        NaiveOperator naive = _naive();
        bytes memory signature = signPayment();
        vm.prank(relayer);
        naive.charge(payment, AMOUNT, commerce().erc3009Collector, signature, 0, address(0));
        assertEq(USDC.balanceOf(receiver.addr), FUNDS + AMOUNT);
    }

    /* 2: A COLLECTOR OF THE ATTACKER */

    function test_T02_RevertWhen_TheCollectorIsTheAttackers() public {
        address collector = _foreignCollector();
        expectRevert(ITermsOperatorCommon.CollectorNotAllowed.selector, collector);
        operator.authorize(payment, AMOUNT, collector, "");
        _stillGood();
    }

    function test_T02_ANaiveOperatorTakesForeignTokensForThePayers() public {
        NaiveOperator naive = _naive();
        address collector = _foreignCollector();
        naive.authorize(payment, AMOUNT, collector, "");
        bytes memory signature = signPayment();
        vm.expectRevert(
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, paymentHash())
        );
        naive.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
    }

    /* 6: COLLECTED TOO LATE TO DISPUTE, OR FOR EVER */

    function test_T06_RevertWhen_CollectedAtTheLastMoment() public {
        useTerms(arbitratedTerms());
        payment.preApprovalExpiry = EXPIRY;
        vm.warp(RELEASABLE_FROM - 1);
        bytes memory signature = signPayment();
        uint256 earliest = uint256(RELEASABLE_FROM) - 1 + DISPUTE_WINDOW + RELEASE_LEAD;
        expectRevert(ITermsOperatorCommon.HoldTooShort.selector, EXPIRY, earliest);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        assertFalse(books().collected);
    }

    function test_T06_ThePayerHasTheWholeWindowGivenTheLatestCollection() public {
        useTerms(arbitratedTerms());
        payment.preApprovalExpiry = EXPIRY;
        vm.warp(EXPIRY - RELEASE_LEAD - DISPUTE_WINDOW);
        authorize();
        vm.warp(vm.getBlockTimestamp() + DISPUTE_WINDOW - 1);
        expectNotReleasable(RELEASABLE_FROM);
        operator.releaseDue(payment);
        dispute();
        assertTrue(isDisputed());
    }

    function test_T06_RevertWhen_TheHoldNeverEnds() public {
        payment.authorizationExpiry = type(uint48).max;
        payment.refundExpiry = type(uint48).max;
        bytes memory signature = signPayment();
        expectRevert(ITermsOperatorCommon.HoldTooLong.selector, type(uint48).max, NOW + MAX_HOLD);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
    }

    /* 7: COLLECT AND CAPTURE IN ONE TRANSACTION */

    function test_T07_RevertWhen_AnArbitratedHoldIsCollectedAndCapturedAtOnce() public {
        useTerms(arbitratedTerms());
        payment.authorizationExpiry = NOW + DISPUTE_WINDOW + RELEASE_LEAD;
        IMulticall3.Result[] memory results = _collectAndCapture();
        assertTrue(results[0].success);
        assertFalse(results[1].success);
        assertEq(
            results[1].returnData,
            abi.encodeWithSelector(ITermsOperatorCommon.CaptureTooEarly.selector, NOW, NOW + DISPUTE_WINDOW)
        );
        assertEq(books().capturable, AMOUNT);
    }

    function test_T07_APlainHoldMayBeCollectedAndCapturedAtOnce() public {
        IMulticall3.Result[] memory results = _collectAndCapture();
        assertTrue(results[1].success);
        assertEq(books().refundable, PART);
    }

    /* 10: PARTIES THAT STRAND TOKENS OR JUDGE THEMSELVES */

    function test_T10_RevertWhen_APartyCannotBeOne() public {
        useTerms(arbitratedTerms());
        address[3] memory parties = [address(0), address(operator), arbiter.addr];
        for (uint256 i = 0; i < parties.length; ++i) {
            payment.receiver = parties[i];
            _refusesParty(parties[i]);
            payment.receiver = receiver.addr;
            payment.payer = parties[i];
            _refusesParty(parties[i]);
            payment.payer = payer.addr;
        }
    }

    function test_T10_RevertWhen_TheArbiterIsTheAuthorizer() public {
        ITermsOperatorCommon.Terms memory terms = arbitratedTerms();
        terms.authorizer = arbiter.addr;
        vm.expectRevert(abi.encodeWithSelector(ITermsOperatorFactory.InvalidTerms.selector, 7));
        factory.deploy(terms, address(ESCROW));
    }

    /// @dev Without an authorizer the receiver consents, and the receiver cannot be the arbiter.
    function test_T10_RevertWhen_TheArbiterWouldBeTheAuthorizerOfAPayment() public {
        ITermsOperatorCommon.Terms memory terms = arbitratedTerms();
        terms.authorizer = address(0);
        useTerms(terms);
        payment.receiver = arbiter.addr;
        _refusesParty(arbiter.addr);
    }

    /* 16: SOMEBODY ELSE COLLECTS FIRST. That the server serves such a payment once is its own matter. */

    function test_T16_RevertWhen_AWatcherCollectedFirst() public {
        bytes memory signature = signPayment();
        vm.prank(stranger.addr);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        Books memory collected = books();
        vm.expectRevert(
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, paymentHash())
        );
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        assertTrue(collected.collected);
        assertEq(collected.capturable, AMOUNT);
        assertEq(collected.refundable, 0);
        assertBooks(collected);
    }

    /* 17: AN ABANDONED REQUEST IS COLLECTED LATE. That the server watches for it is its own matter. */

    function test_T17_TheAuthorizerVoidsWhatWasCollectedLate() public {
        bytes memory signature = signPayment();
        vm.warp(payment.preApprovalExpiry - 1);
        vm.prank(stranger.addr);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        vm.prank(authorizer.addr);
        operator.void(payment, "");
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
        vm.expectRevert(
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, paymentHash())
        );
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
    }

    function test_T17_RevertWhen_CollectedAfterThePayersSignatureExpired() public {
        bytes memory signature = signPayment();
        vm.warp(payment.preApprovalExpiry);
        expectRevert(
            IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector,
            payment.preApprovalExpiry,
            payment.preApprovalExpiry
        );
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
    }

    /* 18: AN OPERATOR THAT IS NOT THERE. That a facilitator asks for more than a success is its own matter. */

    function test_T18_ACallOfAnUndeployedOperatorSucceedsAndDoesNothing() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.salt = keccak256("not deployed");
        address nowhere = factory.predict(terms, address(ESCROW));
        payment.operator = nowhere;
        bytes memory data = abi.encodeCall(
            ITermsOperatorCommon.authorize,
            (payment, AMOUNT, commerce().erc3009Collector, signPayment())
        );
        (bool ok, bytes memory answer) = nowhere.call(data);
        assertTrue(ok);
        assertEq(answer, "");
        assertEq(nowhere.code.length, 0);
        assertFalse(factory.isOperator(nowhere));
        (bool collected, , ) = ESCROW.paymentState(paymentHash());
        assertFalse(collected);

        factory.deploy(terms, address(ESCROW));
        send(nowhere, data);
        (collected, , ) = ESCROW.paymentState(paymentHash());
        assertTrue(collected);
    }

    /* INTERNAL */

    /// @dev Whatever was tried, the payment can be collected as it was meant.
    function _stillGood() private {
        assertBooks(start);
        authorize();
        assertEq(books().capturable, AMOUNT);
    }

    /// @dev From here on {payment} is the naive operator's, and without a fee.
    function _naive() private returns (NaiveOperator naive) {
        naive = new NaiveOperator(ESCROW);
        payment.operator = address(naive);
        payment.feeReceiver = address(0);
        payment.minFeeBps = 0;
        payment.maxFeeBps = 0;
    }

    function _foreignCollector() private returns (address collector) {
        collector = address(new ForeignCollector(address(ESCROW)));
        fundUsdc(collector, AMOUNT);
    }

    function _refusesParty(address party) private {
        bytes memory signature = signPayment();
        expectRevert(ITermsOperatorCommon.InvalidParty.selector, party);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
    }

    function expectNotReleasable(uint256 from) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ITermsOperatorCommon.NotReleasable.selector,
                vm.getBlockTimestamp(),
                from,
                payment.authorizationExpiry
            )
        );
    }

    /// @dev The authorizer knows what will be held, so it can sign before the collection.
    function _collectAndCapture() private returns (IMulticall3.Result[] memory results) {
        uint256 snapshot = vm.snapshotState();
        authorize();
        bytes memory captureSignature = signCapture(PART);
        assertTrue(vm.revertToState(snapshot));
        IMulticall3.Call[] memory calls = new IMulticall3.Call[](2);
        calls[0] = IMulticall3.Call(
            address(operator),
            abi.encodeCall(
                ITermsOperatorCommon.authorize,
                (payment, AMOUNT, commerce().erc3009Collector, signPayment())
            )
        );
        calls[1] = IMulticall3.Call(
            address(operator),
            abi.encodeCall(ITermsOperatorCommon.capture, (payment, PART, captureSignature))
        );
        return IMulticall3(MULTICALL3).tryAggregate(false, calls);
    }
}
