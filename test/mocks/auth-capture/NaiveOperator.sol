// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";

/// @title An operator as it is easily written: anyone collects as they like, and the payer may release a part
contract NaiveOperator {
    error HoldChanged(uint256 capturable);

    IAuthCaptureEscrow private immutable ESCROW;

    constructor(IAuthCaptureEscrow escrow) {
        ESCROW = escrow;
    }

    function authorize(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData
    ) external {
        ESCROW.authorize(paymentInfo, amount, tokenCollector, collectorData);
    }

    function charge(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        uint256 feeAmount,
        address feeReceiver
    ) external {
        ESCROW.charge(paymentInfo, amount, tokenCollector, collectorData, feeAmount, feeReceiver);
    }

    /// @notice The payer is satisfied with a part.
    function release(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo, uint256 amount) external {
        require(msg.sender == paymentInfo.payer);
        ESCROW.capture(paymentInfo, amount, 0, address(0));
    }

    /// @notice The receiver captures, if no more and no less is held than it saw.
    function capture(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        uint256 expected
    ) external {
        require(msg.sender == paymentInfo.receiver);
        (, uint256 capturable, ) = ESCROW.paymentState(ESCROW.getHash(paymentInfo));
        if (capturable != expected) revert HoldChanged(capturable);
        ESCROW.capture(paymentInfo, amount, 0, address(0));
    }
}
