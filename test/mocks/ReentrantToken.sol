// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token that calls back whenever it moves, also when it is pulled by a signature
/// @dev Takes any ERC-3009 signature for good. The answer of the call back is recorded, never passed on.
contract ReentrantToken is MintableToken {
    address public target;
    bytes public data;

    /// @notice How often the call back was made since it was armed.
    uint256 public calls;
    /// @notice Whether the last call back succeeded.
    bool public succeeded;
    /// @notice What the last call back answered.
    bytes public answer;

    /// @notice Makes every following move call `target` with `data` once.
    function arm(address newTarget, bytes calldata newData) external {
        (target, data, calls, succeeded) = (newTarget, newData, 0, false);
        delete answer;
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 amount,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external {
        _transfer(from, to, amount);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 amount,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _transfer(from, to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target == address(0) || from == address(0)) return;
        ++calls;
        (succeeded, answer) = target.call(data);
    }
}
