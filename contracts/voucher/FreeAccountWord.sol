// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one storage word of a free balance
/// @notice Packs and unpacks it.
/// @dev From the lowest bit: `uint96 balance | uint64 next | uint64 seen | 32 spare bits, always zero`; the last two are a {NonceWindow}.
library FreeAccountWord {
    /// @notice Largest free balance.
    uint256 internal constant MAX_AMOUNT = type(uint96).max;

    uint256 private constant NEXT_SHIFT = 96;
    uint256 private constant SEEN_SHIFT = 160;

    /// @notice Splits a word.
    /// @param word Packed word.
    /// @return balance Token base units.
    /// @return next One above the highest nonce consumed so far.
    /// @return seen Bitmap of the 64 nonces below `next`.
    function unpack(uint256 word) internal pure returns (uint256 balance, uint64 next, uint64 seen) {
        balance = word & MAX_AMOUNT;
        // The casts keep the 64 bits of each part.
        next = uint64(word >> NEXT_SHIFT);
        seen = uint64(word >> SEEN_SHIFT);
    }

    /// @notice Joins a word.
    /// @param balance Token base units, at most `MAX_AMOUNT`.
    /// @param next One above the highest nonce consumed so far.
    /// @param seen Bitmap of the 64 nonces below `next`.
    /// @return Packed word.
    function pack(uint256 balance, uint64 next, uint64 seen) internal pure returns (uint256) {
        return balance | (uint256(next) << NEXT_SHIFT) | (uint256(seen) << SEEN_SHIFT);
    }
}
