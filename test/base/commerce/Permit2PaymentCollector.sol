// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPermit2} from "../../../contracts/interfaces/external/IPermit2.sol";
import {IMulticall3} from "./IMulticall3.sol";
import {TokenCollector} from "./TokenCollector.sol";
import {WrappedSignatures} from "./WrappedSignatures.sol";

/// @title Collects payments by the payer's Permit2 signature
contract Permit2PaymentCollector is TokenCollector, WrappedSignatures {
    IPermit2 private immutable PERMIT2;

    constructor(
        address escrow,
        IMulticall3 multicall3,
        IPermit2 permit2
    ) TokenCollector(escrow) WrappedSignatures(multicall3) {
        PERMIT2 = permit2;
    }

    function _collect(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        address tokenStore,
        uint256 amount,
        bytes calldata collectorData
    ) internal override {
        PERMIT2.permitTransferFrom({
            permit: IPermit2.PermitTransferFrom({
                permitted: IPermit2.TokenPermissions({token: paymentInfo.token, amount: paymentInfo.maxAmount}),
                nonce: uint256(_payerAgnosticHash(paymentInfo)),
                deadline: paymentInfo.preApprovalExpiry
            }),
            transferDetails: IPermit2.SignatureTransferDetails({to: tokenStore, requestedAmount: amount}),
            owner: paymentInfo.payer,
            signature: _unwrap(collectorData)
        });
    }
}
