// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Nonces that may arrive out of order within a window of 64
/// @notice Nonces that are good once, in one word for each owner.
/// @dev The anti-replay window of RFC 4303 section 3.4.3: `next` is one above the highest nonce consumed, bit `i` of `seen` says
/// whether nonce `next - 1 - i` was consumed. Whoever sits on one authorization blocks none of the following 63.
library NonceWindow {
    /// @notice How many nonces below `next` can still be consumed.
    uint256 internal constant SIZE = 64;

    /// @notice Consumes a nonce.
    /// @param next One above the highest nonce consumed so far.
    /// @param seen Bitmap of the 64 nonces below `next`.
    /// @param nonce Nonce to consume; the last one of 64 bits leaves no room for `next` and is never fresh.
    /// @return isFresh False when the nonce was consumed before or is older than the window; nothing changes then.
    /// @return The new `next`.
    /// @return The new `seen`.
    function consume(uint64 next, uint64 seen, uint64 nonce) internal pure returns (bool isFresh, uint64, uint64) {
        if (nonce >= next) {
            if (nonce == type(uint64).max) return (false, next, seen);
            uint256 shift = uint256(nonce) - next + 1;
            // What the shift moves out of the window is truncated with intent.
            return (true, nonce + 1, uint64(uint256(seen) << shift) | 1);
        }
        uint256 age = next - 1 - nonce;
        if (age >= SIZE) return (false, next, seen);
        // `age` is below 64, so the bit fits.
        uint64 bit = uint64(1 << age);
        return (seen & bit == 0, next, seen | bit);
    }
}
