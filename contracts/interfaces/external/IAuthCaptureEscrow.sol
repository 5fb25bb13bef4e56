// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAuthCaptureEscrowCommon} from "./IAuthCaptureEscrowCommon.sol";

/// @title Base's AuthCaptureEscrow 1.1, where a fee is an amount
/// @notice Canonical at 0xf96815976523E00e65Be8f34cA5e64b4f41EB19c on Base and Base Sepolia; the default of the scheme
/// `auth-capture`.
///
/// @dev The fee comes out of the receiver's share. Its bounds round down, so captures that are small enough can be made
/// without the least fee.
interface IAuthCaptureEscrow is IAuthCaptureEscrowCommon {
    /// @notice A payment was collected and paid out at once.
    /// @param paymentInfoHash {getHash} of `paymentInfo`.
    /// @param paymentInfo The payment in full.
    /// @param amount Token base units, the fee included.
    /// @param tokenCollector Contract that fetched the tokens.
    /// @param feeAmount Token base units that the fee receiver got.
    /// @param feeReceiver Who got the fee.
    event PaymentCharged(
        bytes32 indexed paymentInfoHash,
        PaymentInfo paymentInfo,
        uint256 amount,
        address tokenCollector,
        uint256 feeAmount,
        address feeReceiver
    );

    /// @notice Part of what was held went to the receiver.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @param amount Token base units, the fee included.
    /// @param feeAmount Token base units that the fee receiver got.
    /// @param feeReceiver Who got the fee.
    event PaymentCaptured(bytes32 indexed paymentInfoHash, uint256 amount, uint256 feeAmount, address feeReceiver);

    /// @notice A fee outside the payment's bounds.
    /// @param feeAmount Token base units given.
    /// @param minFee `amount * minFeeBps / 10 000`, rounded down, in token base units.
    /// @param maxFee `amount * maxFeeBps / 10 000`, rounded down, in token base units.
    error FeeAmountOutOfRange(uint256 feeAmount, uint256 minFee, uint256 maxFee);

    /// @notice Collects a payment and pays it out at once.
    ///
    /// @dev Emits {PaymentCharged} before the tokens move.
    ///
    /// Requirements are those of {authorize}, in its order, and before {PaymentAlreadyCollected} the fee:
    /// - `feeAmount` is within the payment's bounds, else {FeeAmountOutOfRange}.
    /// - a fee above zero has a receiver, else {ZeroFeeReceiver}.
    /// - `feeReceiver` is the payment's, where it names one, else {InvalidFeeReceiver}.
    ///
    /// @param paymentInfo The payment.
    /// @param amount Token base units, the fee included.
    /// @param tokenCollector Contract that fetches the tokens.
    /// @param collectorData For the collector, passed as it is.
    /// @param feeAmount Token base units of it for the fee receiver.
    /// @param feeReceiver Who gets the fee; the payment's `feeReceiver` also when the fee is zero.
    function charge(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        uint256 feeAmount,
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
    /// @param feeAmount Token base units of it for the fee receiver.
    /// @param feeReceiver Who gets the fee; the payment's `feeReceiver` also when the fee is zero.
    function capture(PaymentInfo calldata paymentInfo, uint256 amount, uint256 feeAmount, address feeReceiver) external;
}
