// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Recovers the signer of many EIP-712 messages of one type at little cost
/// @notice One digest and one recovery a message, without new memory for each.
/// @dev The caller keeps one memory template of the struct's words and rewrites only what differs from message to message.
library TypedDataRecovery {
    /// @dev Half of the order of secp256k1; a larger `s` has a twin and is refused (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Recovers who signed the struct `words[0..count)` under an EIP-712 domain.
    /// @param domainSeparator EIP-712 domain separator.
    /// @param words Type hash and encoded members, one word each.
    /// @param count How many of the words belong to the struct, 11 at most.
    /// @param r First word of the EIP-2098 signature.
    /// @param vs Second word of the EIP-2098 signature: recovery bit and `s`.
    /// @return signer Recovered address; zero when the signature is malformed or not low-s.
    function recover(
        bytes32 domainSeparator,
        uint256[11] memory words,
        uint256 count,
        bytes32 r,
        bytes32 vs
    ) internal view returns (address signer) {
        // First of the two assembly blocks of this project: plain Solidity allocates and copies for the struct hash, the digest
        // and the call to the ecrecover precompile, and every message of a batch would pay for that. Everything is written behind
        // the free memory pointer and forgotten. The output word is zeroed first, because a failed recovery returns nothing.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, hex"1901")
            mstore(add(buffer, 0x02), domainSeparator)
            mstore(add(buffer, 0x22), keccak256(words, shl(5, count)))
            mstore(buffer, keccak256(buffer, 0x42))
            mstore(add(buffer, 0x20), add(shr(255, vs), 27))
            mstore(add(buffer, 0x40), r)
            let s := shr(1, shl(1, vs))
            mstore(add(buffer, 0x60), s)
            mstore(0x00, 0)
            if iszero(gt(s, HALF_ORDER)) {
                pop(staticcall(gas(), 0x01, buffer, 0x80, 0x00, 0x20))
            }
            signer := mload(0x00)
        }
    }
}
