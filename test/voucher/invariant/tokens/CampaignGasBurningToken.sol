// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignToken} from "./CampaignToken.sol";

/// @title Token whose transfers, while hostile, burn all the gas they get
contract CampaignGasBurningToken is CampaignToken {
    function transfer(address to, uint256 amount) external returns (bool) {
        _burnGas();
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _burnGas();
        _spend(from, amount);
        _move(from, to, amount);
        return true;
    }

    function _burnGas() private view {
        if (!isHostile) return;
        // Memory grows quadratically dear, so that this ends at once however much gas there is.
        uint256[] memory waste = new uint256[](type(uint32).max);
        assert(waste.length == 0);
    }
}
