// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";
import {OperatorSignatureTest} from "./OperatorSignatureTest.sol";

contract RefundTest is OperatorSignatureTest {
    Books private start;
    uint256 private amount = PART;
    address private collector;

    function setUp() public override {
        super.setUp();
        chargeOnce();
        collector = refundCollector;
        start = books();
    }

    function owner() internal view override returns (Actor memory) {
        return authorizer;
    }

    function structHash() internal view override returns (bytes32) {
        (, uint256 capturable, uint256 refundable) = escrow().paymentState(paymentHash());
        return OperatorMessages.refundHash(paymentHash(), amount, collector, capturable, refundable);
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return _callWith(refundData(receiver, amount, DEADLINE), signature);
    }

    function _callWith(bytes memory data, bytes memory signature) private view returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.refund, (payment, amount, collector, data, signature));
    }

    function canCallItself() internal pure override returns (bool) {
        return false;
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.receiver -= amount;
        expected.payer += amount;
        expected.refundable -= amount;
        assertBooks(expected);
    }

    /* COLLECTOR */

    function test_RevertWhen_TheCollectorIsTheOperatorRefundCollector() public {
        _refusesCollector(generation().operatorRefundCollector);
    }

    function test_RevertWhen_TheCollectorIsAPaymentCollector() public {
        _refusesCollector(generation().erc3009Collector);
    }

    function test_RevertWhen_TheCollectorIsAnotherOneOfTheSameKind() public {
        _refusesCollector(deployArtifact("SignedRefundCollector", abi.encode(address(escrow()))));
    }

    function test_RevertWhen_TheCollectorAndTheSignatureAreWrong() public {
        collector = stranger.addr;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.CollectorNotAllowed.selector, stranger.addr);
        send(address(operator), data);
    }

    /* AMOUNT */

    function test_RefundsAll() public {
        amount = AMOUNT;
        submit(ownersSignature());
        assertDone();
    }

    function test_RefundsTheRestAgain() public {
        submit(ownersSignature());
        start = books();
        amount = AMOUNT - PART;
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_TheAmountIsOneAboveWhatWasCaptured() public {
        amount = uint256(AMOUNT) + 1;
        bytes memory data = goodCall();
        expectRevert(IAuthCaptureEscrowCommon.RefundExceedsCapture.selector, amount, AMOUNT);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountIsZero() public {
        amount = 0;
        bytes memory data = goodCall();
        expectRevert(IAuthCaptureEscrowCommon.ZeroAmount.selector);
        send(address(operator), data);
    }

    /* WHAT THE SIGNATURE BINDS */

    function test_RevertWhen_TheAmountIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        amount = PART + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheCollectorIsNotTheSignedOne() public {
        collector = stranger.addr;
        bytes memory signature = ownersSignature();
        collector = refundCollector;
        refuses(signature);
    }

    function test_RevertWhen_Replayed() public {
        bytes memory signature = ownersSignature();
        submit(signature);
        refuses(signature);
    }

    function test_RevertGiven_SomethingWasCapturedSinceItWasSigned() public {
        hold(holdTerms());
        capture(PART);
        bytes memory signature = ownersSignature();
        capture(1);
        refuses(signature);
    }

    /* WHO PAYS */

    function test_ASponsorPays() public {
        send(address(operator), _callWith(refundData(sponsor, amount, DEADLINE), ownersSignature()));
        Books memory expected = start;
        expected.sponsor -= amount;
        expected.payer += amount;
        expected.refundable -= amount;
        assertBooks(expected);
    }

    function test_TheReceiverPaysByPermit2() public {
        send(address(operator), _callWith(refundDataByPermit2(receiver, amount, DEADLINE), ownersSignature()));
        assertDone();
    }

    /* TIME */

    function test_RefundsOneSecondBeforeTheRefundExpiry() public {
        vm.warp(payment.refundExpiry - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_TheRefundExpiryHasCome() public {
        vm.warp(payment.refundExpiry);
        bytes memory data = goodCall();
        expectRevert(IAuthCaptureEscrowCommon.AfterRefundExpiry.selector, payment.refundExpiry, payment.refundExpiry);
        send(address(operator), data);
    }

    /* EFFECTS */

    function test_EmitsPaymentRefunded() public {
        bytes memory data = goodCall();
        vm.expectEmit(true, true, true, true, address(escrow()));
        emit IAuthCaptureEscrowCommon.PaymentRefunded(paymentHash(), amount, collector);
        send(address(operator), data);
    }

    function test_TheEscrowReadsTheDataWhereverItStands() public {
        // Both dynamic members the other way round, as another encoder may write them.
        bytes memory signature = ownersSignature();
        bytes memory data = refundData(receiver, amount, DEADLINE);
        bytes memory head = abi.encodePacked(
            ITermsOperatorCommon.refund.selector,
            abi.encode(payment, amount, collector),
            uint256(20 * 32),
            uint256(16 * 32)
        );
        bytes memory tail = abi.encodePacked(uint256(65), signature, new bytes(31), data.length, data);
        send(address(operator), bytes.concat(head, tail));
        assertDone();
    }

    function _refusesCollector(address other) private {
        collector = other;
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.CollectorNotAllowed.selector, other);
        send(address(operator), data);
    }
}

contract RefundOnV10Test is RefundTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
