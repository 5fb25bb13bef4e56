// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A contract wallet that takes any signature for its own, provided it got at least a certain amount of gas, and runs out of gas
/// otherwise
contract MeasuringWallet is IERC1271 {
    /// @notice Least gas at the start of a check.
    uint256 public needed;

    constructor(uint256 amount) {
        needed = amount;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (gasleft() < needed) {
            assembly {
                invalid()
            }
        }
        return IERC1271.isValidSignature.selector;
    }
}
