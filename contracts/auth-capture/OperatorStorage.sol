// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LibClone} from "solady/src/utils/LibClone.sol";

import {IAuthCaptureEscrowCommon} from "../interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../interfaces/ITermsOperatorCommon.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {OperatorHashing} from "./OperatorHashing.sol";
import {PackedTerms} from "./PackedTerms.sol";
import {PaymentInfoHash} from "./PaymentInfoHash.sol";

/// @title State of an operator and the few steps that its parts share
/// @notice Checks of payments, splits of what is held, and calls of the escrow, each written once.
/// @dev Everything that is not the terms is equal for all operators of one generation and stands in the implementation's code. Calls of the
/// escrow are built from the calldata as it came: every external function has the payment as its first parameter.
abstract contract OperatorStorage is ITermsOperatorCommon, ReentrancyGuardTransient {
    using PackedTerms for bytes;

    /// @dev What differs between the generations of the escrow.
    struct Generation {
        address escrow;
        address eip3009Collector;
        address permit2Collector;
        address preApprovalCollector;
        address spendPermissionCollector;
        bytes4 captureSelector;
        bytes32 captureTypehash;
        bytes32 captureAndVoidTypehash;
        // Whether a fee is given in basis points instead of token base units.
        bool isFeeInBps;
    }

    /* CONSTANTS */

    uint256 private constant BPS = 10_000;

    /// @dev Who released a hold, in {PaymentReleased}.
    uint8 internal constant RELEASED_BY_PAYER = 1;
    uint8 internal constant RELEASED_UNDISPUTED = 2;
    uint8 internal constant RELEASED_BY_DEFAULT = 3;

    /* IMMUTABLES */

    address private immutable IMPLEMENTATION = address(this);

    IAuthCaptureEscrowCommon internal immutable ESCROW;
    address internal immutable EIP3009_COLLECTOR;
    address internal immutable PERMIT2_COLLECTOR;
    address internal immutable PRE_APPROVAL_COLLECTOR;
    address internal immutable SPEND_PERMISSION_COLLECTOR;
    address internal immutable REFUND_COLLECTOR;

    bytes32 internal immutable CAPTURE_TYPEHASH;
    bytes32 internal immutable CAPTURE_AND_VOID_TYPEHASH;
    bytes4 private immutable CAPTURE_SELECTOR;
    bool private immutable IS_FEE_IN_BPS;

    /* STORAGE */

    /// @dev When the payer disputed, unix seconds; the only thing that the escrow does not keep.
    mapping(bytes32 paymentInfoHash => uint48 timestamp) internal _disputedAt;

    /* CONSTRUCTOR */

    constructor(Generation memory generation, address refundCollector) {
        ESCROW = IAuthCaptureEscrowCommon(generation.escrow);
        EIP3009_COLLECTOR = generation.eip3009Collector;
        PERMIT2_COLLECTOR = generation.permit2Collector;
        PRE_APPROVAL_COLLECTOR = generation.preApprovalCollector;
        SPEND_PERMISSION_COLLECTOR = generation.spendPermissionCollector;
        REFUND_COLLECTOR = refundCollector;
        CAPTURE_TYPEHASH = generation.captureTypehash;
        CAPTURE_AND_VOID_TYPEHASH = generation.captureAndVoidTypehash;
        CAPTURE_SELECTOR = generation.captureSelector;
        IS_FEE_IN_BPS = generation.isFeeInBps;
    }

    /* INTERNAL: READING */

    /// @dev The terms in their packed form.
    function _terms() internal view returns (bytes memory) {
        if (address(this) == IMPLEMENTATION) revert NotClone();
        return LibClone.argsOnClone(address(this));
    }

    /// @dev The same for a call about a payment, which must be this operator's.
    function _termsFor(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) internal view returns (bytes memory) {
        if (address(this) == IMPLEMENTATION) revert NotClone();
        if (paymentInfo.operator != address(this)) revert WrongOperator(paymentInfo.operator);
        return LibClone.argsOnClone(address(this));
    }

    /// @dev The escrow's hash of the payment in the calldata.
    function _paymentInfoHash() internal view returns (bytes32) {
        return PaymentInfoHash.compute(address(ESCROW));
    }

    /// @dev What is held of the payment, and what can be refunded.
    function _amountsOf(bytes32 paymentInfoHash) internal view returns (uint256 capturable, uint256 refundable) {
        (, capturable, refundable) = ESCROW.paymentState(paymentInfoHash);
    }

    /// @dev What is held of the payment; something must be.
    function _requireHeld(bytes32 paymentInfoHash) internal view returns (uint256 capturable, uint256 refundable) {
        (capturable, refundable) = _amountsOf(paymentInfoHash);
        if (capturable == 0) revert NothingHeld();
    }

    /// @dev Zero if the payer did not dispute. Without an arbiter nobody can, and the slot is not read.
    function _disputeOf(bytes32 paymentInfoHash, bytes memory terms_) internal view returns (uint256) {
        return terms_.arbiter() == address(0) ? 0 : _disputedAt[paymentInfoHash];
    }

    function _authorizerOf(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        bytes memory terms_
    ) internal pure returns (address authorizer) {
        authorizer = terms_.authorizer();
        if (authorizer == address(0)) authorizer = paymentInfo.receiver;
    }

    /// @dev The terms' fee for `amount`, which is at most 120 bits wide, as the escrow takes it. Rounds down, towards the receiver.
    function _feeOf(uint256 amount, bytes memory terms_) internal view returns (uint256) {
        uint256 feeBps = terms_.feeBps();
        return IS_FEE_IN_BPS ? feeBps : (amount * feeBps) / BPS;
    }

    /// @dev `lead` before the expiry, to show it: what is due when is compared by adding the lead to the present.
    function _before(uint256 expiry, uint256 lead) internal pure returns (uint256) {
        return Math.saturatingSub(expiry, lead);
    }

    /* INTERNAL: CHECKS */

    function _checkDeadline(uint256 deadline) internal view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
    }

    function _checkAmount(uint256 amount, uint256 capturable) internal pure {
        if (amount > capturable) revert AmountExceedsHold(amount, capturable);
    }

    /// @dev `expected` must have signed, also if it calls.
    function _checkSignature(address expected, bytes32 structHash, bytes calldata signature) internal view {
        bytes32 digest = MessageHashUtils.toTypedDataHash(OperatorHashing.domainSeparator(address(this)), structHash);
        if (!SignatureVerification.isValid(expected, digest, signature)) revert InvalidSignature(expected);
    }

    /// @dev `expected` must have signed, or call with an empty signature.
    function _checkConsent(address expected, bytes32 structHash, bytes calldata signature) internal view {
        if (signature.length == 0 && msg.sender == expected) return;
        _checkSignature(expected, structHash, signature);
    }

    /* INTERNAL: INTERACTIONS */

    /// @dev Captures at the terms' fee.
    function _capture(uint256 amount, bytes memory terms_) internal {
        _capture(amount, _feeOf(amount, terms_), terms_.feeReceiver());
    }

    function _capture(uint256 amount, uint256 fee, address feeReceiver) internal {
        uint256 lastWord = uint256(uint160(feeReceiver));
        _callEscrow(abi.encodePacked(CAPTURE_SELECTOR, PaymentInfoHash.encoded(), amount, fee, lastWord));
    }

    function _void() internal {
        _callEscrow(abi.encodePacked(IAuthCaptureEscrowCommon.void.selector, PaymentInfoHash.encoded()));
    }

    /// @dev Captures all that is held.
    function _release(bytes32 paymentInfoHash, uint8 by, uint256 capturable, bytes memory terms_) internal {
        emit PaymentReleased(paymentInfoHash, by, capturable);
        _capture(capturable, terms_);
    }

    /// @dev Captures `receiverAmount` and voids the rest of what is held; the escrow refuses zero, so it is not asked.
    function _split(uint256 receiverAmount, uint256 capturable, bytes memory terms_) internal {
        if (receiverAmount != 0) _capture(receiverAmount, terms_);
        if (receiverAmount < capturable) _void();
    }

    /// @dev For calls that read nothing of the escrow before: on a chain without it they must not look like a success.
    function _requireEscrow() internal view {
        if (address(ESCROW).code.length == 0) revert Address.AddressEmptyCode(address(ESCROW));
    }

    /// @dev What the escrow reverts with, reaches the caller. That it has code was seen before.
    function _callEscrow(bytes memory data) internal {
        if (!LowLevelCall.callNoReturn(address(ESCROW), data)) LowLevelCall.bubbleRevert();
    }
}
