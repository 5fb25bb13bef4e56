// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {Vm} from "../../helpers/Vm.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {OnV10, OnV11} from "./Generations.sol";

/// @notice What can become of a held payment: `capture`, `void`, `reclaim`, `refund`.
abstract contract HeldTest is EscrowTest {
    function setUp() public virtual override {
        super.setUp();
        hold();
    }

    /* CAPTURE */

    function test_CaptureInParts() external {
        succeeds(operator, captureCall(4e6, MIN_FEE_BPS, feeReceiver));
        assertState(6e6, 4e6);
        assertBalances(3_960_000, 40_000, 6e6);
        succeeds(operator, captureCall(6e6, MAX_FEE_BPS, feeReceiver));
        assertState(0, AMOUNT);
        assertBalances(3_960_000 + 5_700_000, 40_000 + 300_000, 0);
    }

    function test_CaptureRoundsTheFeeDown() external {
        succeeds(operator, captureCall(99, MIN_FEE_BPS, feeReceiver));
        assertBalances(99, 0, AMOUNT - 99);
    }

    function test_TheFirstPayoutCreatesTheTokenStore() external {
        address store = escrow.getTokenStore(operator);
        assertEq(store.code.length, 0, "before");
        vm.recordLogs();
        succeeds(operator, captureCall(1, MIN_FEE_BPS, feeReceiver));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 3, "capture, creation, transfer");
        assertEq(logs[1].emitter, address(escrow), "emitter");
        assertEq(logs[1].topics[0], IAuthCaptureEscrowCommon.TokenStoreCreated.selector, "event");
        assertEq(logs[1].topics[1], bytes32(uint256(uint160(operator))), "operator");
        assertEq(logs[1].data, abi.encode(store), "token store");
        assertEq(
            store.code,
            abi.encodePacked(
                hex"3d3d3d3d363d3d37363d73",
                where.tokenStoreImplementation,
                hex"5af43d3d93803e602a57fd5bf3"
            ),
            "after"
        );
        vm.recordLogs();
        succeeds(operator, captureCall(1, MIN_FEE_BPS, feeReceiver));
        assertEq(vm.getRecordedLogs().length, 2, "a capture and a transfer");
    }

    /// @dev Everything is wrong at first, and what is complained about is put right, one after another.
    function test_CaptureChecksInOrder() external {
        (uint256 overflow, bytes memory tooMuchAnswer) = tooMuch();
        vm.warp(CAPTURE_UNTIL);
        reverts(stranger, captureCall(0, 0, address(0)), invalidSender(stranger, operator));
        reverts(
            operator,
            captureCall(0, 0, address(0)),
            abi.encodePacked(IAuthCaptureEscrowCommon.ZeroAmount.selector)
        );
        reverts(operator, captureCall(overflow, 0, address(0)), tooMuchAnswer);
        reverts(operator, captureCall(AMOUNT + 1, 0, address(0)), feeOutOfRange(AMOUNT + 1, 0));
        reverts(
            operator,
            captureCall(AMOUNT + 1, MIN_FEE_BPS, address(0)),
            abi.encodePacked(IAuthCaptureEscrowCommon.ZeroFeeReceiver.selector)
        );
        reverts(
            operator,
            captureCall(AMOUNT + 1, MIN_FEE_BPS, stranger),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.InvalidFeeReceiver.selector, stranger, feeReceiver)
        );
        reverts(
            operator,
            captureCall(AMOUNT + 1, MIN_FEE_BPS, feeReceiver),
            abi.encodeWithSelector(
                IAuthCaptureEscrowCommon.AfterAuthorizationExpiry.selector,
                CAPTURE_UNTIL,
                CAPTURE_UNTIL
            )
        );
        vm.warp(CAPTURE_UNTIL - 1);
        reverts(
            operator,
            captureCall(AMOUNT + 1, MIN_FEE_BPS, feeReceiver),
            abi.encodeWithSelector(
                IAuthCaptureEscrowCommon.InsufficientAuthorization.selector,
                paymentHash(),
                AMOUNT,
                AMOUNT + 1
            )
        );
        succeeds(operator, captureCall(AMOUNT, MIN_FEE_BPS, feeReceiver));
    }

    /* VOID */

    function test_VoidAlsoAfterTheExpiry() external {
        uint256 before = USDC.balanceOf(payer.addr);
        vm.warp(REFUND_UNTIL + 1);
        succeeds(operator, voidCall());
        assertState(0, 0);
        assertBalances(0, 0, 0);
        assertEq(USDC.balanceOf(payer.addr), before + AMOUNT, "payer");
    }

    function test_VoidWhatIsLeft() external {
        succeeds(operator, captureCall(4e6, MIN_FEE_BPS, feeReceiver));
        succeeds(operator, voidCall());
        assertState(0, 4e6);
        assertBalances(3_960_000, 40_000, 0);
    }

    function test_VoidChecksInOrder() external {
        succeeds(operator, voidCall());
        reverts(payer.addr, voidCall(), invalidSender(payer.addr, operator));
        reverts(
            operator,
            voidCall(),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, paymentHash())
        );
    }

    /* RECLAIM */

    function test_ReclaimFromTheExpiryOn() external {
        uint256 before = USDC.balanceOf(payer.addr);
        vm.warp(CAPTURE_UNTIL);
        succeeds(payer.addr, reclaimCall());
        assertState(0, 0);
        assertBalances(0, 0, 0);
        assertEq(USDC.balanceOf(payer.addr), before + AMOUNT, "payer");
    }

    function test_ReclaimChecksInOrder() external {
        succeeds(operator, voidCall());
        vm.warp(CAPTURE_UNTIL - 1);
        reverts(operator, reclaimCall(), invalidSender(operator, payer.addr));
        reverts(
            payer.addr,
            reclaimCall(),
            abi.encodeWithSelector(
                IAuthCaptureEscrowCommon.BeforeAuthorizationExpiry.selector,
                CAPTURE_UNTIL - 1,
                CAPTURE_UNTIL
            )
        );
        vm.warp(CAPTURE_UNTIL);
        reverts(
            payer.addr,
            reclaimCall(),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, paymentHash())
        );
    }

    /* REFUND */

    function test_RefundInPartsFromTheOperator() external {
        succeeds(operator, captureCall(AMOUNT, MIN_FEE_BPS, feeReceiver));
        uint256 ofPayer = USDC.balanceOf(payer.addr);
        uint256 ofOperator = USDC.balanceOf(operator);
        succeeds(operator, refundCall(3e6, where.operatorRefundCollector));
        assertState(0, 7e6);
        succeeds(operator, refundCall(7e6, where.operatorRefundCollector));
        assertState(0, 0);
        assertEq(USDC.balanceOf(payer.addr), ofPayer + AMOUNT, "payer");
        assertEq(USDC.balanceOf(operator), ofOperator - AMOUNT, "operator");
        assertBalances(9_900_000, 100_000, 0);
    }

    function test_RefundChecksInOrder() external {
        succeeds(operator, captureCall(4e6, MIN_FEE_BPS, feeReceiver));
        (uint256 overflow, bytes memory tooMuchAnswer) = tooMuch();
        address wrong = where.preApprovalCollector;
        vm.warp(REFUND_UNTIL);
        reverts(stranger, refundCall(0, wrong), invalidSender(stranger, operator));
        reverts(operator, refundCall(0, wrong), abi.encodePacked(IAuthCaptureEscrowCommon.ZeroAmount.selector));
        reverts(operator, refundCall(overflow, wrong), tooMuchAnswer);
        reverts(
            operator,
            refundCall(4e6 + 1, wrong),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.AfterRefundExpiry.selector, REFUND_UNTIL, REFUND_UNTIL)
        );
        vm.warp(REFUND_UNTIL - 1);
        reverts(
            operator,
            refundCall(4e6 + 1, wrong),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.RefundExceedsCapture.selector, 4e6 + 1, 4e6)
        );
        reverts(
            operator,
            refundCall(4e6, wrong),
            abi.encodePacked(IAuthCaptureEscrowCommon.InvalidCollectorForOperation.selector)
        );
        succeeds(operator, refundCall(4e6, where.operatorRefundCollector));
    }
}

contract HeldOnV11Test is HeldTest, OnV11 {
    function setUp() public override(EscrowTest, HeldTest) {
        HeldTest.setUp();
    }
}

contract HeldOnV10Test is HeldTest, OnV10 {
    function setUp() public override(EscrowTest, HeldTest) {
        HeldTest.setUp();
    }
}
