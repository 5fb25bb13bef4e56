// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {OperatorSignatureTest} from "./OperatorSignatureTest.sol";

/// @notice What holds for a split of the hold between receiver and payer, by whomever (`Splitting.tree`).
abstract contract SplittingTest is OperatorSignatureTest {
    Books internal start;
    /// @dev What the good message gives the receiver.
    uint256 internal receiverAmount = PART;

    function canCallItself() internal pure override returns (bool) {
        return true;
    }

    function assertDone() internal view override {
        assertBooks(booksAfterVoid(booksAfterCapture(start, receiverAmount)));
    }

    /// @dev Announces the verb's own event.
    function expectSplitEvent(uint256 toReceiver, uint256 toPayer) internal virtual;

    function splits() internal {
        send(address(operator), goodCall());
        assertDone();
    }

    function test_GivesAllToThePayer() public {
        receiverAmount = 0;
        splits();
    }

    function test_GivesOneUnitToTheReceiver() public {
        receiverAmount = 1;
        splits();
    }

    function test_GivesAllButOneUnitToTheReceiver() public {
        receiverAmount = AMOUNT - 1;
        splits();
    }

    function test_GivesAllToTheReceiver() public {
        receiverAmount = AMOUNT;
        splits();
    }

    function test_AsksTheEscrowForNothingThatIsZero() public {
        receiverAmount = AMOUNT;
        bytes memory data = goodCall();
        vm.expectCall(address(escrow()), abi.encodePacked(escrow().void.selector), 0);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheHold() public {
        receiverAmount = uint256(AMOUNT) + 1;
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.AmountExceedsHold.selector, receiverAmount, AMOUNT);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountAndTheSignatureAreWrong() public {
        receiverAmount = type(uint256).max;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.AmountExceedsHold.selector, type(uint256).max, AMOUNT);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        receiverAmount = PART + 1;
        refuses(signature);
    }

    function test_RevertWhen_Replayed() public {
        bytes memory data = goodCall();
        send(address(operator), data);
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        send(address(operator), data);
    }

    function test_EmitsItsEventThenTheEscrows() public {
        bytes memory data = goodCall();
        expectSplitEvent(PART, AMOUNT - PART);
        expectCaptured(PART);
        expectVoided(AMOUNT - PART);
        send(address(operator), data);
    }

    function testFuzz_Splits(uint256 amount) public {
        receiverAmount = bound(amount, 0, AMOUNT);
        splits();
    }
}
