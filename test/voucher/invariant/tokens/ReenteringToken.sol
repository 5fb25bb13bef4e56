// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignToken} from "./CampaignToken.sol";

/// @title Token that, while hostile, makes one prepared call before it moves anything
/// @dev `bubbles` chooses whether it refuses the transfer when that call fails.
contract ReenteringToken is CampaignToken {
    error HookFailed();

    address private _target;
    bytes private _data;
    bool public bubbles;
    bool public isReentered;
    /// @notice Error that the call ended with, as far as it was outlived.
    bytes4 public refusal;

    /// @notice Prepares the call. Whether it went through is in `isReentered`.
    function arm(address target, bytes calldata data, bool bubble) external {
        (_target, _data, bubbles, isReentered, refusal) = (target, data, bubble, false, 0);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _reenter();
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _reenter();
        _spend(from, amount);
        _move(from, to, amount);
        return true;
    }

    function _reenter() private {
        if (!isHostile || _target == address(0)) return;
        // solhint-disable-next-line avoid-low-level-calls
        (bool ok, bytes memory answer) = _target.call(_data);
        if (!ok && bubbles) revert HookFailed();
        if (ok) isReentered = true;
        else refusal = bytes4(answer);
    }
}
