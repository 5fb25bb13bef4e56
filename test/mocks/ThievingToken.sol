// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token that, instead of moving an amount to its receiver, takes as much from it
contract ThievingToken is MintableToken {
    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && to != address(0)) super._update(to, from, amount);
        else super._update(from, to, amount);
    }
}
