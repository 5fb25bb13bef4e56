// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The part of Uniswap's Permit2 that transfers once by signature
/// @notice Canonical at 0x000000000022D473030F116dDEE9F6B43aC78BA3 on every chain that has it.
interface IPermit2 {
    /// @notice A token and the most that may be transferred.
    /// @param token ERC-20 contract.
    /// @param amount Token base units.
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    /// @notice What the holder signs.
    /// @param permitted Token and amount.
    /// @param nonce Unordered nonce of the holder.
    /// @param deadline Unix seconds, inclusive.
    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice What the spender asks for.
    /// @param to Receiver of the tokens.
    /// @param requestedAmount Token base units, at most the permitted amount.
    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    /// @notice Transfers tokens by a signature over the permit and its spender, who calls.
    /// @param permit What the holder signed.
    /// @param transferDetails Where the tokens go.
    /// @param owner Token holder and signer.
    /// @param signature 65 or 64 bytes of ECDSA, or ERC-1271.
    function permitTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes calldata signature
    ) external;

    /// @notice Transfers tokens by a signature that also commits to `witness`.
    /// @param permit What the holder signed.
    /// @param transferDetails Where the tokens go.
    /// @param owner Token holder and signer.
    /// @param witness EIP-712 hash of the caller's own struct.
    /// @param witnessTypeString Tail of the EIP-712 type string, from the witness member on.
    /// @param signature 65 or 64 bytes of ECDSA, or ERC-1271.
    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}
