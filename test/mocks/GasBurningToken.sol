// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose `transfer` burns all gas it is given, while it burns; its `transferFrom` is honest
contract GasBurningToken is MintableToken {
    bool public burns;

    function setBurns(bool value) external {
        burns = value;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        // An invalid opcode takes all gas at once, as an endless loop would.
        if (burns) {
            assembly {
                invalid()
            }
        }
        return super.transfer(to, amount);
    }
}
