// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Delegated code that burns all the gas it gets
contract CampaignGasBurningWallet {
    fallback() external {
        uint256[] memory waste = new uint256[](type(uint32).max);
        assert(waste.length == 0);
    }
}
