// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";
import {OperatorSignatureTest} from "./OperatorSignatureTest.sol";

contract DisputeTest is OperatorSignatureTest {
    bytes32 private constant REASON = keccak256("not what was promised");

    Books private start;
    bytes32 private reasonHash = REASON;
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
        return OperatorMessages.disputeHash(paymentHash(), reasonHash, deadline);
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.dispute, (payment, reasonHash, deadline, signature));
    }

    function canCallItself() internal pure override returns (bool) {
        return true;
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.disputedAt = vm.getBlockTimestamp();
        assertBooks(expected);
    }

    function _refuses(bytes4 selector) private {
        bytes memory data = callWith("");
        expectRevert(selector);
        send(address(operator), data);
    }

    /* STATE */

    function test_RevertGiven_NoArbiter() public {
        hold(holdTerms());
        _refuses(ITermsOperatorCommon.NoArbiter.selector);
    }

    function test_RevertWhen_NoArbiterAndNothingHeld() public {
        useTerms(holdTerms());
        _refuses(ITermsOperatorCommon.NoArbiter.selector);
    }

    function test_RevertGiven_NothingWasCollected() public {
        payment.salt = OTHER_SALT;
        _refuses(ITermsOperatorCommon.NothingHeld.selector);
    }

    function test_RevertGiven_ItWasVoided() public {
        vm.prank(authorizer.addr);
        operator.void(payment, "");
        _refuses(ITermsOperatorCommon.NothingHeld.selector);
    }

    function test_RevertGiven_ItIsDisputed() public {
        submit(ownersSignature());
        vm.warp(NOW + 1);
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.AlreadyDisputed.selector, NOW);
        send(address(operator), data);
    }

    function test_RevertWhen_DisputedAndAllBehindIsWrong() public {
        submit(ownersSignature());
        vm.warp(EXPIRY);
        deadline = NOW;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.AlreadyDisputed.selector, NOW);
        send(address(operator), data);
    }

    /* TIME */

    function test_DisputesOneSecondBeforeThePayersTimeIsOver() public {
        vm.warp(RELEASABLE_FROM - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_ThePayersTimeIsOver() public {
        vm.warp(RELEASABLE_FROM);
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.DisputeWindowClosed.selector, RELEASABLE_FROM, RELEASABLE_FROM);
        send(address(operator), data);
    }

    function test_RevertWhen_TooLateAndAllBehindIsWrong() public {
        vm.warp(RELEASABLE_FROM);
        deadline = NOW;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.DisputeWindowClosed.selector, RELEASABLE_FROM, RELEASABLE_FROM);
        send(address(operator), data);
    }

    function test_DisputesAtTheDeadline() public {
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

    /* WHAT THE SIGNATURE BINDS */

    function test_RevertWhen_TheReasonIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        reasonHash = keccak256("another reason");
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        deadline = DEADLINE + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheReceiverDisputes() public {
        refuses(signStruct(receiver, structHash()));
    }

    function test_RevertWhen_TheArbiterDisputes() public {
        refuses(signStruct(arbiter, structHash()));
    }

    /* EFFECTS */

    function test_EmitsPaymentDisputedUntilTheExpiry() public {
        bytes memory data = goodCall();
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentDisputed(paymentHash(), REASON, EXPIRY);
        send(address(operator), data);
    }

    function test_EmitsPaymentDisputedUntilTheRulingDeadline() public {
        hold(defaultReceiverTerms());
        bytes memory data = goodCall();
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentDisputed(paymentHash(), REASON, RULING_DEADLINE);
        send(address(operator), data);
    }
}

contract DisputeOnV10Test is DisputeTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
