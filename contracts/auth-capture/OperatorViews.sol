// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {PackedTerms} from "./PackedTerms.sol";

/// @title What anyone can read
/// @notice The terms of the operator, and where one payment stands under them.
abstract contract OperatorViews is OperatorStorage {
    using PackedTerms for bytes;

    /// @inheritdoc ITermsOperatorCommon
    function terms() external view returns (Terms memory) {
        return _terms().unpack();
    }

    /// @inheritdoc ITermsOperatorCommon
    function statusOf(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo
    ) external view returns (Status memory status) {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        (status.collected, status.capturable, status.refundable) = ESCROW.paymentState(paymentInfoHash);
        status.disputedAt = _disputedAt[paymentInfoHash];
        // Not later than an expiry of 48 bits.
        uint256 expiry = paymentInfo.authorizationExpiry;
        status.releasableFrom = uint48(_before(expiry, terms_.releaseLead()));
        status.rulingDeadline = uint48(_before(expiry, terms_.ruleLead()));
    }
}
