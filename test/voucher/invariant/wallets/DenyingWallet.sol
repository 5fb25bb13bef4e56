// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Delegated code that says no to every signature
contract DenyingWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0xffffffff;
    }
}
