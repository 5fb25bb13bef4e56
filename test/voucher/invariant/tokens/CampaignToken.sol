// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Ledger that the hostile tokens of the campaign share; each is well-behaved until `setHostile(true)`
abstract contract CampaignToken {
    mapping(address holder => uint256 amount) public balanceOf;
    mapping(address holder => mapping(address spender => uint256 amount)) public allowance;
    bool public isHostile;

    function setHostile(bool hostile) external {
        isHostile = hostile;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function _spend(address from, uint256 amount) internal {
        uint256 granted = allowance[from][msg.sender];
        if (granted != type(uint256).max) allowance[from][msg.sender] = granted - amount;
    }

    function _move(address from, address to, uint256 amount) internal {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
