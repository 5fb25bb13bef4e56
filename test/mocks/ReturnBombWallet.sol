// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A contract wallet that answers with the magic value and very many bytes after it
contract ReturnBombWallet is IERC1271 {
    uint256 public size;

    constructor(uint256 bytesAnswered) {
        size = bytesAnswered;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        (bytes4 magic, uint256 length) = (IERC1271.isValidSignature.selector, size);
        assembly {
            mstore(0x00, magic)
            return(0x00, length)
        }
    }
}
