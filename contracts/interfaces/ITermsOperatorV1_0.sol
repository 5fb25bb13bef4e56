// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// The name carries a version number.
// solhint-disable contract-name-capwords

import {ITermsOperatorCommon} from "./ITermsOperatorCommon.sol";
import {IAuthCaptureEscrowCommon} from "./external/IAuthCaptureEscrowCommon.sol";

/// @title TermsOperator on escrow v1.0, which takes a fee in basis points
/// @notice See {ITermsOperatorCommon}. In `Capture` and `CaptureAndVoid` the fee is `uint16 feeBps`.
interface ITermsOperatorV1_0 is ITermsOperatorCommon {
    /// @notice Collects a signed payment and pays the receiver at once, for anyone. The signature is the escrow's own `charge`.
    ///
    /// @dev Emits {PaymentOpened}; the escrow emits `PaymentCharged`. The call is forwarded to the escrow as it came.
    ///
    /// Requirements, in this order:
    /// - the terms have CHARGE_FLOW, else {WrongFlow};
    /// - `amount == paymentInfo.maxAmount`, else {AmountNotMax};
    /// - the collector is one of the escrow's four canonical payment collectors, else {CollectorNotAllowed};
    /// - receiver and payer are not zero or this operator, else {InvalidParty};
    /// - `paymentInfo.feeReceiver` is the terms', the terms' fee lies within its bounds, and `feeBps` and `feeReceiver` are exactly the
    ///   terms', else {FeeTermsMismatch};
    /// - what the escrow requires.
    ///
    /// @param paymentInfo The payment that the payer signed.
    /// @param amount Token base units.
    /// @param tokenCollector Canonical payment collector.
    /// @param collectorData What the collector needs, for example the payer's signature; passed on untouched.
    /// @param feeBps The terms' fee, basis points (1/10 000).
    /// @param feeReceiver The terms' fee receiver.
    function charge(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        uint16 feeBps,
        address feeReceiver
    ) external;
}
