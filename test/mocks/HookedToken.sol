// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose holder, in the midst of a transfer by allowance, sends what it holds elsewhere
contract HookedToken is MintableToken {
    address private _refuge;

    /// @notice Where the holder sends it; zero for nowhere.
    function setRefuge(address refuge) external {
        _refuge = refuge;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (_refuge != address(0)) _transfer(from, _refuge, balanceOf(from));
        return super.transferFrom(from, to, amount);
    }
}
