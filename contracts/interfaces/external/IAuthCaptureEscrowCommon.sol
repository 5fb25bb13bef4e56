// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What both generations of Base's AuthCaptureEscrow share
/// @notice Holds a payer's tokens for a payment until its operator captures, voids or refunds them.
///
/// @dev Written from the public interface of the deployed contracts, version 1.0.0 and 1.1.0 of base/commerce-payments.
/// {IAuthCaptureEscrow} adds what only 1.1 has, {IAuthCaptureEscrowV1_0} what only 1.0 has: how a fee is given.
///
/// One payment is one {PaymentInfo}, known on chain by its hash alone. It is collected once, by `authorize` or
/// `charge`, and never again. Tokens that take a fee from transfers or rebase are refused when they are collected.
/// Every function that changes state shares one reentrancy guard.
interface IAuthCaptureEscrowCommon {
    /// @notice A payment as its payer signs it.
    /// @param operator The one account that may authorize, charge, capture, void and refund.
    /// @param payer Whose tokens are collected; gets back what is voided, reclaimed or refunded.
    /// @param receiver Gets what is captured, less the fee.
    /// @param token ERC-20 contract.
    /// @param maxAmount Most that may be collected, in token base units.
    /// @param preApprovalExpiry Unix seconds, exclusive: until then the payment can be collected.
    /// @param authorizationExpiry Unix seconds, exclusive for captures; from then on the payer can reclaim.
    /// @param refundExpiry Unix seconds, exclusive: until then what was captured can be refunded.
    /// @param minFeeBps Least fee, in basis points (1/10 000) of the captured amount.
    /// @param maxFeeBps Greatest fee, in basis points (1/10 000) of the captured amount; at most 10 000.
    /// @param feeReceiver Gets the fee; zero lets the operator name a receiver with each capture.
    /// @param salt Makes payments with otherwise equal members different.
    struct PaymentInfo {
        address operator;
        address payer;
        address receiver;
        address token;
        uint120 maxAmount;
        uint48 preApprovalExpiry;
        uint48 authorizationExpiry;
        uint48 refundExpiry;
        uint16 minFeeBps;
        uint16 maxFeeBps;
        address feeReceiver;
        uint256 salt;
    }

    /// @notice Where a payment stands; one storage word.
    /// @param hasCollectedPayment True from the collection on, whatever happens later.
    /// @param capturableAmount Held and not yet captured, in token base units.
    /// @param refundableAmount Captured and not yet refunded, in token base units.
    struct PaymentState {
        bool hasCollectedPayment;
        uint120 capturableAmount;
        uint120 refundableAmount;
    }

    /// @notice A payment was collected and is held.
    /// @param paymentInfoHash {getHash} of `paymentInfo`.
    /// @param paymentInfo The payment in full.
    /// @param amount Token base units held.
    /// @param tokenCollector Contract that fetched the tokens.
    event PaymentAuthorized(
        bytes32 indexed paymentInfoHash,
        PaymentInfo paymentInfo,
        uint256 amount,
        address tokenCollector
    );

    /// @notice All that was held of a payment went back to its payer, by its operator.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @param amount Token base units.
    event PaymentVoided(bytes32 indexed paymentInfoHash, uint256 amount);

    /// @notice All that was held of an expired payment went back to its payer, by the payer itself.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @param amount Token base units.
    event PaymentReclaimed(bytes32 indexed paymentInfoHash, uint256 amount);

    /// @notice Part of what was captured came back to the payer, from the source behind the token collector.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @param amount Token base units.
    /// @param tokenCollector Contract that fetched the tokens.
    event PaymentRefunded(bytes32 indexed paymentInfoHash, uint256 amount, address tokenCollector);

    /// @notice An operator's token store was deployed, with the operator's first outgoing transfer.
    /// @param operator Whose payments it holds.
    /// @param tokenStore Address that {getTokenStore} has foretold.
    event TokenStoreCreated(address indexed operator, address tokenStore);

    /// @notice The function is not the caller's.
    /// @param sender Caller.
    /// @param expected The payment's operator, or its payer for `reclaim`.
    error InvalidSender(address sender, address expected);

    /// @notice An amount of zero.
    error ZeroAmount();

