// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignToken} from "./CampaignToken.sol";

/// @title Token that, while hostile, keeps one unit of every transfer
contract FeeToken is CampaignToken {
    function transfer(address to, uint256 amount) external returns (bool) {
        _moveLessFee(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _spend(from, amount);
        _moveLessFee(from, to, amount);
        return true;
    }

    function _moveLessFee(address from, address to, uint256 amount) private {
        _move(from, to, amount);
        if (isHostile && amount != 0) balanceOf[to] -= 1;
    }
}
