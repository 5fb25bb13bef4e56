// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token that reverts with bytes of anyone's choice, while it is armed: errors of the escrow, for example
contract SelectorForgingToken is MintableToken {
    bytes public forged;

    function forge(bytes calldata data) external {
        forged = data;
    }

    function _update(address from, address to, uint256 amount) internal override {
        bytes memory data = forged;
        if (data.length != 0 && from != address(0)) {
            assembly {
                revert(add(data, 0x20), mload(data))
            }
        }
        super._update(from, to, amount);
    }
}
