// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Nonces that may arrive out of order within a window of 64
/// @dev The anti-replay window of RFC 4303 section 3.4.3: `next` is one above the highest nonce consumed, bit `i` of `seen` says
/// whether nonce `next - 1 - i` was consumed. Whoever sits on one authorization blocks none of the following 63.
library NonceWindow {
    /// @notice How many nonces below `next` can still be consumed.
    uint256 internal constant SIZE = 64;

    /// @notice Says whether a nonce can be consumed.
    /// @param next One above the highest nonce consumed so far.
    /// @param seen Bitmap of the 64 nonces below `next`.
    /// @param nonce Nonce to look up.
    /// @return True when the nonce is neither consumed nor older than the window.
    function isFresh(uint64 next, uint64 seen, uint64 nonce) internal pure returns (bool) {
        // The last nonce would leave no room for `next`.
        if (nonce == type(uint64).max) return false;
        if (nonce >= next) return true;
        uint256 age = next - 1 - nonce;
        return age < SIZE && (seen >> age) & 1 == 0;
    }

    /// @notice Computes the window after a fresh nonce was consumed.
    /// @param next One above the highest nonce consumed so far.
    /// @param seen Bitmap of the 64 nonces below `next`.
    /// @param nonce A nonce for which {isFresh} holds.
    /// @return The new `next`.
    /// @return The new `seen`.
    function consume(uint64 next, uint64 seen, uint64 nonce) internal pure returns (uint64, uint64) {
        if (nonce < next) {
            uint256 age = next - 1 - nonce;
            // `age` is below 64, so the shifted bit fits.
            return (next, seen | uint64(1 << age));
        }
        uint256 shift = uint256(nonce) - next + 1;
        // What the shift moves out of the window is truncated with intent.
        return (nonce + 1, uint64(uint256(seen) << shift) | 1);
    }
}
