// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAuthCaptureEscrowCommon} from "./IAuthCaptureEscrowCommon.sol";
import {ITokenCollector} from "./ITokenCollector.sol";

/// @title The collector for payments that the payer has approved by a transaction of its own
/// @notice The payer also allows the collector to spend the token, by an ordinary ERC-20 allowance. Collector data is
/// not read.
interface IPreApprovalPaymentCollector is ITokenCollector {
    /// @notice A payer has approved a payment.
    /// @param paymentInfoHash {IAuthCaptureEscrowCommon-getHash} of the payment.
    event PaymentPreApproved(bytes32 indexed paymentInfoHash);

    /// @notice The payer has not approved the payment that is collected.
    /// @param paymentInfoHash {IAuthCaptureEscrowCommon-getHash} of the payment.
    error PaymentNotPreApproved(bytes32 paymentInfoHash);

    /// @notice The payer has approved the payment before.
    /// @param paymentInfoHash {IAuthCaptureEscrowCommon-getHash} of the payment.
    error PaymentAlreadyPreApproved(bytes32 paymentInfoHash);

    /// @notice The payment was collected before.
    /// @param paymentInfoHash {IAuthCaptureEscrowCommon-getHash} of the payment.
    error PaymentAlreadyCollected(bytes32 paymentInfoHash);

    /// @notice Approves one payment in full, in the caller's name.
    ///
    /// @dev Emits {PaymentPreApproved}.
    ///
    /// Requirements:
    /// - the caller is the payer, the payment is neither collected nor approved, and its `preApprovalExpiry` (unix
    ///   seconds, exclusive) is ahead.
    ///
    /// @param paymentInfo The payment.
    function preApprove(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external;

    /// @notice Whether the payer has approved a payment.
    /// @param paymentInfoHash {IAuthCaptureEscrowCommon-getHash} of the payment.
    /// @return preApproved True from {preApprove} on.
    function isPreApproved(bytes32 paymentInfoHash) external view returns (bool preApproved);
}
