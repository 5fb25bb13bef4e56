// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Delegated code that answers with 64 kilobytes of nothing
contract CampaignReturnBombWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes memory) {
        return new bytes(64 * 1024);
    }
}
