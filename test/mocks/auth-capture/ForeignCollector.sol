// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";

/// @title A payment collector that brings its own tokens instead of the payer's, who need not have signed anything
contract ForeignCollector is ITokenCollector {
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
        assert(IERC20(paymentInfo.token).transfer(tokenStore, amount));
    }

    function collectorType() external pure returns (CollectorType kind) {
        return CollectorType.Payment;
    }
}
