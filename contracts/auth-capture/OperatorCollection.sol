// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {OperatorStorage} from "./OperatorStorage.sol";
import {PackedTerms} from "./PackedTerms.sol";

/// @title How a signed payment comes in
/// @notice Authorize and charge in the escrow's own form, for anyone who brings what the payer signed.
/// @dev Anyone may collect, so nothing is left to the caller: flow, amount, collector, parties, fee and times are the payer's or the terms'. The
/// call then goes to the escrow as it came, with whatever a relayer appended.
abstract contract OperatorCollection is OperatorStorage {
    using PackedTerms for bytes;

    /// @inheritdoc ITermsOperatorCommon
    function authorize(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata
    ) external nonReentrant {
        bytes memory terms_ = _termsFor(paymentInfo);

        // Check:
        if (terms_.flags() & PackedTerms.CHARGE_FLOW != 0) revert WrongFlow();
        _checkCollection(paymentInfo, amount, tokenCollector, terms_);
        uint256 expiry = paymentInfo.authorizationExpiry;
        uint256 earliest = block.timestamp + terms_.disputeWindow() + terms_.releaseLead();
        if (expiry < earliest) revert HoldTooShort(expiry, earliest);
        uint256 latest = block.timestamp + terms_.maxHold();
        if (expiry > latest) revert HoldTooLong(expiry, latest);

        // Interaction:
        _forward(paymentInfo);
    }

    /* INTERNAL */

    /// @dev Charges, for the top contract, which has the function in its generation's form. `fee` is in that form too.
    function _charge(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        uint256 fee,
        address feeReceiver
    ) internal {
        bytes memory terms_ = _termsFor(paymentInfo);

        // Check:
        if (terms_.flags() & PackedTerms.CHARGE_FLOW == 0) revert WrongFlow();
        _checkCollection(paymentInfo, amount, tokenCollector, terms_);
        if (fee != _feeOf(amount, terms_) || feeReceiver != terms_.feeReceiver()) _revertFee(terms_);

        // Interaction:
        _forward(paymentInfo);
    }

    function _checkCollection(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes memory terms_
    ) private view {
        if (amount != paymentInfo.maxAmount) revert AmountNotMax(amount, paymentInfo.maxAmount);
        if (!_isPaymentCollector(tokenCollector)) revert CollectorNotAllowed(tokenCollector);
        address arbiter = terms_.arbiter();
        _checkParty(paymentInfo.receiver, arbiter);
        _checkParty(paymentInfo.payer, arbiter);
        uint256 feeBps = terms_.feeBps();
        if (
            paymentInfo.feeReceiver != terms_.feeReceiver() ||
            paymentInfo.minFeeBps > feeBps ||
            paymentInfo.maxFeeBps < feeBps
        ) _revertFee(terms_);
    }

    function _isPaymentCollector(address tokenCollector) private view returns (bool) {
        return
            tokenCollector == EIP3009_COLLECTOR ||
            tokenCollector == PERMIT2_COLLECTOR ||
            tokenCollector == PRE_APPROVAL_COLLECTOR ||
            tokenCollector == SPEND_PERMISSION_COLLECTOR;
    }

    /// @dev Whoever judges must not be a party, and what is paid to this contract would be lost.
    function _checkParty(address party, address arbiter) private view {
        if (party == address(0) || party == address(this) || party == arbiter) revert InvalidParty(party);
    }

    function _revertFee(bytes memory terms_) private pure {
        revert FeeTermsMismatch(terms_.feeReceiver(), terms_.feeBps());
    }

    function _forward(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) private {
        _requireEscrow();
        emit PaymentOpened(_paymentInfoHash(), paymentInfo.payer, paymentInfo.receiver);
        _callEscrow(msg.data);
    }
}
