// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OwnedWallet} from "../OwnedWallet.sol";

/// @title Deploys wallets at addresses that are known before
contract WalletFactory {
    function deploy(address owner) external returns (address wallet) {
        return address(new OwnedWallet{salt: 0}(owner));
    }

    function predict(address owner) external view returns (address wallet) {
        bytes32 initcodeHash = keccak256(abi.encodePacked(type(OwnedWallet).creationCode, abi.encode(owner)));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), bytes32(0), initcodeHash)))));
    }
}
