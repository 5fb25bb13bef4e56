// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

/// @notice What holds for every call about a payment (`OperatorEntry.tree`). A verb's test says what a good call of the relayer is, and what it
/// does.
abstract contract OperatorEntryTest is AuthCaptureTest {
    /// @dev Calldata of the good call for {payment}, which is good when the test begins.
    function goodCall() internal view virtual returns (bytes memory);

    /// @dev The good call did what it says, once.
    function assertDone() internal view virtual;

    function test_ActsWhenTheCallIsGood() public {
        send(address(operator), goodCall());
        assertDone();
    }

    function test_ActsWhenBytesAreAppendedToTheCall() public {
        send(address(operator), bytes.concat(goodCall(), "appended by a relayer"));
        assertDone();
    }

    function test_RevertWhen_CalledOnTheImplementation() public {
        address implementation = implementationOf(factory, isOnV10());
        payment.operator = implementation;
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.NotClone.selector);
        send(implementation, data);
    }

    function test_RevertWhen_ThePaymentIsOfAnotherOperator() public {
        payment.operator = stranger.addr;
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.WrongOperator.selector, stranger.addr);
        send(address(operator), data);
    }
}
