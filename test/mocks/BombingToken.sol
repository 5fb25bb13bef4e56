// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose moves revert with very many bytes, while it is told to
contract BombingToken is MintableToken {
    uint256 private _size;

    function setSize(uint256 size) external {
        _size = size;
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 size = _size;
        if (size != 0 && from != address(0)) {
            assembly {
                revert(0x00, size)
            }
        }
        super._update(from, to, amount);
    }
}
