// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token that can take any holder's balance away, as a negative rebase does
contract ShrinkingToken is MintableToken {
    function shrink(address holder, uint256 amount) external {
        _burn(holder, amount);
    }
}
