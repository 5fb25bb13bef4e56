// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IERC3009} from "../../../contracts/interfaces/external/IERC3009.sol";
import {IMulticall3} from "./IMulticall3.sol";
import {TokenCollector} from "./TokenCollector.sol";
import {WrappedSignatures} from "./WrappedSignatures.sol";

/// @title Collects payments by the payer's ERC-3009 signature
///
/// @dev The payer signs for the whole `maxAmount`; what is not needed goes back in the same transaction.
contract ERC3009PaymentCollector is TokenCollector, WrappedSignatures {
    using SafeERC20 for IERC20;

    constructor(address escrow, IMulticall3 multicall3) TokenCollector(escrow) WrappedSignatures(multicall3) {}

    function _collect(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata collectorData
    ) internal override {
        IERC3009(paymentInfo.token).receiveWithAuthorization({
            from: paymentInfo.payer,
            to: address(this),
            value: paymentInfo.maxAmount,
            validAfter: 0,
            validBefore: paymentInfo.preApprovalExpiry,
            nonce: _payerAgnosticHash(paymentInfo),
            signature: _unwrap(collectorData)
        });
        IERC20 token = IERC20(paymentInfo.token);
        uint256 rest = paymentInfo.maxAmount - amount;
        if (rest != 0) token.safeTransfer(paymentInfo.payer, rest);
        token.safeTransfer(tokenStore, amount);
    }
}
