// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// The name carries a version number.
// solhint-disable contract-name-capwords

import {IAuthCaptureEscrowCommon} from "./IAuthCaptureEscrowCommon.sol";

/// @title Base's AuthCaptureEscrow 1.0, where a fee is a rate
/// @notice Canonical at 0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff on Base and Base Sepolia.
///
/// @dev The fee comes out of the receiver's share and is rounded down, for the receiver.
interface IAuthCaptureEscrowV1_0 is IAuthCaptureEscrowCommon {
    /// @notice A payment was collected and paid out at once.
    /// @param paymentInfoHash {getHash} of `paymentInfo`.
    /// @param paymentInfo The payment in full.
    /// @param amount Token base units, the fee included.
    /// @param tokenCollector Contract that fetched the tokens.
    /// @param feeBps Fee in basis points (1/10 000) of `amount`.
    /// @param feeReceiver Who got the fee.
    event PaymentCharged(
        bytes32 indexed paymentInfoHash,
        PaymentInfo paymentInfo,
        uint256 amount,
        address tokenCollector,
        uint16 feeBps,
        address feeReceiver
    );

    /// @notice Part of what was held went to the receiver.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @param amount Token base units, the fee included.
    /// @param feeBps Fee in basis points (1/10 000) of `amount`.
    /// @param feeReceiver Who got the fee.
    event PaymentCaptured(bytes32 indexed paymentInfoHash, uint256 amount, uint16 feeBps, address feeReceiver);

    /// @notice A fee outside the payment's bounds.
    /// @param feeBps Basis points (1/10 000) given.
    /// @param minFeeBps Basis points (1/10 000) at least.
    /// @param maxFeeBps Basis points (1/10 000) at most.
    error FeeBpsOutOfRange(uint16 feeBps, uint16 minFeeBps, uint16 maxFeeBps);

    /// @notice Collects a payment and pays it out at once.
    ///
    /// @dev Emits {PaymentCharged} before the tokens move.
    ///
    /// Requirements are those of {authorize}, in its order, and before {PaymentAlreadyCollected} the fee:
    /// - `feeBps` is within the payment's bounds, else {FeeBpsOutOfRange}.
    /// - a rate above zero has a receiver, else {ZeroFeeReceiver}.
    /// - `feeReceiver` is the payment's, where it names one, else {InvalidFeeReceiver}.
    ///
    /// @param paymentInfo The payment.
    /// @param amount Token base units, the fee included.
    /// @param tokenCollector Contract that fetches the tokens.
    /// @param collectorData For the collector, passed as it is.
    /// @param feeBps Fee in basis points (1/10 000) of `amount`.
    /// @param feeReceiver Who gets the fee; the payment's `feeReceiver` also when the fee is zero.
    function charge(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        uint16 feeBps,
        address feeReceiver
    ) external;

    /// @notice Pays part of what is held to the receiver; any number of times.
    ///
    /// @dev Emits {PaymentCaptured}.
    ///
    /// Requirements, in this order:
    /// - the caller is the operator, else {InvalidSender}.
    /// - `amount` is not zero, else {ZeroAmount}; fits `uint120`, else {AmountOverflow}.
    /// - the fee is good, as in {charge}.
    /// - the block is before `authorizationExpiry`, else {AfterAuthorizationExpiry}.
    /// - `amount` is at most what is held, else {InsufficientAuthorization}.
    ///
    /// @param paymentInfo The payment.
    /// @param amount Token base units, the fee included.
    /// @param feeBps Fee in basis points (1/10 000) of `amount`.
    /// @param feeReceiver Who gets the fee; the payment's `feeReceiver` also when the fee is zero.
    function capture(PaymentInfo calldata paymentInfo, uint256 amount, uint16 feeBps, address feeReceiver) external;
}
