// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LibClone} from "solady/src/utils/LibClone.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";
import {ITokenStore} from "../../../contracts/interfaces/external/ITokenStore.sol";

/// @title What both generations of the local AuthCaptureEscrow share
///
/// @dev Does what the interface says and no more; what the deployed contract was seen to do is in `test/vectors/`, and
/// is replayed on this one. Only the order of checks and of transfers is the deployed one's: gas is near, not equal.
abstract contract CommonEscrow is IAuthCaptureEscrowCommon {
    /* CONSTANTS */

    /// @inheritdoc IAuthCaptureEscrowCommon
    bytes32 public constant PAYMENT_INFO_TYPEHASH = keccak256(
        "PaymentInfo(address operator,address payer,address receiver,address token,uint120 maxAmount,uint48 preApprovalExpiry,uint48 authorizationExpiry,uint48 refundExpiry,uint16 minFeeBps,uint16 maxFeeBps,address feeReceiver,uint256 salt)"
    );

    uint256 internal constant BPS = 10_000;

    /* IMMUTABLES */

    /// @inheritdoc IAuthCaptureEscrowCommon
    address public immutable tokenStoreImplementation; // solhint-disable-line immutable-vars-naming

    /* STORAGE */

    /// @inheritdoc IAuthCaptureEscrowCommon
    mapping(bytes32 paymentInfoHash => PaymentState state) public paymentState;

    bool private transient _entered;

    /* CONSTRUCTOR */

    /// @param implementation {TokenStore} of this escrow. The deployed contract creates it itself; here it is given, so
    /// that token stores have the same addresses wherever this code is put.
    constructor(address implementation) {
        tokenStoreImplementation = implementation;
    }

    /* MODIFIERS */

    modifier nonReentrant() {
        if (_entered) revert Reentrancy();
        _entered = true;
        _;
        _entered = false;
    }

    /* COLLECT, RETURN, REFUND */

    /// @inheritdoc IAuthCaptureEscrowCommon
    function authorize(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData
    ) external nonReentrant {
        _checkSender(paymentInfo.operator);
        _checkPayment(paymentInfo, amount);
        // Casting to 'uint120' is safe because _checkPayment bounds the amount
        bytes32 paymentInfoHash = _markCollected(paymentInfo, uint120(amount), 0);
        emit PaymentAuthorized(paymentInfoHash, paymentInfo, amount, tokenCollector);
        _collect(paymentInfo, amount, tokenCollector, collectorData, ITokenCollector.CollectorType.Payment);
    }

    /// @inheritdoc IAuthCaptureEscrowCommon
    function void(PaymentInfo calldata paymentInfo) external nonReentrant {
        _checkSender(paymentInfo.operator);
        (bytes32 paymentInfoHash, uint256 amount) = _takeAll(paymentInfo);
        emit PaymentVoided(paymentInfoHash, amount);
        _send(paymentInfo, paymentInfo.payer, amount);
    }

    /// @inheritdoc IAuthCaptureEscrowCommon
    function reclaim(PaymentInfo calldata paymentInfo) external nonReentrant {
        _checkSender(paymentInfo.payer);
        uint48 expiry = paymentInfo.authorizationExpiry;
        if (block.timestamp < expiry) revert BeforeAuthorizationExpiry(uint48(block.timestamp), expiry);
        (bytes32 paymentInfoHash, uint256 amount) = _takeAll(paymentInfo);
        emit PaymentReclaimed(paymentInfoHash, amount);
        _send(paymentInfo, paymentInfo.payer, amount);
    }

    /// @inheritdoc IAuthCaptureEscrowCommon
    function refund(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData
    ) external nonReentrant {
        _checkSender(paymentInfo.operator);
        _checkAmount(amount);
        uint48 expiry = paymentInfo.refundExpiry;
        if (block.timestamp >= expiry) revert AfterRefundExpiry(uint48(block.timestamp), expiry);
        bytes32 paymentInfoHash = getHash(paymentInfo);
        uint120 refundable = paymentState[paymentInfoHash].refundableAmount;
        if (refundable < amount) revert RefundExceedsCapture(amount, refundable);

        // Casting to 'uint120' is safe because the amount is at most a uint120
        paymentState[paymentInfoHash].refundableAmount = refundable - uint120(amount);
        emit PaymentRefunded(paymentInfoHash, amount, tokenCollector);

        _collect(paymentInfo, amount, tokenCollector, collectorData, ITokenCollector.CollectorType.Refund);
        _send(paymentInfo, paymentInfo.payer, amount);
    }

    /* VIEWS */

    /// @inheritdoc IAuthCaptureEscrowCommon
    function getHash(PaymentInfo calldata paymentInfo) public view returns (bytes32 paymentInfoHash) {
        bytes32 structHash = keccak256(abi.encode(PAYMENT_INFO_TYPEHASH, paymentInfo));
        return keccak256(abi.encode(block.chainid, address(this), structHash));
    }

    /// @inheritdoc IAuthCaptureEscrowCommon
    function getTokenStore(address operator) public view returns (address tokenStore) {
        return LibClone.predictDeterministicAddress(tokenStoreImplementation, _salt(operator), address(this));
    }

    /* INTERNAL: WHAT A GENERATION BUILDS ON */

    function _checkSender(address expected) internal view {
        if (msg.sender != expected) revert InvalidSender(msg.sender, expected);
    }

    function _checkAmount(uint256 amount) internal pure {
        if (amount == 0) revert ZeroAmount();
        if (amount > type(uint120).max) revert AmountOverflow(amount, type(uint120).max);
    }

    /// @dev What must hold of a payment when it is collected.
    function _checkPayment(PaymentInfo calldata paymentInfo, uint256 amount) internal view {
        _checkAmount(amount);
        if (amount > paymentInfo.maxAmount) revert ExceedsMaxAmount(amount, paymentInfo.maxAmount);

        uint48 preApproval = paymentInfo.preApprovalExpiry;
        uint48 authorization = paymentInfo.authorizationExpiry;
        if (block.timestamp >= preApproval) revert AfterPreApprovalExpiry(uint48(block.timestamp), preApproval);
        if (preApproval > authorization || authorization > paymentInfo.refundExpiry) {
            revert InvalidExpiries(preApproval, authorization, paymentInfo.refundExpiry);
        }

        (uint16 minFeeBps, uint16 maxFeeBps) = (paymentInfo.minFeeBps, paymentInfo.maxFeeBps);
        if (maxFeeBps > BPS) revert FeeBpsOverflow(maxFeeBps);
        if (minFeeBps > maxFeeBps) revert InvalidFeeBpsRange(minFeeBps, maxFeeBps);
    }

    function _checkFeeReceiver(PaymentInfo calldata paymentInfo, bool hasFee, address feeReceiver) internal pure {
        if (hasFee && feeReceiver == address(0)) revert ZeroFeeReceiver();
        address expected = paymentInfo.feeReceiver;
        if (expected != address(0) && expected != feeReceiver) revert InvalidFeeReceiver(feeReceiver, expected);
    }

    /// @dev A payment is collected once, whatever became of it.
    function _markCollected(
        PaymentInfo calldata paymentInfo,
        uint120 capturableAmount,
        uint120 refundableAmount
    ) internal returns (bytes32 paymentInfoHash) {
        paymentInfoHash = getHash(paymentInfo);
        if (paymentState[paymentInfoHash].hasCollectedPayment) revert PaymentAlreadyCollected(paymentInfoHash);
        paymentState[paymentInfoHash] = PaymentState(true, capturableAmount, refundableAmount);
    }

    /// @dev Moves an amount from what is held to what can be refunded.
    function _markCaptured(
        PaymentInfo calldata paymentInfo,
        uint256 amount
    ) internal returns (bytes32 paymentInfoHash) {
        uint48 expiry = paymentInfo.authorizationExpiry;
        if (block.timestamp >= expiry) revert AfterAuthorizationExpiry(uint48(block.timestamp), expiry);
        paymentInfoHash = getHash(paymentInfo);
        PaymentState memory state = paymentState[paymentInfoHash];
        if (state.capturableAmount < amount) {
            revert InsufficientAuthorization(paymentInfoHash, state.capturableAmount, amount);
        }
        // Casting to 'uint120' is safe because the amount is at most a uint120
        state.capturableAmount -= uint120(amount);
        state.refundableAmount += uint120(amount);
        paymentState[paymentInfoHash] = state;
    }

    /// @dev The collector's word is not taken for it: the token store must gain exactly the amount.
    function _collect(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        ITokenCollector.CollectorType expected
    ) internal {
        if (ITokenCollector(tokenCollector).collectorType() != expected) revert InvalidCollectorForOperation();
        address tokenStore = getTokenStore(paymentInfo.operator);
        IERC20 token = IERC20(paymentInfo.token);
        uint256 balance = token.balanceOf(tokenStore);
        ITokenCollector(tokenCollector).collectTokens(paymentInfo, tokenStore, amount, collectorData);
        if (token.balanceOf(tokenStore) != balance + amount) revert TokenCollectionFailed();
    }

    /// @dev The fee first; a part of zero is not sent.
    function _distribute(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        uint256 feeAmount,
        address feeReceiver
    ) internal {
        if (feeAmount != 0) _send(paymentInfo, feeReceiver, feeAmount);
        if (amount != feeAmount) _send(paymentInfo, paymentInfo.receiver, amount - feeAmount);
    }

    /* INTERNAL */

    function _takeAll(PaymentInfo calldata paymentInfo) private returns (bytes32 paymentInfoHash, uint256 amount) {
        paymentInfoHash = getHash(paymentInfo);
        amount = paymentState[paymentInfoHash].capturableAmount;
        if (amount == 0) revert ZeroAuthorization(paymentInfoHash);
        paymentState[paymentInfoHash].capturableAmount = 0;
    }

    /// @dev Deploys the operator's token store when its first tokens leave it.
    function _send(PaymentInfo calldata paymentInfo, address recipient, uint256 amount) private {
        address operator = paymentInfo.operator;
        address tokenStore = getTokenStore(operator);
        if (tokenStore.code.length == 0) {
            tokenStore = LibClone.cloneDeterministic(tokenStoreImplementation, _salt(operator));
            emit TokenStoreCreated(operator, tokenStore);
        }
        ITokenStore(tokenStore).sendTokens(paymentInfo.token, recipient, amount);
    }

    /// @dev The operator in the upper 20 bytes.
    function _salt(address operator) private pure returns (bytes32) {
        return bytes32(bytes20(operator));
    }
}
