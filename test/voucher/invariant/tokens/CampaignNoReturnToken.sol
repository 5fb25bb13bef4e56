// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignToken} from "./CampaignToken.sol";

/// @title Token whose transfers return nothing; while hostile, they revert
contract CampaignNoReturnToken is CampaignToken {
    error Frozen();

    function transfer(address to, uint256 amount) external {
        if (isHostile) revert Frozen();
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (isHostile) revert Frozen();
        _spend(from, amount);
        _move(from, to, amount);
    }
}
