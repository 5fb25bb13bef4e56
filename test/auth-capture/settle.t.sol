// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";
import {SplittingTest} from "./SplittingTest.sol";

/// @notice What holds for either signature of a settlement (`Settling` in `settle.tree`); the other one is good.
abstract contract SettlementTest is SplittingTest {
    uint48 internal deadline = DEADLINE;

    function setUp() public override {
        super.setUp();
        hold(arbitratedTerms());
        start = books();
    }

    function structHash() internal view override returns (bytes32) {
        (, uint256 capturable, uint256 refundable) = escrow().paymentState(paymentHash());
        return
            OperatorMessages.settleHash(paymentHash(), receiverAmount, capturable, refundable, isDisputed(), deadline);
    }

    function callWith(bytes memory byPayer, bytes memory byAuthorizer) internal view returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.settle, (payment, receiverAmount, deadline, byPayer, byAuthorizer));
    }

    function expectSplitEvent(uint256 toReceiver, uint256 toPayer) internal override {
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentSettled(paymentHash(), toReceiver, toPayer);
    }
}

contract SettleTest is SettlementTest {
    function owner() internal view override returns (Actor memory) {
        return payer;
    }

    /// @dev The authorizer's signature fits whatever the payer signed; wrong messages are the payer's alone.
    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        bytes32 good = OperatorMessages.digest(BASE_CHAIN_ID, address(operator), structHash());
        return callWith(signature, sign(authorizer, good));
    }

    /* STATE */

    function test_RevertGiven_NothingWasCollected() public {
        payment.salt = OTHER_SALT;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_SettlesADisputedHold() public {
        dispute();
        start = books();
        splits();
    }

    function test_SettlesAPlainHold() public {
        hold(holdTerms());
        start = books();
        splits();
    }

    function test_SettlesWhatACaptureLeft() public {
        hold(holdTerms());
        capture(PART);
        start = books();
        splits();
    }

    /* WHAT THE SIGNATURES BIND */

    function test_RevertWhen_SignedBeforeTheDispute() public {
        bytes memory data = goodCall();
        dispute();
        expectInvalidSignature(payer.addr);
        send(address(operator), data);
    }

    function test_RevertWhen_SignedForAnotherAmountHeld() public {
        hold(holdTerms());
        bytes memory data = goodCall();
        capture(PART);
        expectInvalidSignature(payer.addr);
        send(address(operator), data);
    }

    function test_RevertWhen_SignedForAnotherAmountCaptured() public {
        hold(holdTerms());
        capture(PART);
        bytes memory data = goodCall();
        refund(PART);
        expectInvalidSignature(payer.addr);
        send(address(operator), data);
    }

    function test_RevertWhen_TheDeadlineIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        deadline = DEADLINE + 1;
        refuses(signature);
    }

    /* BOTH */

    function test_RevertWhen_BothSignaturesAreWrong() public {
        bytes memory data = callWith("", "");
        expectInvalidSignature(payer.addr);
        send(address(operator), data);
    }

    function test_RevertWhen_ThePayerSignedTwice() public {
        bytes memory signature = ownersSignature();
        bytes memory data = callWith(signature, signature);
        expectInvalidSignature(authorizer.addr);
        send(address(operator), data);
    }

    /* TIME */

    function test_SettlesAtTheDeadline() public {
        deadline = NOW;
        splits();
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        deadline = NOW;
        vm.warp(NOW + 1);
        receiverAmount = uint256(AMOUNT) + 1;
        bytes memory data = callWith("", "");
        expectRevert(ITermsOperatorCommon.SignatureExpired.selector, NOW, NOW + 1);
        send(address(operator), data);
    }

    function test_RevertWhen_NothingIsHeldAndTheDeadlineHasPassed() public {
        payment.salt = OTHER_SALT;
        deadline = NOW - 1;
        bytes memory data = callWith("", "");
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_RevertWhen_TheReceiverIsPaidAfterTheExpiry() public {
        vm.warp(EXPIRY);
        bytes memory data = goodCall();
        expectTooLate(EXPIRY);
        send(address(operator), data);
    }

    function test_GivesAllToThePayerAfterTheExpiry() public {
        vm.warp(EXPIRY);
        receiverAmount = 0;
        splits();
    }
}

contract SettleByAuthorizerTest is SettlementTest {
    function owner() internal view override returns (Actor memory) {
        return authorizer;
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        bytes32 good = OperatorMessages.digest(BASE_CHAIN_ID, address(operator), structHash());
        return callWith(sign(payer, good), signature);
    }

    function test_TheReceiverSettlesGivenTheTermsNameNobody() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.authorizer = address(0);
        hold(terms);
        start = books();
        bytes memory data = callWith("");
        vm.prank(receiver.addr);
        (bool ok, ) = address(operator).call(data);
        assertTrue(ok);
        assertDone();
    }
}

contract SettleOnV10Test is SettleTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
