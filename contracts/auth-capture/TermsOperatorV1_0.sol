// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// The name carries a version number.
// solhint-disable contract-name-capwords

import {IAuthCaptureEscrowV1_0} from "../interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {ITermsOperatorV1_0} from "../interfaces/ITermsOperatorV1_0.sol";
import {CanonicalEscrow} from "./CanonicalEscrow.sol";
import {OperatorCaptures} from "./OperatorCaptures.sol";
import {OperatorCollection} from "./OperatorCollection.sol";
import {OperatorDeadlines} from "./OperatorDeadlines.sol";
import {OperatorDisputes} from "./OperatorDisputes.sol";
import {OperatorHashing} from "./OperatorHashing.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {OperatorViews} from "./OperatorViews.sol";

/// @title Operator of the x402 scheme `auth-capture` on escrow v1.0; see {ITermsOperatorV1_0}
/// @notice The implementation that operators on v1.0 are clones of; it joins the parts and sends fees as basis points.
contract TermsOperatorV1_0 is
    OperatorCollection,
    OperatorCaptures,
    OperatorDisputes,
    OperatorDeadlines,
    OperatorViews,
    ITermsOperatorV1_0
{
    /// @notice Writes what all operators of this generation share into the implementation's code.
    /// @param refundCollector The SignedRefundCollector of this escrow, at the same address on every chain.
    constructor(
        address refundCollector
    )
        OperatorStorage(
            Generation({
                escrow: CanonicalEscrow.V1_0,
                eip3009Collector: CanonicalEscrow.V1_0_EIP3009_COLLECTOR,
                permit2Collector: CanonicalEscrow.V1_0_PERMIT2_COLLECTOR,
                preApprovalCollector: CanonicalEscrow.V1_0_PRE_APPROVAL_COLLECTOR,
                spendPermissionCollector: CanonicalEscrow.V1_0_SPEND_PERMISSION_COLLECTOR,
                captureSelector: IAuthCaptureEscrowV1_0.capture.selector,
                captureTypehash: OperatorHashing.CAPTURE_V1_0_TYPEHASH,
                captureAndVoidTypehash: OperatorHashing.CAPTURE_AND_VOID_V1_0_TYPEHASH,
                isFeeInBps: true
            }),
            refundCollector
        )
    {}

    /// @inheritdoc ITermsOperatorV1_0
    function charge(
        IAuthCaptureEscrowV1_0.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata,
        uint16 feeBps,
        address feeReceiver
    ) external nonReentrant {
        _charge(paymentInfo, amount, tokenCollector, feeBps, feeReceiver);
    }
}
