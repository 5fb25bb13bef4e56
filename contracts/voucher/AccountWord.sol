// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one storage word that a collection reads and writes
/// @dev From the lowest bit: `uint96 balance | uint96 collected of the default lane | uint40 thawEndTime | 24 spare bits, always zero`.
library AccountWord {
    /// @notice Largest balance, largest default-lane total, and largest sum of both.
    uint256 internal constant MAX_AMOUNT = type(uint96).max;

    uint256 private constant COLLECTED_SHIFT = 96;
    uint256 private constant THAW_END_SHIFT = 192;

    /// @notice Splits a word.
    /// @param word Packed word.
    /// @return balance Token base units.
    /// @return collected Collected total of the default lane, token base units.
    /// @return thawEndTime Unix seconds; zero while nothing thaws.
    function unpack(uint256 word) internal pure returns (uint256 balance, uint256 collected, uint256 thawEndTime) {
        balance = word & MAX_AMOUNT;
        collected = (word >> COLLECTED_SHIFT) & MAX_AMOUNT;
        thawEndTime = word >> THAW_END_SHIFT;
    }

    /// @notice Joins a word. An empty account never thaws.
    /// @dev The caller keeps `balance + collected <= MAX_AMOUNT`; times stay below 2^40 for 34,000 years.
    /// @param balance Token base units.
    /// @param collected Collected total of the default lane, token base units.
    /// @param thawEndTime Unix seconds; dropped when the balance is zero.
    /// @return Packed word.
    function pack(uint256 balance, uint256 collected, uint256 thawEndTime) internal pure returns (uint256) {
        if (balance == 0) return collected << COLLECTED_SHIFT;
        return balance | (collected << COLLECTED_SHIFT) | (thawEndTime << THAW_END_SHIFT);
    }
}
