// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose `transfer` answers with very many bytes, while it is armed
contract ReturnBombToken is MintableToken {
    /// @notice How many bytes `transfer` answers with; zero for an honest answer.
    uint256 public size;
    /// @notice Whether they come as a revert.
    bool public reverts;

    function arm(uint256 newSize, bool newReverts) external {
        (size, reverts) = (newSize, newReverts);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        (uint256 length, bool fails) = (size, reverts);
        if (length == 0) return super.transfer(to, amount);
        if (!fails) super.transfer(to, amount);
        assembly {
            // The first word is `true`; the rest is what memory held.
            mstore(0x00, 1)
            switch fails
            case 0 {
                return(0x00, length)
            }
            default {
                revert(0x00, length)
            }
        }
    }
}
