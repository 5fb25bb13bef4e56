// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowV1_0} from "../../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {Vm} from "../../helpers/Vm.sol";
import {OnV10, OnV11} from "./Generations.sol";

/// @notice Where the generations differ: the fee of 1.1 is an amount, between bounds that are rounded down.
contract FeesOnV11Test is OnV11 {
    /// @dev 1% and 5% of it are 1.99 and 9.95 units.
    uint256 private constant CAPTURED = 199;

    function setUp() public override {
        super.setUp();
        hold();
    }

    function test_TheLeastFee() external {
        _capture(CAPTURED, 1);
        assertBalances(CAPTURED - 1, 1, AMOUNT - CAPTURED);
    }

    function test_TheGreatestFee() external {
        _capture(CAPTURED, 9);
        assertBalances(CAPTURED - 9, 9, AMOUNT - CAPTURED);
    }

    function test_RevertWhen_TheFeeIsBelowTheLeast() external {
        reverts(operator, _captureCall(CAPTURED, 0), _outOfRange(0));
    }

    function test_RevertWhen_TheFeeIsAboveTheGreatest() external {
        reverts(operator, _captureCall(CAPTURED, 10), _outOfRange(10));
    }

    function test_RevertWhen_TheFeeIsEnormous() external {
        reverts(operator, _captureCall(CAPTURED, type(uint256).max), _outOfRange(type(uint256).max));
    }

    /// @dev Small captures escape the least fee.
    function test_TheLeastFeeOfASmallCaptureIsNothing() external {
        _capture(99, 0);
        assertBalances(99, 0, AMOUNT - 99);
    }

    function testFuzz_TheReceiverGetsTheRest(uint256 amount, uint256 fee) external {
        amount = bound(amount, 1, AMOUNT);
        fee = bound(fee, (amount * MIN_FEE_BPS) / 10_000, (amount * MAX_FEE_BPS) / 10_000);
        _capture(amount, fee);
        assertBalances(amount - fee, fee, AMOUNT - amount);
        assertState(AMOUNT - amount, amount);
    }

    function test_CaptureSaysTheAmountOfTheFee() external {
        vm.recordLogs();
        _capture(CAPTURED, 9);
        Vm.Log memory log = vm.getRecordedLogs()[0];
        assertEq(log.topics[0], 0xac1e0db1957daedbc6944bcb4c8dc947ff8101d710671ac2ec26309f7f38d58e, "event");
        assertEq(log.topics[1], paymentHash(), "payment");
        assertEq(log.data, abi.encode(CAPTURED, 9, feeReceiver), "data");
    }

    function test_ChargeSaysTheAmountOfTheFee() external {
        payment.salt = 2;
        vm.recordLogs();
        succeeds(operator, chargeCall(AMOUNT, where.erc3009Collector, MAX_FEE_BPS, feeReceiver));
        Vm.Log memory log = vm.getRecordedLogs()[0];
        assertEq(log.topics[0], 0x137b0e73e4453f43c2e1ad2552980a0e0c7e988764619974ca26d37a7159940c, "event");
        assertEq(log.topics[1], paymentHash(), "payment");
        uint256 fee = AMOUNT / 20;
        assertEq(log.data, abi.encode(payment, AMOUNT, where.erc3009Collector, fee, feeReceiver), "data");
    }

    function test_Selectors() external pure {
        assertTrue(IAuthCaptureEscrow.charge.selector == 0xc449d17c, "charge");
        assertTrue(IAuthCaptureEscrow.capture.selector == 0x3efa46e1, "capture");
        assertTrue(IAuthCaptureEscrow.FeeAmountOutOfRange.selector == 0x7c2dcc22, "FeeAmountOutOfRange");
    }

    function test_RevertWhen_CalledAsTheOtherGeneration() external {
        bytes memory data = abi.encodeCall(IAuthCaptureEscrowV1_0.capture, (payment, 1, 100, feeReceiver));
        reverts(operator, data, "");
    }

    function _capture(uint256 amount, uint256 fee) private {
        succeeds(operator, _captureCall(amount, fee));
    }

    function _captureCall(uint256 amount, uint256 fee) private view returns (bytes memory) {
        return abi.encodeCall(IAuthCaptureEscrow.capture, (payment, amount, fee, feeReceiver));
    }

    function _outOfRange(uint256 fee) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAuthCaptureEscrow.FeeAmountOutOfRange.selector, fee, 1, 9);
    }
}

/// @notice The fee of 1.0 is a rate, and what it makes of an amount is rounded down.
contract FeesOnV10Test is OnV10 {
    function setUp() public override {
        super.setUp();
        hold();
    }

    function test_FeesOfTheBounds() external {
        succeeds(operator, captureCall(199, MIN_FEE_BPS, feeReceiver));
        assertBalances(198, 1, AMOUNT - 199);
        succeeds(operator, captureCall(199, MAX_FEE_BPS, feeReceiver));
        assertBalances(198 + 190, 1 + 9, AMOUNT - 398);
    }

    function test_RevertWhen_TheFeeIsOneOffTheBounds() external {
        uint16[2] memory fees = [MIN_FEE_BPS - 1, MAX_FEE_BPS + 1];
        for (uint256 i = 0; i < fees.length; ++i) {
            reverts(operator, captureCall(199, fees[i], feeReceiver), feeOutOfRange(199, fees[i]));
        }
    }

    function testFuzz_TheReceiverGetsTheRest(uint256 amount, uint256 feeBps) external {
        amount = bound(amount, 1, AMOUNT);
        feeBps = bound(feeBps, MIN_FEE_BPS, MAX_FEE_BPS);
        succeeds(operator, captureCall(amount, uint16(feeBps), feeReceiver));
        uint256 fee = (amount * feeBps) / 10_000;
        assertBalances(amount - fee, fee, AMOUNT - amount);
        assertState(AMOUNT - amount, amount);
    }

    function test_Selectors() external pure {
        assertTrue(IAuthCaptureEscrowV1_0.charge.selector == 0x9e65819f, "charge");
        assertTrue(IAuthCaptureEscrowV1_0.capture.selector == 0x644cd79a, "capture");
        assertTrue(IAuthCaptureEscrowV1_0.FeeBpsOutOfRange.selector == 0x0b345f0c, "FeeBpsOutOfRange");
    }

    function test_RevertWhen_CalledAsTheOtherGeneration() external {
        bytes memory data = abi.encodeCall(IAuthCaptureEscrow.capture, (payment, 1, 0, feeReceiver));
        reverts(operator, data, "");
    }
}
