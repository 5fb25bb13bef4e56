// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A contract wallet that burns a given amount of gas and then takes the signature for its own
contract GasBurningWallet is IERC1271 {
    /// @notice Least gas that a check burns.
    uint256 public burn;

    constructor(uint256 amount) {
        burn = amount;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        uint256 start = gasleft();
        uint256 amount = burn;
        while (start - gasleft() < amount) {}
        return IERC1271.isValidSignature.selector;
    }
}
