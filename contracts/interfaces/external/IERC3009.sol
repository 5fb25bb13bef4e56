// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The part of ERC-3009 that pulls tokens by the holder's signature
/// @notice Follows https://eips.ethereum.org/EIPS/eip-3009 and, for the `bytes` form, Circle's FiatToken v2.2.
interface IERC3009 {
    /// @notice Moves `value` from `from` to the caller, authorized by an ECDSA signature.
    /// @param from Token holder and signer.
    /// @param to Receiver; must be the caller.
    /// @param value Amount in token base units.
    /// @param validAfter Unix seconds, exclusive.
    /// @param validBefore Unix seconds, exclusive.
    /// @param nonce Unique among the holder's authorizations.
    /// @param v Recovery byte, 27 or 28.
    /// @param r First half of the signature.
    /// @param s Second half of the signature.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Moves `value` from `from` to the caller, authorized by signature bytes (ECDSA or ERC-1271).
    /// @param from Token holder and signer.
    /// @param to Receiver; must be the caller.
    /// @param value Amount in token base units.
    /// @param validAfter Unix seconds, exclusive.
    /// @param validBefore Unix seconds, exclusive.
    /// @param nonce Unique among the holder's authorizations.
    /// @param signature Signature bytes as the token understands them.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