    /// @notice An amount that does not fit the state.
    /// @param amount Token base units asked for.
    /// @param limit Greatest value of a `uint120`.
    error AmountOverflow(uint256 amount, uint256 limit);

    /// @notice More than the payer agreed to.
    /// @param amount Token base units asked for.
    /// @param maxAmount Token base units agreed to.
    error ExceedsMaxAmount(uint256 amount, uint256 maxAmount);

    /// @notice Too late to collect.
    /// @param timestamp Unix seconds of the block.
    /// @param expiry `preApprovalExpiry`, unix seconds, exclusive.
    error AfterPreApprovalExpiry(uint48 timestamp, uint48 expiry);

    /// @notice The three expiries are not in order.
    /// @param preApproval Unix seconds.
    /// @param authorization Unix seconds.
    /// @param refund Unix seconds.
    error InvalidExpiries(uint48 preApproval, uint48 authorization, uint48 refund);

    /// @notice A greatest fee above the whole.
    /// @param feeBps `maxFeeBps`, basis points (1/10 000).
    error FeeBpsOverflow(uint16 feeBps);

    /// @notice A least fee above the greatest.
    /// @param minFeeBps Basis points (1/10 000).
    /// @param maxFeeBps Basis points (1/10 000).
    error InvalidFeeBpsRange(uint16 minFeeBps, uint16 maxFeeBps);

    /// @notice A fee without a receiver.
    error ZeroFeeReceiver();

    /// @notice Not the fee receiver that the payment names; also when the fee is zero.
    /// @param attempted Given with the call.
    /// @param expected Named by the payment.
    error InvalidFeeReceiver(address attempted, address expected);

    /// @notice The token collector serves the other direction.
    error InvalidCollectorForOperation();

    /// @notice The operator's token store did not gain exactly the amount.
    error TokenCollectionFailed();

    /// @notice The payment was collected before.
    /// @param paymentInfoHash {getHash} of the payment.
    error PaymentAlreadyCollected(bytes32 paymentInfoHash);

    /// @notice Too late to capture.
    /// @param timestamp Unix seconds of the block.
    /// @param expiry `authorizationExpiry`, unix seconds, exclusive.
    error AfterAuthorizationExpiry(uint48 timestamp, uint48 expiry);

    /// @notice More than is held.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @param authorizedAmount Token base units held.
    /// @param requestedAmount Token base units asked for.
    error InsufficientAuthorization(bytes32 paymentInfoHash, uint256 authorizedAmount, uint256 requestedAmount);

    /// @notice Nothing is held.
    /// @param paymentInfoHash {getHash} of the payment.
    error ZeroAuthorization(bytes32 paymentInfoHash);

    /// @notice Too early to reclaim.
    /// @param timestamp Unix seconds of the block.
    /// @param expiry `authorizationExpiry`, unix seconds, inclusive for a reclaim.
    error BeforeAuthorizationExpiry(uint48 timestamp, uint48 expiry);

    /// @notice Too late to refund.
    /// @param timestamp Unix seconds of the block.
    /// @param expiry `refundExpiry`, unix seconds, exclusive.
    error AfterRefundExpiry(uint48 timestamp, uint48 expiry);

    /// @notice More than was captured and not refunded yet.
    /// @param refund Token base units asked for.
    /// @param captured Token base units that can still be refunded.
    error RefundExceedsCapture(uint256 refund, uint256 captured);

    /// @notice A call from within a call: every function that changes state shares one guard.
    error Reentrancy();

    /// @notice Collects a payment and holds it.
    ///
    /// @dev Emits {PaymentAuthorized} before the tokens move.
    ///
    /// Requirements, in this order:
    /// - the caller is the operator, else {InvalidSender}.
    /// - `amount` is not zero, else {ZeroAmount}; fits `uint120`, else {AmountOverflow}; is at most `maxAmount`, else
    ///   {ExceedsMaxAmount}.
    /// - the block is before `preApprovalExpiry`, else {AfterPreApprovalExpiry}; the expiries are in order, else
    ///   {InvalidExpiries}.
    /// - `maxFeeBps` is at most 10 000, else {FeeBpsOverflow}; `minFeeBps` is at most `maxFeeBps`, else
    ///   {InvalidFeeBpsRange}.
    /// - the payment was not collected before, else {PaymentAlreadyCollected}.
    /// - the collector collects payments, else {InvalidCollectorForOperation}, and brings exactly `amount`, else
    ///   {TokenCollectionFailed}.
    ///
    /// @param paymentInfo The payment.
    /// @param amount Token base units to hold.
    /// @param tokenCollector Contract that fetches the tokens; any contract, the payer's signature decides what it can.
    /// @param collectorData For the collector, passed as it is.
    function authorize(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData
    ) external;

