// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Type-2 transactions (EIP-1559) as raw bytes, by an RLP encoder that knows nothing of the contract's parser.
///
/// @dev A test may replace any encoded item by bytes that no encoder writes.
library RawTransactions {
    /// @notice Members of a type-2 transaction; the access list is empty.
    struct Transaction {
        uint256 chainId;
        uint256 nonce;
        uint256 maxPriorityFeePerGas;
        uint256 maxFeePerGas;
        uint256 gasLimit;
        address to;
        uint256 value;
        bytes data;
    }

    // Positions of the encoded items.
    uint256 internal constant CHAIN_ID = 0;
    uint256 internal constant NONCE = 1;
    uint256 internal constant PRIORITY_FEE = 2;
    uint256 internal constant MAX_FEE = 3;
    uint256 internal constant GAS_LIMIT = 4;
    uint256 internal constant TO = 5;
    uint256 internal constant VALUE = 6;
    uint256 internal constant DATA = 7;
    uint256 internal constant ACCESS_LIST = 8;

    /// @return encoded The nine items that are signed, each RLP-encoded.
    function items(Transaction memory transaction) internal pure returns (bytes[] memory encoded) {
        encoded = new bytes[](9);
        encoded[CHAIN_ID] = encodeInteger(transaction.chainId);
        encoded[NONCE] = encodeInteger(transaction.nonce);
        encoded[PRIORITY_FEE] = encodeInteger(transaction.maxPriorityFeePerGas);
        encoded[MAX_FEE] = encodeInteger(transaction.maxFeePerGas);
        encoded[GAS_LIMIT] = encodeInteger(transaction.gasLimit);
        encoded[TO] = encodeBytes(abi.encodePacked(transaction.to));
        encoded[VALUE] = encodeInteger(transaction.value);
        encoded[DATA] = encodeBytes(transaction.data);
        encoded[ACCESS_LIST] = hex"c0";
    }

    /// @return Digest that the sender signs.
    function digest(bytes[] memory encoded) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"02", encodeList(join(encoded))));
    }

    /// @param signature 65 bytes: r, s, v (27 or 28).
    /// @return raw The whole transaction, from the type byte on.
    function assemble(bytes[] memory encoded, bytes memory signature) internal pure returns (bytes memory raw) {
        require(signature.length == 65, "assemble: not 65 bytes");
        uint256 r;
        uint256 s;
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        uint256 parity = uint8(signature[64]) - 27;
        return assembleEncoded(encoded, encodeInteger(parity), encodeInteger(r), encodeInteger(s));
    }

    /// @notice As {assemble}, with the items of the signature as they shall stand there.
    function assembleEncoded(
        bytes[] memory encoded,
        bytes memory parity,
        bytes memory r,
        bytes memory s
    ) internal pure returns (bytes memory raw) {
        return bytes.concat(hex"02", encodeList(bytes.concat(join(encoded), parity, r, s)));
    }

    /* RLP */

    function encodeInteger(uint256 value) internal pure returns (bytes memory) {
        uint256 length = 0;
        while (length < 32 && value >> (8 * length) != 0) ++length;
        bytes memory content = new bytes(length);
        for (uint256 i = 0; i < length; ++i) content[i] = bytes1(uint8(value >> (8 * (length - 1 - i))));
        return encodeBytes(content);
    }

    function encodeBytes(bytes memory content) internal pure returns (bytes memory) {
        if (content.length == 1 && uint8(content[0]) < 0x80) return content;
        return bytes.concat(_header(0x80, content.length), content);
    }

    function encodeList(bytes memory content) internal pure returns (bytes memory) {
        return bytes.concat(_header(0xc0, content.length), content);
    }

    function join(bytes[] memory parts) internal pure returns (bytes memory joined) {
        for (uint256 i = 0; i < parts.length; ++i) joined = bytes.concat(joined, parts[i]);
    }

    function _header(uint256 offset, uint256 length) private pure returns (bytes memory) {
        if (length < 56) return abi.encodePacked(uint8(offset + length));
        if (length < 256) return abi.encodePacked(uint8(offset + 56), uint8(length));
        require(length < 65536, "_header: too long");
        return abi.encodePacked(uint8(offset + 57), uint16(length));
    }
}
