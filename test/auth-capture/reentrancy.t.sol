// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ITokenCollector} from "../../contracts/interfaces/external/ITokenCollector.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

/// @notice The payment's token calls the operator back while it moves.
contract ReentrancyTest is AuthCaptureTest {
    ReentrantToken private hooked;

    function setUp() public override {
        super.setUp();
        hooked = new ReentrantToken();
        token = IERC20(address(hooked));
        hooked.mint(payer.addr, 10 * uint256(AMOUNT));
        hooked.mint(receiver.addr, AMOUNT);
        hold(holdTerms());
    }

    /// @dev Captures and voids while the token makes this call of the operator, each time it moves.
    function assertClosed(bytes memory entry) private {
        hooked.arm(address(operator), entry);
        Books memory expected = booksAfterVoid(booksAfterCapture(books(), PART));
        operator.captureAndVoid(payment, PART, signStruct(authorizer, captureHash("CaptureAndVoid", PART)));
        assertGt(hooked.calls(), 1);
        assertFalse(hooked.succeeded());
        assertEq(
            hooked.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertBooks(expected);
    }

    function test_AuthorizeIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.authorize, (payment, AMOUNT, relayer, "")));
    }

    function test_ChargeIsClosed() public {
        assertClosed(chargeData(""));
    }

    function test_CaptureIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.capture, (payment, 1, "")));
    }

    function test_CaptureAndVoidIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.captureAndVoid, (payment, 1, "")));
    }

    function test_VoidIsClosed() public {
        bytes memory signature = signStruct(authorizer, keccak256(""));
        assertClosed(abi.encodeCall(ITermsOperatorCommon.void, (payment, signature)));
    }

    function test_RefundIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.refund, (payment, 1, refundCollector, "", "")));
    }

    function test_ReleaseIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.release, (payment, DEADLINE, "")));
    }

    function test_DisputeIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.dispute, (payment, bytes32(0), DEADLINE, "")));
    }

    function test_RuleIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.rule, (payment, 1, "")));
    }

    function test_SettleIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.settle, (payment, 1, DEADLINE, "", "")));
    }

    function test_ReleaseDueIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.releaseDue, (payment)));
    }

    function test_VoidExpiredIsClosed() public {
        assertClosed(abi.encodeCall(ITermsOperatorCommon.voidExpired, (payment)));
    }

    function test_TheRefundCollectorIsClosed() public {
        chargeOnce();
        bytes memory data = refundData(receiver, PART, DEADLINE);
        address store = escrow().getTokenStore(address(operator));
        hooked.arm(refundCollector, abi.encodeCall(ITokenCollector.collectTokens, (payment, store, PART, data)));
        vm.prank(address(escrow()));
        ITokenCollector(refundCollector).collectTokens(payment, store, PART, data);
        assertEq(hooked.calls(), 2);
        assertFalse(hooked.succeeded());
        assertEq(
            hooked.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }
}

contract ReentrancyOnV10Test is ReentrancyTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