    /// @notice Sends all that is held back to the payer; at any time, also after the expiry.
    ///
    /// @dev Emits {PaymentVoided}.
    ///
    /// Requirements, in this order:
    /// - the caller is the operator, else {InvalidSender}.
    /// - something is held, else {ZeroAuthorization}.
    ///
    /// @param paymentInfo The payment.
    function void(PaymentInfo calldata paymentInfo) external;

    /// @notice Sends all that is held of an expired payment back to the payer, who calls.
    ///
    /// @dev Emits {PaymentReclaimed}.
    ///
    /// Requirements, in this order:
    /// - the caller is the payer, else {InvalidSender}.
    /// - the block is at or after `authorizationExpiry`, else {BeforeAuthorizationExpiry}.
    /// - something is held, else {ZeroAuthorization}.
    ///
    /// @param paymentInfo The payment.
    function reclaim(PaymentInfo calldata paymentInfo) external;

    /// @notice Fetches tokens through a refund collector and sends them to the payer.
    ///
    /// @dev Emits {PaymentRefunded} before the tokens move.
    ///
    /// Requirements, in this order:
    /// - the caller is the operator, else {InvalidSender}.
    /// - `amount` is not zero, else {ZeroAmount}; fits `uint120`, else {AmountOverflow}.
    /// - the block is before `refundExpiry`, else {AfterRefundExpiry}.
    /// - `amount` is at most what was captured and not refunded, else {RefundExceedsCapture}.
    /// - the collector collects refunds, else {InvalidCollectorForOperation}, and brings exactly `amount`, else
    ///   {TokenCollectionFailed}.
    ///
    /// @param paymentInfo The payment.
    /// @param amount Token base units.
    /// @param tokenCollector Contract that fetches the tokens.
    /// @param collectorData For the collector, passed as it is.
    function refund(
        PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData
    ) external;

    /// @notice Identity of a payment on this chain and this escrow.
    ///
    /// @dev `keccak256(abi.encode(block.chainid, address(this), keccak256(abi.encode(PAYMENT_INFO_TYPEHASH, paymentInfo))))`.
    /// It is not an EIP-712 digest. With `payer` zero it is the nonce of the payer's ERC-3009 or Permit2 signature.
    ///
    /// @param paymentInfo The payment.
    /// @return paymentInfoHash The hash.
    function getHash(PaymentInfo calldata paymentInfo) external view returns (bytes32 paymentInfoHash);

    /// @notice Address of an operator's token store, whether or not it has code yet.
    /// @param operator Operator of payments.
    /// @return tokenStore A clone of {tokenStoreImplementation} that holds the tokens of all payments of this operator.
    function getTokenStore(address operator) external view returns (address tokenStore);

    /// @notice State of a payment; all zero before it is collected.
    /// @param paymentInfoHash {getHash} of the payment.
    /// @return hasCollectedPayment See {PaymentState}.
    /// @return capturableAmount See {PaymentState}.
    /// @return refundableAmount See {PaymentState}.
    function paymentState(
        bytes32 paymentInfoHash
    ) external view returns (bool hasCollectedPayment, uint120 capturableAmount, uint120 refundableAmount);

    /// @notice Contract that every token store is a clone of.
    /// @return implementation Its address.
    function tokenStoreImplementation() external view returns (address implementation);

    /// @notice EIP-712 type hash of {PaymentInfo}, a part of {getHash}.
    /// @return typehash 0xae68ac7ce30c86ece8196b61a7c486d8f0061f575037fbd34e7fe4e2820c6591.
    function PAYMENT_INFO_TYPEHASH() external view returns (bytes32 typehash); // solhint-disable-line func-name-mixedcase
}
