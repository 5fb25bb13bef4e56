// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";
import {CommonEscrow} from "./CommonEscrow.sol";

/// @title The local AuthCaptureEscrow 1.1
contract AuthCaptureEscrow is IAuthCaptureEscrow, CommonEscrow {
    constructor(address implementation) CommonEscrow(implementation) {}

    /// @inheritdoc IAuthCaptureEscrow
    function charge(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        uint256 feeAmount,
        address feeReceiver
    ) external nonReentrant {
        _checkSender(paymentInfo.operator);
        _checkPayment(paymentInfo, amount);
        _checkFee(paymentInfo, amount, feeAmount, feeReceiver);
        // Casting to 'uint120' is safe because _checkPayment bounds the amount
        bytes32 paymentInfoHash = _markCollected(paymentInfo, 0, uint120(amount));
        emit PaymentCharged(paymentInfoHash, paymentInfo, amount, tokenCollector, feeAmount, feeReceiver);
        _collect(paymentInfo, amount, tokenCollector, collectorData, ITokenCollector.CollectorType.Payment);
        _distribute(paymentInfo, amount, feeAmount, feeReceiver);
    }

    /// @inheritdoc IAuthCaptureEscrow
    function capture(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        uint256 feeAmount,
        address feeReceiver
    ) external nonReentrant {
        _checkSender(paymentInfo.operator);
        _checkAmount(amount);
        _checkFee(paymentInfo, amount, feeAmount, feeReceiver);
        bytes32 paymentInfoHash = _markCaptured(paymentInfo, amount);
        emit PaymentCaptured(paymentInfoHash, amount, feeAmount, feeReceiver);
        _distribute(paymentInfo, amount, feeAmount, feeReceiver);
    }

    function _checkFee(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        uint256 feeAmount,
        address feeReceiver
    ) private pure {
        uint256 minFee = (amount * paymentInfo.minFeeBps) / BPS;
        uint256 maxFee = (amount * paymentInfo.maxFeeBps) / BPS;
        if (feeAmount < minFee || feeAmount > maxFee) revert FeeAmountOutOfRange(feeAmount, minFee, maxFee);
        _checkFeeReceiver(paymentInfo, feeAmount != 0, feeReceiver);
    }
}
