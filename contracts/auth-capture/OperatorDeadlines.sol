// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {PackedTerms} from "./PackedTerms.sol";

/// @title What time decides, and anyone may carry out
/// @notice ReleaseDue and voidExpired: they end a payment whose parties are absent.
abstract contract OperatorDeadlines is OperatorStorage {
    using PackedTerms for bytes;

    /// @inheritdoc ITermsOperatorCommon
    function releaseDue(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        (uint256 capturable, ) = _requireHeld(paymentInfoHash);
        bool isDisputed = _disputeOf(paymentInfoHash, terms_) != 0;
        uint256 expiry = paymentInfo.authorizationExpiry;
        // A hold that was touched is the authorizer's to finish: a push of the rest would take what it did not claim.
        bool canBeDue =
            terms_.arbiter() != address(0) &&
                capturable == paymentInfo.maxAmount &&
                (!isDisputed || terms_.flags() & PackedTerms.DISPUTE_DEFAULT_RECEIVER != 0);
        uint256 lead = isDisputed ? terms_.ruleLead() : terms_.releaseLead();
        if (!canBeDue || block.timestamp + lead < expiry || block.timestamp >= expiry) {
            revert NotReleasable(block.timestamp, canBeDue ? _before(expiry, lead) : type(uint256).max, expiry);
        }

        // Interaction:
        _release(paymentInfoHash, isDisputed ? RELEASED_BY_DEFAULT : RELEASED_UNDISPUTED, capturable, terms_);
    }

    /// @inheritdoc ITermsOperatorCommon
    function voidExpired(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external nonReentrant {
        _termsFor(paymentInfo);

        // Check:
        uint256 expiry = paymentInfo.authorizationExpiry;
        if (block.timestamp < expiry) revert NotExpired(block.timestamp, expiry);

        // Interaction:
        _requireEscrow();
        _void();
    }
}
