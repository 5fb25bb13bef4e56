// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITokenCollector} from "../../contracts/interfaces/external/ITokenCollector.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

contract ViewsTest is AuthCaptureTest {
    function setUp() public override {
        super.setUp();
        hold(defaultReceiverTerms());
    }

    function _status() private view returns (ITermsOperatorCommon.Status memory) {
        return operator.statusOf(payment);
    }

    /* TERMS */

    function test_TellsTheTermsOfAnArbitratedHold() public view {
        assertEq(keccak256(abi.encode(operator.terms())), keccak256(abi.encode(defaultReceiverTerms())));
    }

    function test_TellsTheTermsOfACharge() public {
        ITermsOperatorCommon.Terms memory terms = chargeTerms();
        terms.salt = keccak256("another vault");
        useTerms(terms);
        assertEq(keccak256(abi.encode(operator.terms())), keccak256(abi.encode(terms)));
    }

    function test_RevertWhen_TheImplementationIsAskedForTerms() public {
        address implementation = implementationOf(factory, isOnV10());
        expectRevert(ITermsOperatorCommon.NotClone.selector);
        ITermsOperatorCommon(implementation).terms();
    }

    /* STATUS */

    function test_TellsWhatIsHeld() public view {
        ITermsOperatorCommon.Status memory status = _status();
        assertTrue(status.collected);
        assertEq(status.capturable, AMOUNT);
        assertEq(status.refundable, 0);
        assertEq(status.disputedAt, 0);
        assertEq(status.releasableFrom, RELEASABLE_FROM);
        assertEq(status.rulingDeadline, RULING_DEADLINE);
    }

    function test_TellsThatNothingWasCollected() public {
        payment.salt = OTHER_SALT;
        ITermsOperatorCommon.Status memory status = _status();
        assertFalse(status.collected);
        assertEq(status.capturable, 0);
        assertEq(status.releasableFrom, RELEASABLE_FROM);
    }

    function test_TellsWhatWasCaptured() public {
        vm.warp(RELEASABLE_FROM);
        capture(PART);
        ITermsOperatorCommon.Status memory status = _status();
        assertEq(status.capturable, AMOUNT - PART);
        assertEq(status.refundable, PART);
    }

    function test_TellsWhenThePayerDisputed() public {
        vm.warp(NOW + 7);
        dispute();
        assertEq(_status().disputedAt, NOW + 7);
    }

    function test_TheTimesAreTheExpiryGivenNoArbiter() public {
        hold(holdTerms());
        assertEq(_status().releasableFrom, EXPIRY);
        assertEq(_status().rulingDeadline, EXPIRY);
    }

    function test_TheTimesAreNeverBelowZero() public {
        payment.authorizationExpiry = RULE_LEAD - 1;
        assertEq(_status().releasableFrom, 0);
        assertEq(_status().rulingDeadline, 0);
    }

    function test_RevertWhen_ThePaymentIsOfAnotherOperator() public {
        payment.operator = stranger.addr;
        expectRevert(ITermsOperatorCommon.WrongOperator.selector, stranger.addr);
        _status();
    }

    function test_RevertWhen_TheImplementationIsAskedForAStatus() public {
        address implementation = implementationOf(factory, isOnV10());
        payment.operator = implementation;
        expectRevert(ITermsOperatorCommon.NotClone.selector);
        ITermsOperatorCommon(implementation).statusOf(payment);
    }

    /* THE REFUND COLLECTOR */

    function test_TheRefundCollectorTellsItsEscrow() public view {
        assertEq(ITokenCollector(refundCollector).authCaptureEscrow(), address(escrow()));
    }

    function test_TheRefundCollectorCollectsRefunds() public view {
        assertTrue(ITokenCollector(refundCollector).collectorType() == ITokenCollector.CollectorType.Refund);
    }
}

contract ViewsOnV10Test is ViewsTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
