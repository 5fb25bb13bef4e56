// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ITokenCollector} from "./external/ITokenCollector.sol";

/// @title SignedRefundCollector: refunds that their funder signs one by one
/// @notice A token collector of the canonical AuthCaptureEscrow for refunds. The receiver, or whoever sponsors the refund, signs an ERC-3009
/// authorization or a Permit2 permit for exactly this refund. There is no allowance to this contract: what a payment shows as refundable
/// does not prove that its receiver was ever paid, so a standing allowance could be emptied by an operator that is its own payer.
///
/// @dev `collectorData` is `abi.encode(uint8 method, address funder, uint256 salt, uint48 deadline, bytes signature)`. The nonce of the
/// authorization or permit is `keccak256(abi.encode(SIGNED_REFUND_TYPEHASH, chainid, this contract, paymentInfoHash, funder, token, amount,
/// salt, deadline))`, so the signature fits one refund of one payment, and through `paymentInfoHash` one operator. The type is
/// `SignedRefund(uint256 chainId,address collector,bytes32 paymentInfoHash,address funder,address token,uint256 amount,uint256 salt,uint48
/// deadline)`.
///
/// - Method 1, ERC-3009: the funder signs `ReceiveWithAuthorization` with `to` this contract, `validAfter` 0 and `validBefore`
///   `deadline + 1`; the token must have the form with signature bytes.
/// - Method 2, Permit2: the funder signs `PermitTransferFrom` with this contract as spender and `deadline`; any ERC-20 approved to Permit2.
///
/// The escrow measures what arrives. An ERC-3009 token without the form with signature bytes, and a signature that was used, has expired or is of
/// another, make the refund revert with the token's or Permit2's own error.
///
/// A hash alone says nothing: a funder must know the payment, its operator's terms and what it was paid before it signs. The contract holds
/// tokens only within a call, and ERC-6492 signatures are not unwrapped. There is no owner and no storage.
interface ISignedRefundCollector is ITokenCollector {
    /// @notice The method is neither 1 (ERC-3009) nor 2 (Permit2).
    /// @param method The method of the call.
    error InvalidMethod(uint8 method);
}
