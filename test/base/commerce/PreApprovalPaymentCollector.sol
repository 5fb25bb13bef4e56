// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPreApprovalPaymentCollector} from "../../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {TokenCollector} from "./TokenCollector.sol";

/// @title Collects payments that the payer has approved on chain
contract PreApprovalPaymentCollector is IPreApprovalPaymentCollector, TokenCollector {
    using SafeERC20 for IERC20;

    /// @inheritdoc IPreApprovalPaymentCollector
    mapping(bytes32 paymentInfoHash => bool preApproved) public isPreApproved;

    constructor(address escrow) TokenCollector(escrow) {}

    /// @inheritdoc IPreApprovalPaymentCollector
    function preApprove(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external {
        IAuthCaptureEscrowCommon escrow = IAuthCaptureEscrowCommon(authCaptureEscrow);
        if (msg.sender != paymentInfo.payer) {
            revert IAuthCaptureEscrowCommon.InvalidSender(msg.sender, paymentInfo.payer);
        }
        uint48 expiry = paymentInfo.preApprovalExpiry;
        if (block.timestamp >= expiry) {
            revert IAuthCaptureEscrowCommon.AfterPreApprovalExpiry(uint48(block.timestamp), expiry);
        }
        bytes32 paymentInfoHash = escrow.getHash(paymentInfo);
        (bool hasCollectedPayment, , ) = escrow.paymentState(paymentInfoHash);
        if (hasCollectedPayment) revert PaymentAlreadyCollected(paymentInfoHash);
        if (isPreApproved[paymentInfoHash]) revert PaymentAlreadyPreApproved(paymentInfoHash);
        isPreApproved[paymentInfoHash] = true;
        emit PaymentPreApproved(paymentInfoHash);
    }

    function _collect(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata
    ) internal override {
        bytes32 paymentInfoHash = IAuthCaptureEscrowCommon(authCaptureEscrow).getHash(paymentInfo);
        if (!isPreApproved[paymentInfoHash]) revert PaymentNotPreApproved(paymentInfoHash);
        IERC20(paymentInfo.token).safeTransferFrom(paymentInfo.payer, tokenStore, amount);
    }
}
