// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A token whose `transfer` and `transferFrom` return nothing, and whose `approve` returns nothing
contract NoReturnToken {
    error TooLittle(uint256 available, uint256 requested);

    mapping(address owner => uint256 balance) public balanceOf;
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < amount) revert TooLittle(allowed, amount);
        allowance[from][msg.sender] = allowed - amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        uint256 balance = balanceOf[from];
        if (balance < amount) revert TooLittle(balance, amount);
        balanceOf[from] = balance - amount;
        balanceOf[to] += amount;
    }
}
