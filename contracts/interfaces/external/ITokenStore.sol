// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The vault of one operator of Base's AuthCaptureEscrow
/// @notice Holds the tokens of all payments of its operator; it has no code before its first outgoing transfer.
interface ITokenStore {
    /// @notice Somebody other than the escrow asked for tokens.
    error OnlyAuthCaptureEscrow();

    /// @notice Sends tokens out of the vault.
    ///
    /// Requirements:
    /// - the caller is the escrow, else {OnlyAuthCaptureEscrow}.
    ///
    /// @param token ERC-20 contract.
    /// @param recipient Who gets them.
    /// @param amount Token base units.
    /// @return sent Always true.
    function sendTokens(address token, address recipient, uint256 amount) external returns (bool sent);

    /// @notice The one escrow that may call {sendTokens}.
    /// @return escrow Its address.
    function authCaptureEscrow() external view returns (address escrow);
}
