// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one storage word that a collection reads and writes
/// @notice Packs and unpacks it, and collects on the default lane within it.
/// @dev From the lowest bit: `uint96 balance | uint96 collected of the default lane | uint40 thawEndTime | 24 spare bits, always zero`.
library AccountWord {
    /// @notice Largest balance, largest default-lane total, and largest sum of both.
    uint256 internal constant MAX_AMOUNT = type(uint96).max;

    uint256 private constant COLLECTED_SHIFT = 96;
    uint256 private constant THAW_END_SHIFT = 192;
    uint256 private constant AMOUNTS_MASK = type(uint192).max;

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

    /// @notice Says whether the default lane has paid `total` before.
    /// @param word Packed word.
    /// @param total Total of the lane, token base units.
    /// @return True when the lane's collected total is at least `total`.
    function isCollected(uint256 word, uint256 total) internal pure returns (bool) {
        return total <= (word >> COLLECTED_SHIFT) & MAX_AMOUNT;
    }

    /// @notice Collects on the default lane: moves what it lacks of `total` from the balance to its collected total, as far as the balance
    /// goes. An account that this empties stops to thaw.
    /// @param word Packed word.
    /// @param total Total of the lane to reach, token base units.
    /// @return Packed word; unchanged when nothing could be moved.
    /// @return amount What was moved, token base units.
    function collect(uint256 word, uint256 total) internal pure returns (uint256, uint256 amount) {
        uint256 balance = word & MAX_AMOUNT;
        uint256 collected = (word >> COLLECTED_SHIFT) & MAX_AMOUNT;
        if (total <= collected) return (word, 0);
        // No step can wrap: `total` is above `collected`, `amount` is at most the balance, and the two parts of the word keep their sum,
        // which fits one part. Every row of a batch comes through here, so checks that cannot fail would be paid for in each.
        unchecked {
            amount = total - collected;
            if (amount >= balance) {
                amount = balance;
                word &= AMOUNTS_MASK;
            }
            return (word + (amount << COLLECTED_SHIFT) - amount, amount);
        }
    }
}
