// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose functions burn as much gas as it was told before they do their honest work
contract ExpensiveToken is MintableToken {
    mapping(bytes4 selector => uint256 gas) private _prices;

    /// @notice Makes a function burn at least so much gas; the largest word for all it gets.
    function setPrice(bytes4 selector, uint256 gas) external {
        _prices[selector] = gas;
    }

    function balanceOf(address account) public view override returns (uint256) {
        _burnGas();
        return super.balanceOf(account);
    }

    function allowance(address owner, address spender) public view override returns (uint256) {
        // The allowance is read by `transferFrom` too, which has its own price.
        if (msg.sig == this.allowance.selector) _burnGas();
        return super.allowance(owner, spender);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        _burnGas();
        return super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _burnGas();
        return super.transferFrom(from, to, amount);
    }

    function _burnGas() private view {
        uint256 start = gasleft();
        uint256 price = _prices[msg.sig];
        // An invalid opcode takes all gas at once, as an endless loop would.
        if (price > start) {
            assembly {
                invalid()
            }
        }
        while (start - gasleft() < price) {}
    }
}
