// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A token without `allowance` and `nonces`, whose `transferFrom` lets anyone move what a holder opened
contract NoAllowanceToken {
    error Refused();

    mapping(address owner => uint256 balance) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        if (balanceOf[from] < amount) revert Refused();
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}
