// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// The name carries a version number.
// solhint-disable contract-name-capwords

import {IAuthCaptureEscrowV1_0} from "../../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";
import {CommonEscrow} from "./CommonEscrow.sol";

/// @title The local AuthCaptureEscrow 1.0
contract AuthCaptureEscrowV1_0 is IAuthCaptureEscrowV1_0, CommonEscrow {
    constructor(address implementation) CommonEscrow(implementation) {}

    /// @inheritdoc IAuthCaptureEscrowV1_0
    function charge(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        uint16 feeBps,
        address feeReceiver
    ) external nonReentrant {
        _checkSender(paymentInfo.operator);
        _checkPayment(paymentInfo, amount);
        _checkFee(paymentInfo, feeBps, feeReceiver);
        // Casting to 'uint120' is safe because _checkPayment bounds the amount
        bytes32 paymentInfoHash = _markCollected(paymentInfo, 0, uint120(amount));
        emit PaymentCharged(paymentInfoHash, paymentInfo, amount, tokenCollector, feeBps, feeReceiver);
        _collect(paymentInfo, amount, tokenCollector, collectorData, ITokenCollector.CollectorType.Payment);
        _distribute(paymentInfo, amount, (amount * feeBps) / BPS, feeReceiver);
    }

    /// @inheritdoc IAuthCaptureEscrowV1_0
    function capture(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        uint16 feeBps,
        address feeReceiver
    ) external nonReentrant {
        _checkSender(paymentInfo.operator);
        _checkAmount(amount);
        _checkFee(paymentInfo, feeBps, feeReceiver);
        bytes32 paymentInfoHash = _markCaptured(paymentInfo, amount);
        emit PaymentCaptured(paymentInfoHash, amount, feeBps, feeReceiver);
        _distribute(paymentInfo, amount, (amount * feeBps) / BPS, feeReceiver);
    }

    function _checkFee(PaymentInfo calldata paymentInfo, uint16 feeBps, address feeReceiver) private pure {
        (uint16 minFeeBps, uint16 maxFeeBps) = (paymentInfo.minFeeBps, paymentInfo.maxFeeBps);
        if (feeBps < minFeeBps || feeBps > maxFeeBps) revert FeeBpsOutOfRange(feeBps, minFeeBps, maxFeeBps);
        _checkFeeReceiver(paymentInfo, feeBps != 0, feeReceiver);
    }
}
