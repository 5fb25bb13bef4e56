// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A plain ERC-20 that anyone can mint: base of the hostile ones, and a token without limits on its supply
contract MintableToken is ERC20("Mintable", "MINT") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
