// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token that says false instead of reverting, and moves nothing, while it fails
contract FalseReturningToken is MintableToken {
    bool public fails;

    function setFails(bool value) external {
        fails = value;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (fails) return false;
        return super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (fails) return false;
        return super.transferFrom(from, to, amount);
    }
}
