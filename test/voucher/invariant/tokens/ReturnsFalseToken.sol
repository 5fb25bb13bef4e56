// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignToken} from "./CampaignToken.sol";

/// @title Token that never reverts: while hostile, or without the means, transfers move nothing and return false
contract ReturnsFalseToken is CampaignToken {
    function transfer(address to, uint256 amount) external returns (bool) {
        if (isHostile || balanceOf[msg.sender] < amount) return false;
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (isHostile || balanceOf[from] < amount || allowance[from][msg.sender] < amount) return false;
        _spend(from, amount);
        _move(from, to, amount);
        return true;
    }
}
