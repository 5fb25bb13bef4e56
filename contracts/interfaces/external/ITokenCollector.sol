// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAuthCaptureEscrowCommon} from "./IAuthCaptureEscrowCommon.sol";

/// @title A contract that fetches tokens for Base's AuthCaptureEscrow
/// @notice The escrow says for which payment and how much; the collector knows how to get it, by its own kind of consent.
interface ITokenCollector {
    /// @notice What the collected tokens are for.
    /// @param Payment They are a payer's, for a payment that is authorized or charged.
    /// @param Refund They go back to a payer, from whoever funds the refund.
    enum CollectorType {
        Payment,
        Refund
    }

    /// @notice Somebody other than the escrow asked for tokens.
    error OnlyAuthCaptureEscrow();

    /// @notice Brings exactly `amount` of the payment's token into the token store.
    ///
    /// Requirements:
    /// - the caller is the collector's escrow, else {OnlyAuthCaptureEscrow}.
    ///
    /// @param paymentInfo The payment.
    /// @param tokenStore Where the tokens go: the token store of the payment's operator.
    /// @param amount Token base units.
    /// @param collectorData What this kind of collector needs; for the signature collectors the raw signature.
    function collectTokens(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata collectorData
    ) external;

    /// @notice Which of the escrow's operations this collector serves.
    /// @return kind `Payment` for `authorize` and `charge`, `Refund` for `refund`.
    function collectorType() external view returns (CollectorType kind);

    /// @notice The one escrow that may call {collectTokens}.
    /// @return escrow Its address.
    function authCaptureEscrow() external view returns (address escrow);
}
