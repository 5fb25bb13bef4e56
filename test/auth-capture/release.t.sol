// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";
import {OperatorSignatureTest} from "./OperatorSignatureTest.sol";

contract ReleaseTest is OperatorSignatureTest {
    Books private start;
    uint48 private deadline = DEADLINE;

    function setUp() public override {
        super.setUp();
        hold(arbitratedTerms());
        start = books();
    }

    function owner() internal view override returns (Actor memory) {
        return payer;
    }

    function structHash() internal view override returns (bytes32) {
        (, uint256 capturable, ) = escrow().paymentState(paymentHash());
        return OperatorMessages.releaseHash(paymentHash(), capturable, isDisputed(), deadline);
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.release, (payment, deadline, signature));
    }

    function canCallItself() internal pure override returns (bool) {
        return true;
    }

    function assertDone() internal view override {
        assertBooks(booksAfterCapture(start, start.capturable));
    }

    /* STATE */

    function test_RevertGiven_NothingWasCollected() public {
        payment.salt = OTHER_SALT;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_RevertGiven_ItWasReleased() public {
        submit(ownersSignature());
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_ReleasesADisputedHold() public {
        dispute();
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    function test_ReleasesAPlainHold() public {
        hold(holdTerms());
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    function test_ReleasesWhatACaptureLeft() public {
        hold(holdTerms());
        capture(PART);
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    /* WHAT THE SIGNATURE BINDS */

    function test_RevertWhen_SignedBeforeTheDispute() public {
        bytes memory signature = ownersSignature();
        dispute();
        refuses(signature);
    }

    function test_RevertWhen_SignedForAnotherAmountHeld() public {
        hold(holdTerms());
        bytes memory signature = ownersSignature();
        capture(PART);
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        deadline = DEADLINE + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheReceiverReleases() public {
        refuses(signStruct(receiver, structHash()));
    }

    /* TIME */

    function test_ReleasesAtTheDeadline() public {
        deadline = NOW;
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        deadline = NOW;
        vm.warp(NOW + 1);
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.SignatureExpired.selector, NOW, NOW + 1);
        send(address(operator), data);
    }

    function test_RevertWhen_ThePayerItselfIsPastTheDeadline() public {
        deadline = NOW - 1;
        expectRevert(ITermsOperatorCommon.SignatureExpired.selector, NOW - 1, NOW);
        vm.prank(payer.addr);
        operator.release(payment, NOW - 1, "");
    }

    function test_RevertWhen_NothingIsHeldAndTheDeadlineHasPassed() public {
        payment.salt = OTHER_SALT;
        deadline = NOW - 1;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_ReleasesOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_TheExpiryHasCome() public {
        vm.warp(EXPIRY);
        bytes memory data = goodCall();
        expectTooLate(EXPIRY);
        send(address(operator), data);
    }

    /* EFFECTS */

    function test_EmitsPaymentReleasedThenPaymentCaptured() public {
        bytes memory data = goodCall();
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentReleased(paymentHash(), 1, AMOUNT);
        expectCaptured(AMOUNT);
        send(address(operator), data);
    }
}

contract ReleaseOnV10Test is ReleaseTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
