// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Reads a signed type-2 transaction (EIP-1559) that calls a contract without value and access list
/// @notice Checks a raw transaction and recovers who signed it, so that a contract can act on one that was never sent.
/// @dev Only the canonical encoding is accepted: one content has one encoding.
library SignedTransaction {
    /// @notice What a transaction lacks.
    /// @param Type The first byte is not 0x02.
    /// @param Length The list does not end where the bytes end.
    /// @param Integer An integer is longer than 32 bytes or not in its shortest form.
    /// @param ChainId It is for another chain.
    /// @param Target It does not call the expected contract.
    /// @param Value It carries value.
    /// @param Data The calldata is not of the expected length.
    /// @param AccessList The access list is not empty.
    /// @param Signature The parity is not 0 or 1, `s` is not in the lower half, or nobody can have signed it.
    enum Fault {
        Type,
        Length,
        Integer,
        ChainId,
        Target,
        Value,
        Data,
        AccessList,
        Signature
    }

    /// @notice The bytes are not such a transaction.
    /// @param fault What is wrong.
    error BadTransaction(Fault fault);

    /// @dev A list of more than 255 bytes has a header of 0xf9 and two bytes of length, a shorter one 0xf8 and one byte. With the calldata alone
    /// the list is longer than the 55 bytes that would need no length.
    uint256 private constant SHORT_HEADER = 2;
    uint256 private constant LONG_HEADER = 3;

    /// @notice Reads a transaction.
    /// @param raw Bytes from the type byte on.
    /// @param target Contract that it must call.
    /// @param dataLength Length that its calldata must have, 56 to 255 bytes.
    /// @return signer Who signed it.
    /// @return data Its calldata.
    function parse(
        bytes calldata raw,
        address target,
        uint256 dataLength
    ) internal view returns (address signer, bytes calldata data) {
        (uint256 chainId, uint256 position) = _integer(raw, _enterList(raw));
        if (chainId != block.chainid) revert BadTransaction(Fault.ChainId);
        // Nonce, both fees and the gas limit say how it would be mined, and nothing about what is paid.
        for (uint256 i = 0; i < 4; ++i) (, position) = _integer(raw, position);

        // From here on every item has a fixed form: 21 bytes of target, 1 of value, 2 and the calldata, 1 of access list.
        uint256 dataAt = position + 24;
        uint256 end = dataAt + dataLength + 1;
        if (raw.length < end) revert BadTransaction(Fault.Length);
        if (uint168(bytes21(raw[position:position + 21])) != (uint168(0x94) << 160) | uint160(target)) {
            revert BadTransaction(Fault.Target);
        }
        if (raw[position + 21] != 0x80) revert BadTransaction(Fault.Value);
        if (uint16(bytes2(raw[position + 22:dataAt])) != 0xb800 | dataLength) revert BadTransaction(Fault.Data);
        if (raw[end - 1] != 0xc0) revert BadTransaction(Fault.AccessList);

        signer = _recover(raw, end);
        data = raw[dataAt:end - 1];
    }

    /// @dev Checks type and list header. Returns where the first item starts.
    function _enterList(bytes calldata raw) private pure returns (uint256 start) {
        if (raw.length < 4 || raw[0] != 0x02) revert BadTransaction(Fault.Type);
        uint256 length;
        if (raw[1] == 0xf8) {
            (start, length) = (1 + SHORT_HEADER, uint8(raw[2]));
            if (length < 56) revert BadTransaction(Fault.Length);
        } else if (raw[1] == 0xf9) {
            (start, length) = (1 + LONG_HEADER, uint16(bytes2(raw[2:4])));
            if (length < 256) revert BadTransaction(Fault.Length);
        } else {
            revert BadTransaction(Fault.Length);
        }
        if (start + length != raw.length) revert BadTransaction(Fault.Length);
    }

    /// @dev Reads the integer at `position`. Returns it and where the next item starts.
    function _integer(bytes calldata raw, uint256 position) private pure returns (uint256 value, uint256 next) {
        if (position >= raw.length) revert BadTransaction(Fault.Length);
        uint256 first = uint8(raw[position]);
        next = position + 1;
        // A single byte stands for itself; zero is the empty string.
        if (first < 0x80) {
            if (first == 0) revert BadTransaction(Fault.Integer);
            return (first, next);
        }
        uint256 length = first - 0x80;
        if (length == 0) return (0, next);
        if (length > 32) revert BadTransaction(Fault.Integer);
        if (raw.length < next + length) revert BadTransaction(Fault.Length);
        value = uint256(bytes32(raw[next:next + length])) >> (8 * (32 - length));
        bool isShortest = length == 1 ? value > 0x7f : raw[next] != 0;
        if (!isShortest) revert BadTransaction(Fault.Integer);
        next += length;
    }

    /// @dev The signed items are the first nine, which end at `end`; parity, `r` and `s` follow.
    function _recover(bytes calldata raw, uint256 end) private pure returns (address signer) {
        (uint256 parity, uint256 position) = _integer(raw, end);
        uint256 r;
        uint256 s;
        (r, position) = _integer(raw, position);
        (s, position) = _integer(raw, position);
        if (position != raw.length) revert BadTransaction(Fault.Length);
        if (parity > 1) revert BadTransaction(Fault.Signature);

        (signer, , ) = ECDSA.tryRecover(_digest(raw, end), uint8(27 + parity), bytes32(r), bytes32(s));
        if (signer == address(0)) revert BadTransaction(Fault.Signature);
    }

    /// @dev The items stand together in the raw bytes, so only their list header is made anew.
    function _digest(bytes calldata raw, uint256 end) private pure returns (bytes32) {
        bytes calldata items = raw[1 + (raw[1] == 0xf8 ? SHORT_HEADER : LONG_HEADER):end];
        // The length of `raw` fits two bytes, so that of a part of it does.
        bytes memory header =
            items.length > 255
                ? abi.encodePacked(uint8(0xf9), uint16(items.length))
                : abi.encodePacked(uint8(0xf8), uint8(items.length));
        return keccak256(abi.encodePacked(uint8(0x02), header, items));
    }
}
