// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Unordered nonces, 256 to a storage slot
/// @notice Nonces that are good once, in any order.
/// @dev A nonce's upper 248 bits choose the word, its lower 8 bits choose the bit.
library NonceBitmap {
    /// @notice Says whether a nonce was consumed.
    /// @param words The owner's bitmap.
    /// @param nonce Any 32 bytes.
    /// @return True when the nonce's bit is set.
    function isUsed(mapping(uint256 word => uint256 bits) storage words, bytes32 nonce) internal view returns (bool) {
        (uint256 word, uint256 mask) = _position(nonce);
        return words[word] & mask != 0;
    }

    /// @notice Consumes a nonce.
    /// @param words The owner's bitmap.
    /// @param nonce Any 32 bytes.
    /// @return fresh False when the nonce had been consumed before.
    function consume(mapping(uint256 word => uint256 bits) storage words, bytes32 nonce) internal returns (bool fresh) {
        (uint256 word, uint256 mask) = _position(nonce);
        uint256 bits = words[word];
        fresh = bits & mask == 0;
        if (fresh) words[word] = bits | mask;
    }

    /// @notice Takes back a nonce that was consumed in the same call.
    /// @param words The owner's bitmap.
    /// @param nonce Any 32 bytes.
    function restore(mapping(uint256 word => uint256 bits) storage words, bytes32 nonce) internal {
        (uint256 word, uint256 mask) = _position(nonce);
        words[word] &= ~mask;
    }

    function _position(bytes32 nonce) private pure returns (uint256 word, uint256 mask) {
        word = uint256(nonce) >> 8;
        mask = 1 << (uint256(nonce) & 0xff);
    }
}
