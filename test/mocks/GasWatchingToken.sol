// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token that, once it watches, answers otherwise as soon as it gets less gas than a full stipend
contract GasWatchingToken is MintableToken {
    uint256 private _least;

    /// @notice Least gas of a read; a transfer by allowance wants 140,000 more.
    function setLeast(uint256 gas) external {
        _least = gas;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return gasleft() < _least ? 0 : super.balanceOf(account);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (_least != 0 && gasleft() < _least + 140_000) return false;
        return super.transferFrom(from, to, amount);
    }
}
