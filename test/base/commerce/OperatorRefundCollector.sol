// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {TokenCollector} from "./TokenCollector.sol";

/// @title Collects refunds from the operator's own balance, by its allowance
contract OperatorRefundCollector is TokenCollector {
    using SafeERC20 for IERC20;

    constructor(address escrow) TokenCollector(escrow) {}

    function collectorType() external pure override returns (CollectorType kind) {
        return CollectorType.Refund;
    }

    function _collect(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata
    ) internal override {
        IERC20(paymentInfo.token).safeTransferFrom(paymentInfo.operator, tokenStore, amount);
    }
}
