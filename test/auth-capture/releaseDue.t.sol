// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {OperatorEntryTest} from "./OperatorEntryTest.sol";

contract ReleaseDueTest is OperatorEntryTest {
    uint256 private constant NEVER = type(uint256).max;

    Books private start;

    function setUp() public override {
        super.setUp();
        _hold(defaultReceiverTerms());
        vm.warp(RELEASABLE_FROM);
    }

    function _hold(ITermsOperatorCommon.Terms memory terms) private {
        vm.warp(NOW);
        hold(terms);
        start = books();
    }

    function _disputed(ITermsOperatorCommon.Terms memory terms) private {
        _hold(terms);
        dispute();
        start = books();
    }

    function goodCall() internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.releaseDue, (payment));
    }

    function assertDone() internal view override {
        assertBooks(booksAfterCapture(start, AMOUNT));
    }

    function _pushes() private {
        send(address(operator), goodCall());
        assertDone();
    }

    function _refuses(uint256 from) private {
        bytes memory data = goodCall();
        bytes4 selector = ITermsOperatorCommon.NotReleasable.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, vm.getBlockTimestamp(), from, uint256(EXPIRY)));
        send(address(operator), data);
        assertBooks(start);
    }

    /* UNDISPUTED */

    function test_RevertWhen_OneSecondBeforeThePayersTimeIsOver() public {
        vm.warp(RELEASABLE_FROM - 1);
        _refuses(RELEASABLE_FROM);
    }

    function test_PushesOneSecondAfterThePayersTimeIsOver() public {
        vm.warp(RELEASABLE_FROM + 1);
        _pushes();
    }

    function test_PushesOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _pushes();
    }

    function test_RevertWhen_TheExpiryHasCome() public {
        vm.warp(EXPIRY);
        _refuses(RELEASABLE_FROM);
    }

    function test_PushesGivenDisputesFallToThePayer() public {
        _hold(arbitratedTerms());
        vm.warp(RELEASABLE_FROM);
        _pushes();
    }

    function test_EmitsPaymentReleasedUndisputed() public {
        bytes memory data = goodCall();
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentReleased(paymentHash(), 2, AMOUNT);
        expectCaptured(AMOUNT);
        send(address(operator), data);
    }

    /* DISPUTED */

    function test_RevertGiven_DisputedAndFallingToThePayer() public {
        _disputed(arbitratedTerms());
        vm.warp(EXPIRY - 1);
        _refuses(NEVER);
    }

    function test_RevertGiven_DisputedAndOneSecondBeforeTheRulingDeadline() public {
        _disputed(defaultReceiverTerms());
        vm.warp(RULING_DEADLINE - 1);
        _refuses(RULING_DEADLINE);
    }

    function test_PushesGivenDisputedAtTheRulingDeadline() public {
        _disputed(defaultReceiverTerms());
        vm.warp(RULING_DEADLINE);
        _pushes();
    }

    function test_PushesGivenDisputedOneSecondBeforeTheExpiry() public {
        _disputed(defaultReceiverTerms());
        vm.warp(EXPIRY - 1);
        _pushes();
    }

    function test_RevertGiven_DisputedAndTheExpiryHasCome() public {
        _disputed(defaultReceiverTerms());
        vm.warp(EXPIRY);
        _refuses(RULING_DEADLINE);
    }

    function test_EmitsPaymentReleasedByDefault() public {
        _disputed(defaultReceiverTerms());
        vm.warp(RULING_DEADLINE);
        bytes memory data = goodCall();
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentReleased(paymentHash(), 3, AMOUNT);
        send(address(operator), data);
    }

    /* WHAT IS NEVER DUE */

    function test_RevertGiven_NoArbiter() public {
        _hold(holdTerms());
        vm.warp(EXPIRY - 1);
        _refuses(NEVER);
    }

    function test_RevertGiven_PartWasCaptured() public {
        capture(1);
        start = books();
        _refuses(NEVER);
    }

    function test_RevertGiven_NothingWasCollected() public {
        payment.salt = OTHER_SALT;
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_RevertWhen_Replayed() public {
        _pushes();
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }
}

contract ReleaseDueOnV10Test is ReleaseDueTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
