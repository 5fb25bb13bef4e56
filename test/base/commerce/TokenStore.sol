// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ITokenStore} from "../../../contracts/interfaces/external/ITokenStore.sol";

/// @title What every token store of one escrow is a clone of
contract TokenStore is ITokenStore {
    using SafeERC20 for IERC20;

    /// @inheritdoc ITokenStore
    address public immutable authCaptureEscrow; // solhint-disable-line immutable-vars-naming

    constructor(address escrow) {
        authCaptureEscrow = escrow;
    }

    /// @inheritdoc ITokenStore
    function sendTokens(address token, address recipient, uint256 amount) external returns (bool sent) {
        if (msg.sender != authCaptureEscrow) revert OnlyAuthCaptureEscrow();
        IERC20(token).safeTransfer(recipient, amount);
        return true;
    }
}
