// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MintableToken} from "../../mocks/MintableToken.sol";

/// @title A token that refuses whom it likes, takes a fee when it likes, and calls back when it moves
contract MoodyToken is MintableToken {
    error Refused(address account);

    mapping(address account => bool refused) public refuses;
    bool public takesFee;

    address private _target;
    bytes private _data;
    /// @notice Whether the prepared call was made, how it ended, and with which error.
    bool public wasCalled;
    bool public succeeded;
    bytes4 public refusal;

    function setRefused(address account, bool refused) external {
        refuses[account] = refused;
    }

    function setTakesFee(bool takes) external {
        takesFee = takes;
    }

    /// @notice Prepares one call, made with the next move.
    function arm(address target, bytes calldata data) external {
        (_target, _data, wasCalled, succeeded, refusal) = (target, data, false, false, 0);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (refuses[from]) revert Refused(from);
        if (refuses[to]) revert Refused(to);
        super._update(from, to, amount);
        if (takesFee && from != address(0)) super._update(to, address(0), 1);
        if (_target != address(0)) _callBack();
    }

    function _callBack() private {
        (address target, bytes memory answer) = (_target, "");
        _target = address(0);
        wasCalled = true;
        (succeeded, answer) = target.call(_data);
        if (!succeeded && answer.length >= 4) refusal = bytes4(answer);
    }
}
