// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "./MintableToken.sol";

/// @title A token whose `transferFrom`, `balanceOf` and `allowance` answer with very many bytes, while they are told to
contract LongAnswerToken is MintableToken {
    struct Answer {
        uint256 first;
        uint256 size;
        bool reverts;
    }

    mapping(bytes4 selector => Answer answer) private _answers;

    /// @notice Makes a function answer with `size` bytes, the first word of which is given; none for an honest answer.
    function setAnswer(bytes4 selector, uint256 first, uint256 size, bool reverts) external {
        _answers[selector] = Answer(first, size, reverts);
    }

    function balanceOf(address account) public view override returns (uint256) {
        _answer();
        return super.balanceOf(account);
    }

    function allowance(address owner, address spender) public view override returns (uint256) {
        if (msg.sig == this.allowance.selector) _answer();
        return super.allowance(owner, spender);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        bool isHonest = super.transferFrom(from, to, amount);
        _answer();
        return isHonest;
    }

    function _answer() private view {
        Answer memory answer = _answers[msg.sig];
        (uint256 first, uint256 size, bool reverts) = (answer.first, answer.size, answer.reverts);
        if (size == 0) return;
        assembly {
            mstore(0x00, first)
            switch reverts
            case 0 {
                return(0x00, size)
            }
            default {
                revert(0x00, size)
            }
        }
    }
}
