// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The two storage words of an escrow
/// @notice Packs them, and reads and changes single members.
/// @dev From the lowest bit. Money: `uint96 balance | uint96 settled | uint40 unlockAt | 24 spare bits, always zero`.
/// Terms: `address signer | uint32 closeDelay | uint32 epoch | uint8 flags | 24 spare bits, always zero`.
library EscrowWords {
    /// @notice Largest balance, and largest settled total of an epoch.
    uint256 internal constant MAX_AMOUNT = type(uint96).max;

    /// @notice Flag: the escrow is open.
    uint256 internal constant OPEN = 1;

    /// @notice Flag: the client closed.
    uint256 internal constant CLIENT_CLOSED = 2;

    /// @notice Flag: the server closed.
    uint256 internal constant SERVER_CLOSED = 4;

    uint256 private constant SETTLED_SHIFT = 96;
    uint256 private constant UNLOCK_SHIFT = 192;
    uint256 private constant CLOSE_DELAY_SHIFT = 160;
    uint256 private constant EPOCH_SHIFT = 192;
    uint256 private constant FLAGS_SHIFT = 224;

    /// @notice Splits a money word.
    /// @param word Packed word.
    /// @return balance Token base units.
    /// @return settled Paid to the server in this epoch, token base units.
    /// @return unlockAt First second at which the client can withdraw, unix seconds.
    function unpackMoney(uint256 word) internal pure returns (uint256 balance, uint256 settled, uint256 unlockAt) {
        balance = word & MAX_AMOUNT;
        settled = (word >> SETTLED_SHIFT) & MAX_AMOUNT;
        unlockAt = word >> UNLOCK_SHIFT;
    }

    /// @notice Joins a money word.
    /// @dev The caller keeps every part within its bits.
    /// @param balance Token base units.
    /// @param settled Paid to the server in this epoch, token base units.
    /// @param unlockAt First second at which the client can withdraw, unix seconds.
    /// @return Packed word.
    function packMoney(uint256 balance, uint256 settled, uint256 unlockAt) internal pure returns (uint256) {
        return balance | (settled << SETTLED_SHIFT) | (unlockAt << UNLOCK_SHIFT);
    }

    /// @notice Splits a terms word.
    /// @param word Packed word.
    /// @return signer Key that signs payments.
    /// @return closeDelay Seconds.
    /// @return epoch Epoch of the escrow.
    /// @return flags `OPEN`, `CLIENT_CLOSED`, `SERVER_CLOSED`.
    function unpackTerms(
        uint256 word
    ) internal pure returns (address signer, uint256 closeDelay, uint256 epoch, uint256 flags) {
        // The lower 160 bits are the signer's.
        signer = address(uint160(word));
        closeDelay = uint256(uint32(word >> CLOSE_DELAY_SHIFT));
        epoch = epochOf(word);
        flags = word >> FLAGS_SHIFT;
    }

    /// @notice Joins a terms word.
    /// @dev The caller keeps every part within its bits.
    /// @param signer Key that signs payments.
    /// @param closeDelay Seconds.
    /// @param epoch Epoch of the escrow.
    /// @param flags `OPEN`, `CLIENT_CLOSED`, `SERVER_CLOSED`.
    /// @return Packed word.
    function packTerms(
        address signer,
        uint256 closeDelay,
        uint256 epoch,
        uint256 flags
    ) internal pure returns (uint256) {
        return
            uint256(uint160(signer)) |
            (closeDelay << CLOSE_DELAY_SHIFT) |
            (epoch << EPOCH_SHIFT) |
            (flags << FLAGS_SHIFT);
    }

    /// @notice Epoch of a terms word.
    /// @param word Packed word.
    /// @return Epoch of the escrow.
    function epochOf(uint256 word) internal pure returns (uint256) {
        // The mask keeps 32 bits.
        return uint256(uint32(word >> EPOCH_SHIFT));
    }

    /// @notice Whether a terms word carries one of `flags`.
    /// @param word Packed word.
    /// @param flags Flags to look for.
    /// @return True when one is set.
    function hasFlag(uint256 word, uint256 flags) internal pure returns (bool) {
        return (word >> FLAGS_SHIFT) & flags != 0;
    }

    /// @notice Sets a flag of a terms word.
    /// @param word Packed word.
    /// @param flag Flag to set.
    /// @return Packed word.
    function withFlag(uint256 word, uint256 flag) internal pure returns (uint256) {
        return word | (flag << FLAGS_SHIFT);
    }
}
