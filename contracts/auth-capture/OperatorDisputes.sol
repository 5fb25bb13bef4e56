// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {OperatorHashing} from "./OperatorHashing.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {PackedTerms} from "./PackedTerms.sol";

/// @title What the payer and the arbiter decide, and what payer and authorizer decide together
/// @notice Release, dispute, rule and settle, each by calls or signatures of the parties that the terms name.
abstract contract OperatorDisputes is OperatorStorage {
    using PackedTerms for bytes;

    /// @inheritdoc ITermsOperatorCommon
    function release(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint48 deadline,
        bytes calldata signature
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        (uint256 capturable, ) = _requireHeld(paymentInfoHash);
        _checkDeadline(deadline);
        bool isDisputed = _disputeOf(paymentInfoHash, terms_) != 0;
        _checkConsent({
            expected: paymentInfo.payer,
            structHash: OperatorHashing.releaseHash(paymentInfoHash, capturable, isDisputed, deadline),
            signature: signature
        });

        // Interaction:
        _release(paymentInfoHash, RELEASED_BY_PAYER, capturable, terms_);
    }

    /// @inheritdoc ITermsOperatorCommon
    function dispute(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        bytes32 reasonHash,
        uint48 deadline,
        bytes calldata signature
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        if (terms_.arbiter() == address(0)) revert NoArbiter();
        _requireHeld(paymentInfoHash);
        uint256 disputedAt = _disputedAt[paymentInfoHash];
        if (disputedAt != 0) revert AlreadyDisputed(disputedAt);
        uint256 expiry = paymentInfo.authorizationExpiry;
        uint256 lead = terms_.releaseLead();
        if (block.timestamp + lead >= expiry) revert DisputeWindowClosed(block.timestamp, _before(expiry, lead));
        _checkDeadline(deadline);
        _checkConsent({
            expected: paymentInfo.payer,
            structHash: OperatorHashing.disputeHash(paymentInfoHash, reasonHash, deadline),
            signature: signature
        });

        // Effect: the present is before an expiry of 48 bits.
        _disputedAt[paymentInfoHash] = uint48(block.timestamp);
        emit PaymentDisputed(paymentInfoHash, reasonHash, uint48(_before(expiry, terms_.ruleLead())));
    }

    /// @inheritdoc ITermsOperatorCommon
    function rule(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 receiverAmount,
        bytes calldata signature
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        if (_disputeOf(paymentInfoHash, terms_) == 0) revert NotDisputed();
        (uint256 capturable, ) = _requireHeld(paymentInfoHash);
        uint256 expiry = paymentInfo.authorizationExpiry;
        uint256 lead = terms_.ruleLead();
        if (block.timestamp + lead >= expiry) revert RuleWindowClosed(block.timestamp, _before(expiry, lead));
        _checkAmount(receiverAmount, capturable);
        _checkConsent(terms_.arbiter(), OperatorHashing.ruleHash(paymentInfoHash, receiverAmount), signature);

        // Interaction:
        emit PaymentRuled(paymentInfoHash, receiverAmount, capturable - receiverAmount);
        _split(receiverAmount, capturable, terms_);
    }

    /// @inheritdoc ITermsOperatorCommon
    function settle(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 receiverAmount,
        uint48 deadline,
        bytes calldata payerSignature,
        bytes calldata authorizerSignature
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        (uint256 capturable, uint256 refundable) = _requireHeld(paymentInfoHash);
        _checkDeadline(deadline);
        _checkAmount(receiverAmount, capturable);
        bytes32 structHash = OperatorHashing.settleHash({
            paymentInfoHash: paymentInfoHash,
            receiverAmount: receiverAmount,
            capturable: capturable,
            refundable: refundable,
            disputed: _disputeOf(paymentInfoHash, terms_) != 0,
            deadline: deadline
        });
        _checkConsent(paymentInfo.payer, structHash, payerSignature);
        _checkConsent(_authorizerOf(paymentInfo, terms_), structHash, authorizerSignature);

        // Interaction:
        emit PaymentSettled(paymentInfoHash, receiverAmount, capturable - receiverAmount);
        _split(receiverAmount, capturable, terms_);
    }
}
