// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";

/// @title A refund collector that takes what is refundable from the receiver's standing allowance
contract AllowanceRefundCollector is ITokenCollector {
    address public immutable authCaptureEscrow; // solhint-disable-line immutable-vars-naming

    constructor(address escrow) {
        authCaptureEscrow = escrow;
    }

    function collectTokens(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata
    ) external {
        if (msg.sender != authCaptureEscrow) revert OnlyAuthCaptureEscrow();
        assert(IERC20(paymentInfo.token).transferFrom(paymentInfo.receiver, tokenStore, amount));
    }

    function collectorType() external pure returns (CollectorType kind) {
        return CollectorType.Refund;
    }
}
