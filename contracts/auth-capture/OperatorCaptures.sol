// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {OperatorHashing} from "./OperatorHashing.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {PackedTerms} from "./PackedTerms.sol";

/// @title What the authorizer decides
/// @notice Capture, captureAndVoid, void and refund, each by the authorizer's call or signature.
abstract contract OperatorCaptures is OperatorStorage {
    using PackedTerms for bytes;

    /// @inheritdoc ITermsOperatorCommon
    function capture(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        bytes calldata signature
    ) external nonReentrant {
        _captureSigned(paymentInfo, amount, signature, CAPTURE_TYPEHASH);
    }

    /// @inheritdoc ITermsOperatorCommon
    function captureAndVoid(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        bytes calldata signature
    ) external nonReentrant {
        uint256 capturable = _captureSigned(paymentInfo, amount, signature, CAPTURE_AND_VOID_TYPEHASH);
        if (amount < capturable) _void();
    }

    /// @inheritdoc ITermsOperatorCommon
    function void(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        bytes calldata signature
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);

        // Check:
        address authorizer = _authorizerOf(paymentInfo, terms_);
        _checkConsent(authorizer, OperatorHashing.voidHash(_paymentInfoHash()), signature);

        // Interaction:
        _requireEscrow();
        _void();
    }

    /// @inheritdoc ITermsOperatorCommon
    function refund(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata,
        bytes calldata signature
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        if (tokenCollector != REFUND_COLLECTOR) revert CollectorNotAllowed(tokenCollector);
        (uint256 capturable, uint256 refundable) = _amountsOf(paymentInfoHash);
        _checkSignature({
            expected: _authorizerOf(paymentInfo, terms_),
            structHash: OperatorHashing.refundHash(paymentInfoHash, amount, tokenCollector, capturable, refundable),
            signature: signature
        });

        // Interaction: the escrow's parameters are the first ones of this function, and offsets count from their start, so the escrow reads the
        // same payment, amount, collector and data, and does not look at the signature behind them.
        _callEscrow(abi.encodePacked(IAuthCaptureEscrowCommon.refund.selector, msg.data[4:]));
    }

    /* INTERNAL */

    /// @dev Returns what was held before.
    function _captureSigned(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        bytes calldata signature,
        bytes32 typehash
    ) private returns (uint256 capturable) {
        bytes memory terms_ = _termsFor(paymentInfo);
        bytes32 paymentInfoHash = _paymentInfoHash();

        // Check:
        if (terms_.arbiter() != address(0)) {
            uint256 disputedAt = _disputedAt[paymentInfoHash];
            if (disputedAt != 0) revert UnderDispute(disputedAt);
            uint256 lead = terms_.releaseLead();
            uint256 expiry = paymentInfo.authorizationExpiry;
            if (block.timestamp + lead < expiry) revert CaptureTooEarly(block.timestamp, _before(expiry, lead));
        }
        uint256 refundable;
        (capturable, refundable) = _amountsOf(paymentInfoHash);
        _checkAmount(amount, capturable);
        uint256 fee = _feeOf(amount, terms_);
        address feeReceiver = terms_.feeReceiver();
        _checkSignature({
            expected: _authorizerOf(paymentInfo, terms_),
            structHash: OperatorHashing.captureHash({
                typehash: typehash,
                paymentInfoHash: paymentInfoHash,
                amount: amount,
                fee: fee,
                feeReceiver: feeReceiver,
                capturable: capturable,
                refundable: refundable
            }),
            signature: signature
        });

        // Interaction:
        _capture(amount, fee, feeReceiver);
    }
}
