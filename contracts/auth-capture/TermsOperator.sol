// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../interfaces/external/IAuthCaptureEscrow.sol";
import {ITermsOperator} from "../interfaces/ITermsOperator.sol";
import {CanonicalEscrow} from "./CanonicalEscrow.sol";
import {OperatorCaptures} from "./OperatorCaptures.sol";
import {OperatorCollection} from "./OperatorCollection.sol";
import {OperatorDeadlines} from "./OperatorDeadlines.sol";
import {OperatorDisputes} from "./OperatorDisputes.sol";
import {OperatorHashing} from "./OperatorHashing.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {OperatorViews} from "./OperatorViews.sol";

/// @title Operator of the x402 scheme `auth-capture` on escrow v1.1; see {ITermsOperator}
/// @notice The implementation that operators on v1.1 are clones of; it joins the parts and sends fees as amounts.
contract TermsOperator is
    OperatorCollection,
    OperatorCaptures,
    OperatorDisputes,
    OperatorDeadlines,
    OperatorViews,
    ITermsOperator
{
    /// @notice Writes what all operators of this generation share into the implementation's code.
    /// @param refundCollector The SignedRefundCollector of this escrow, at the same address on every chain.
    constructor(
        address refundCollector
    )
        OperatorStorage(
            Generation({
                escrow: CanonicalEscrow.V1_1,
                eip3009Collector: CanonicalEscrow.V1_1_EIP3009_COLLECTOR,
                permit2Collector: CanonicalEscrow.V1_1_PERMIT2_COLLECTOR,
                preApprovalCollector: CanonicalEscrow.V1_1_PRE_APPROVAL_COLLECTOR,
                spendPermissionCollector: CanonicalEscrow.V1_1_SPEND_PERMISSION_COLLECTOR,
                captureSelector: IAuthCaptureEscrow.capture.selector,
                captureTypehash: OperatorHashing.CAPTURE_TYPEHASH,
                captureAndVoidTypehash: OperatorHashing.CAPTURE_AND_VOID_TYPEHASH,
                isFeeInBps: false
            }),
            refundCollector
        )
    {}

    /// @inheritdoc ITermsOperator
    function charge(
        IAuthCaptureEscrow.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata,
        uint256 feeAmount,
        address feeReceiver
    ) external nonReentrant {
        _charge(paymentInfo, amount, tokenCollector, feeAmount, feeReceiver);
    }
}
