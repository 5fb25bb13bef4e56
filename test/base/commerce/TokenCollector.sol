// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";

/// @title What all collectors of the local AuthCaptureEscrow share
abstract contract TokenCollector is ITokenCollector {
    /// @inheritdoc ITokenCollector
    address public immutable authCaptureEscrow; // solhint-disable-line immutable-vars-naming

    constructor(address escrow) {
        authCaptureEscrow = escrow;
    }

    /// @inheritdoc ITokenCollector
    function collectTokens(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata collectorData
    ) external {
        if (msg.sender != authCaptureEscrow) revert OnlyAuthCaptureEscrow();
        _collect(paymentInfo, tokenStore, amount, collectorData);
    }

    /// @inheritdoc ITokenCollector
    function collectorType() external pure virtual returns (CollectorType kind) {
        return CollectorType.Payment;
    }

    function _collect(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata collectorData
    ) internal virtual;

    /// @dev Identity of a payment without its payer: nobody but the payer can sign for it, so its address need not be
    /// known when the payment is offered.
    function _payerAgnosticHash(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo
    ) internal view returns (bytes32) {
        IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = paymentInfo;
        agnostic.payer = address(0);
        return IAuthCaptureEscrowCommon(authCaptureEscrow).getHash(agnostic);
    }
}
