// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAuthCaptureEscrowCommon} from "./external/IAuthCaptureEscrowCommon.sol";

/// @title TermsOperator: an operator of the canonical AuthCaptureEscrow whose address is its terms
/// @notice The escrow holds the money and lets one operator, named in the payment, decide about it. This operator decides by fixed terms:
/// it is a clone whose immutable arguments are the {Terms}, so the payer's ordinary signature over `PaymentInfo.operator` commits to every
/// rule below. Serves the x402 scheme `auth-capture` as a `captureAuthorizer` of `operatorType: "custom"`. What both generations of the
/// escrow share stands here; {ITermsOperator} and {ITermsOperatorV1_0} add `charge` with the fee as each generation takes it.
///
/// @dev Words. *payer*, *receiver*, *authorize*, *charge*, *capture*, *void*, *refund* and *reclaim* are the escrow's. The *authorizer* is
/// the seller's key of consent, the *arbiter* splits disputed holds. A *hold* is what the escrow keeps of an authorized payment:
/// `capturableAmount`, c below; `refundableAmount` is r. E is `authorizationExpiry` of the payment, W is `E - releaseLead`, Q is
/// `E - ruleLead`.
///
/// Three kinds of terms. *Charge*: `charge` once, then {refund}. *Hold* (no arbiter): the authorizer captures any part before E, the payer may
/// release, and from E on the rest is the payer's. *Arbitrated hold*: before W nothing reaches the receiver but by the payer's release or by
/// both parties' settlement; the payer may dispute before W; a disputed hold is split by the arbiter before Q; of an undisputed one anybody
/// may push the whole amount to the receiver from W on, or the authorizer captures; from E on the rest is the payer's.
///
/// A party other than the authorizer changes what is held only by bringing it to zero: otherwise it could make the authorizer's signatures,
/// which bind c and r, stale without end. And from every state a permissionless call ends the hold at E: {voidExpired}.
///
/// Signatures. EIP-712 domain: name "x402 Auth Capture Operator", version "1", `chainId`, `verifyingContract` this operator. 65 bytes
/// `r, s, v`, 64 bytes `r, vs` (EIP-2098) or bytes for an ERC-1271 `isValidSignature`, which gets all gas. A key's own signature counts even if
/// code sits at its address. Where it is said, an empty signature stands for the party when the party itself is `msg.sender`; an empty
/// signature from anybody else is put to the party's ERC-1271. The types `Capture`, `Void` and `Refund` are the scheme's own:
/// - `Capture(bytes32 paymentInfoHash,uint256 amount,uint256 feeAmount,address feeReceiver,uint256 expectedCapturableAmount,uint256
///   expectedRefundableAmount)`
/// - `CaptureAndVoid(bytes32 paymentInfoHash,uint256 amount,uint256 feeAmount,address feeReceiver,uint256 expectedCapturableAmount,uint256
///   expectedRefundableAmount)`
/// - `Void(bytes32 paymentInfoHash)`
/// - `Refund(bytes32 paymentInfoHash,uint256 amount,address tokenCollector,uint256 expectedCapturableAmount,uint256
///   expectedRefundableAmount)`
/// - `Release(bytes32 paymentInfoHash,uint256 expectedCapturableAmount,bool disputed,uint48 deadline)`
/// - `Dispute(bytes32 paymentInfoHash,bytes32 reasonHash,uint48 deadline)`
/// - `Rule(bytes32 paymentInfoHash,uint256 receiverAmount)`
/// - `Settle(bytes32 paymentInfoHash,uint256 receiverAmount,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount,bool
///   disputed,uint48 deadline)`
/// On escrow v1.0 `Capture` and `CaptureAndVoid` have `uint16 feeBps` in place of `uint256 feeAmount`. `paymentInfoHash` is the escrow's
/// `getHash`. The pair (c, r) never recurs, so a signature that binds it acts once.
///
/// The terms' fee comes out of what the receiver is paid: `amount * feeBps / 10000` for each capture, rounded down in the receiver's favour;
/// captures of tiny amounts can round it to zero. It is never rewritten by a caller. A fee receiver or a receiver that the token refuses
/// makes every capture revert, and from E on the payer has the hold back; a payer that the token refuses makes every call with a void
/// revert.
///
/// The escrow's errors reach the caller as they are: for example `ZeroAmount` for an amount of zero, `ZeroAuthorization` for a void of
/// nothing, `AfterAuthorizationExpiry` for a well-signed capture from E on. A signature's `deadline` is inclusive, W, Q and E are the first
/// second of what they begin. Every function but the views is locked against reentrancy, reverts with {NotClone} on the bare implementation
/// and with {WrongOperator} for a payment of another operator; these checks come before the ones that are listed.
///
/// There is no owner, no pause and no upgrade; the operator never holds tokens and has no allowance.
interface ITermsOperatorCommon {
    /* TYPES */

    /// @notice The rules of one operator. They are valid when the following holds, else {ITermsOperatorFactory-InvalidTerms}
    /// names the first rule that fails:
    /// 1. `flags < 4`;
    /// 2. `feeBps < 10000`;
    /// 3. `feeReceiver` is zero exactly when `feeBps` is;
    /// 4. with CHARGE_FLOW: no other flag, and arbiter, leads, disputeWindow and maxHold are zero; the rules below do not apply;
    /// 5. `maxHold` is not zero;
    /// 6. without an arbiter: leads and disputeWindow are zero and DISPUTE_DEFAULT_RECEIVER is not set;
    /// 7. with an arbiter: it is not the authorizer, `disputeWindow >= 3600` and `releaseLead >= ruleLead + 3600`;
    /// 8. `ruleLead >= 3600` with DISPUTE_DEFAULT_RECEIVER, zero without;
    /// 9. `disputeWindow + releaseLead < maxHold`.
    /// @param authorizer The seller's key of consent, a key or an ERC-1271 contract; zero for the receiver of each payment.
    /// @param arbiter Who splits disputed holds; zero for nobody, then there are no disputes.
    /// @param feeReceiver Who gets the fee; zero where there is none.
    /// @param feeBps Fee on captures and charges, exactly, basis points (1/10 000).
    /// @param releaseLead Seconds before E from which an undisputed arbitrated hold may be pushed to the receiver.
    /// @param ruleLead Seconds before E when a dispute without a ruling falls to the receiver; only with DISPUTE_DEFAULT_RECEIVER.
    /// @param disputeWindow Least time that the payer has to dispute after the collection, seconds.
    /// @param maxHold Longest hold: E is at most this many seconds after the collection.
    /// @param flags 1 CHARGE_FLOW: the payment is charged at once. 2 DISPUTE_DEFAULT_RECEIVER: a dispute that the arbiter lets pass falls to
    /// the receiver; otherwise to the payer.
    /// @param salt Tells operators of equal terms apart; each has a token store of its own.
    struct Terms {
        address authorizer;
        address arbiter;
        address feeReceiver;
        uint16 feeBps;
        uint32 releaseLead;
        uint32 ruleLead;
        uint32 disputeWindow;
        uint32 maxHold;
        uint8 flags;
        bytes32 salt;
    }

    /// @notice A payment as the chain shows it. Voided, reclaimed and fully refunded payments look the same.
    /// @param collected True once the payment was authorized or charged.
    /// @param capturable What is held, token base units.
    /// @param refundable What was captured or charged and not refunded, token base units.
    /// @param disputedAt When the payer disputed, unix seconds; zero if it did not.
    /// @param releasableFrom W: first second at which an undisputed arbitrated hold may be pushed to the receiver, and the payer can no longer
    /// dispute, unix seconds. Equals E without an arbiter.
    /// @param rulingDeadline Q: first second at which the arbiter can no longer rule, unix seconds. Equals E unless a dispute falls to the
    /// receiver.
    struct Status {
        bool collected;
        uint120 capturable;
        uint120 refundable;
        uint48 disputedAt;
        uint48 releasableFrom;
        uint48 rulingDeadline;
    }

    /* EVENTS (the escrow's own stay the record of money) */

    /// @notice A payment was authorized or charged. Anybody can cause this with worthless tokens: filter by token and hash.
    /// @param paymentInfoHash The escrow's `getHash` of the payment.
    /// @param payer Who pays.
    /// @param receiver Who is paid.
    event PaymentOpened(bytes32 indexed paymentInfoHash, address indexed payer, address indexed receiver);

    /// @notice The payer disputed: only the arbiter, the payer's release, both parties together or the terms' default move the hold now.
    /// @param paymentInfoHash The escrow's `getHash` of the payment.
    /// @param reasonHash Hash of the payer's reason, made and published off-chain.
    /// @param rulingDeadline Q: first second at which the arbiter can no longer rule, unix seconds.
    event PaymentDisputed(bytes32 indexed paymentInfoHash, bytes32 reasonHash, uint48 rulingDeadline);

    /// @notice The arbiter split the hold.
    /// @param paymentInfoHash The escrow's `getHash` of the payment.
    /// @param receiverAmount What was captured, the fee included, token base units.
    /// @param payerAmount What was voided, token base units.
    event PaymentRuled(bytes32 indexed paymentInfoHash, uint256 receiverAmount, uint256 payerAmount);

    /// @notice Payer and authorizer split the hold together.
    /// @param paymentInfoHash The escrow's `getHash` of the payment.
    /// @param receiverAmount What was captured, the fee included, token base units.
    /// @param payerAmount What was voided, token base units.
    event PaymentSettled(bytes32 indexed paymentInfoHash, uint256 receiverAmount, uint256 payerAmount);

    /// @notice The whole hold was captured for the receiver, other than by the authorizer.
    /// @param paymentInfoHash The escrow's `getHash` of the payment.
    /// @param by 1: the payer released it. 2: it was due and undisputed. 3: the dispute fell to the receiver.
    /// @param amount What was captured, the fee included, token base units.
    event PaymentReleased(bytes32 indexed paymentInfoHash, uint8 by, uint256 amount);

    /* ERRORS: EVERY CALL */

    /// @notice This is the implementation; call an operator that the factory deployed.
    error NotClone();

    /// @notice The payment belongs to another operator.
    /// @param operator `PaymentInfo.operator`.
    error WrongOperator(address operator);

    /// @notice The signature is not that of `expected`.
    /// @param expected Who must sign.
    error InvalidSignature(address expected);

    /// @notice The signature's deadline has passed.
    /// @param deadline Last second, unix seconds.
    /// @param currentTime Time of this block, unix seconds.
    error SignatureExpired(uint256 deadline, uint256 currentTime);

    /* ERRORS: COLLECTION */

    /// @notice The terms are for the other flow: `charge` with CHARGE_FLOW, {authorize} without.
    error WrongFlow();

    /// @notice A payment is collected whole.
    /// @param amount What was asked for, token base units.
    /// @param maxAmount What the payer signed, token base units.
    error AmountNotMax(uint256 amount, uint256 maxAmount);

    /// @notice The token collector is none of those that may be used here: the four canonical payment collectors to collect, the
    /// SignedRefundCollector to refund.
    /// @param tokenCollector The collector of the call.
    error CollectorNotAllowed(address tokenCollector);

    /// @notice Payer or receiver is zero, the operator or the arbiter.
    /// @param party The payer or the receiver.
    error InvalidParty(address party);

    /// @notice The payment, or the fee of the call, does not fit the terms' fee.
    /// @param feeReceiver The terms' fee receiver.
    /// @param feeBps The terms' fee, basis points (1/10 000).
    error FeeTermsMismatch(address feeReceiver, uint256 feeBps);

    /// @notice The hold would end before the payer had its time to dispute.
    /// @param authorizationExpiry E of the payment, unix seconds.
    /// @param earliest Earliest E that is accepted now, unix seconds.
    error HoldTooShort(uint256 authorizationExpiry, uint256 earliest);

    /// @notice The hold would last longer than the terms allow.
    /// @param authorizationExpiry E of the payment, unix seconds.
    /// @param latest Latest E that is accepted now, unix seconds.
    error HoldTooLong(uint256 authorizationExpiry, uint256 latest);

    /* ERRORS: LIFECYCLE */

    /// @notice More was asked for than is held.
    /// @param amount What was asked for, token base units.
    /// @param capturableAmount What is held, token base units.
    error AmountExceedsHold(uint256 amount, uint256 capturableAmount);

    /// @notice The payment is not collected, or nothing is held of it any more.
    error NothingHeld();

    /// @notice The payer disputed; the authorizer can void, refund or settle, and the arbiter rules.
    /// @param disputedAt When, unix seconds.
    error UnderDispute(uint256 disputedAt);

    /// @notice The payer can still dispute.
    /// @param currentTime Time of this block, unix seconds.
    /// @param releasableFrom W: first second at which the authorizer can capture, unix seconds.
    error CaptureTooEarly(uint256 currentTime, uint256 releasableFrom);

    /// @notice The terms name no arbiter, so there are no disputes.
    error NoArbiter();

    /// @notice The payer disputed before.
    /// @param disputedAt When, unix seconds.
    error AlreadyDisputed(uint256 disputedAt);

    /// @notice It is too late to dispute.
    /// @param currentTime Time of this block, unix seconds.
    /// @param releasableFrom W: first second at which the payer can no longer dispute, unix seconds.
    error DisputeWindowClosed(uint256 currentTime, uint256 releasableFrom);

    /// @notice The payer did not dispute, so there is nothing to rule on.
    error NotDisputed();

    /// @notice It is too late to rule.
    /// @param currentTime Time of this block, unix seconds.
    /// @param rulingDeadline Q: first second at which the arbiter can no longer rule, unix seconds.
    error RuleWindowClosed(uint256 currentTime, uint256 rulingDeadline);

    /// @notice The hold is not due to the receiver now.
    /// @param currentTime Time of this block, unix seconds.
    /// @param from First second at which it is due, unix seconds; the largest value if it never will be: no arbiter, part of it is gone, or the
    /// payer disputed and the dispute does not fall to the receiver.
    /// @param authorizationExpiry E: first second at which it is no longer due, unix seconds.
    error NotReleasable(uint256 currentTime, uint256 from, uint256 authorizationExpiry);

    /// @notice The hold has not expired.
    /// @param currentTime Time of this block, unix seconds.
    /// @param authorizationExpiry E: first second at which anyone can void it, unix seconds.
    error NotExpired(uint256 currentTime, uint256 authorizationExpiry);

    /* COLLECTION */

    /// @notice Collects a signed payment into the escrow, for anyone. The signature is the escrow's own `authorize`.
    ///
    /// @dev Emits {PaymentOpened}; the escrow emits `PaymentAuthorized`. The call is forwarded to the escrow as it came.
    ///
    /// Requirements, in this order:
    /// - the terms have no CHARGE_FLOW, else {WrongFlow};
    /// - `amount == paymentInfo.maxAmount`, else {AmountNotMax};
    /// - the collector is one of the escrow's four canonical payment collectors, else {CollectorNotAllowed};
    /// - receiver and payer are not zero, this operator or the arbiter, else {InvalidParty};
    /// - `paymentInfo.feeReceiver` is the terms', and the terms' fee lies within its bounds, else {FeeTermsMismatch};
    /// - now + disputeWindow + releaseLead is at most E, else {HoldTooShort};
    /// - E is at most now + maxHold, else {HoldTooLong};
    /// - what the escrow requires.
    ///
    /// @param paymentInfo The payment that the payer signed.
    /// @param amount Token base units.
    /// @param tokenCollector Canonical payment collector.
    /// @param collectorData What the collector needs, for example the payer's signature; passed on untouched.
    function authorize(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData
    ) external;

    /* THE AUTHORIZER */

    /// @notice Captures part of the hold for the receiver, signed by the authorizer, relayed by anyone.
    ///
    /// @dev The escrow emits `PaymentCaptured`. The rest stays held. The signature is needed even if the authorizer calls: it binds c and r, so
    /// a call that is sent twice acts once.
    ///
    /// Requirements, in this order:
    /// - with an arbiter: not disputed, else {UnderDispute}, and now + releaseLead >= E, else {CaptureTooEarly};
    /// - `amount` is at most c, else {AmountExceedsHold};
    /// - `Capture` over the current c and r and the terms' fee, signed by the authorizer, else {InvalidSignature};
    /// - what the escrow requires: before E, and an amount above zero.
    ///
    /// @param paymentInfo The payment.
    /// @param amount What to capture, the fee included, token base units.
    /// @param signature The authorizer's.
    function capture(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        bytes calldata signature
    ) external;

    /// @notice Captures part of the hold for the receiver and gives the rest back to the payer, by one signature, so that nobody can play one
    /// half alone.
    ///
    /// @dev The escrow emits `PaymentCaptured`, and `PaymentVoided` if anything is left. Requirements as {capture}, with `CaptureAndVoid`.
    ///
    /// @param paymentInfo The payment.
    /// @param amount What to capture, the fee included, token base units.
    /// @param signature The authorizer's.
    function captureAndVoid(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        bytes calldata signature
    ) external;

    /// @notice Gives the whole hold back to the payer, at any time.
    ///
    /// @dev The escrow emits `PaymentVoided`. Final. Requirements: `Void` signed by the authorizer, or sent by it with an empty signature, else
    /// {InvalidSignature}.
    ///
    /// @param paymentInfo The payment.
    /// @param signature The authorizer's, or empty.
    function void(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo, bytes calldata signature) external;

    /// @notice Gives captured money back to the payer, out of the pocket of whoever signed `collectorData`.
    ///
    /// @dev The escrow emits `PaymentRefunded`. The authorizer's signature is always needed, as in {capture}.
    ///
    /// Requirements, in this order:
    /// - the collector is the SignedRefundCollector of this escrow, else {CollectorNotAllowed};
    /// - `Refund` over the current c and r, signed by the authorizer, else {InvalidSignature};
    /// - what the escrow requires: before `refundExpiry`, at most what was captured.
    ///
    /// @param paymentInfo The payment.
    /// @param amount Token base units.
    /// @param tokenCollector The SignedRefundCollector.
    /// @param collectorData Who funds the refund, and its signature; see {ISignedRefundCollector}.
    /// @param signature The authorizer's.
    function refund(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 amount,
        address tokenCollector,
        bytes calldata collectorData,
        bytes calldata signature
    ) external;

    /* THE PAYER */

    /// @notice The payer is satisfied: captures the whole hold for the receiver, disputed or not.
    ///
    /// @dev Emits {PaymentReleased}; the escrow emits `PaymentCaptured`. The signature binds c and whether the hold is disputed.
    ///
    /// Requirements, in this order:
    /// - something is held, else {NothingHeld};
    /// - `block.timestamp <= deadline`, else {SignatureExpired};
    /// - `Release` signed by the payer, or sent by it with an empty signature, else {InvalidSignature};
    /// - what the escrow requires: before E.
    ///
    /// @param paymentInfo The payment.
    /// @param deadline Last second of the signature, unix seconds, inclusive.
    /// @param signature The payer's, or empty.
    function release(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /// @notice The payer objects: from now on the arbiter decides.
    ///
    /// @dev Emits {PaymentDisputed}.
    ///
    /// Requirements, in this order:
    /// - the terms name an arbiter, else {NoArbiter};
    /// - something is held, else {NothingHeld};
    /// - it is not disputed, else {AlreadyDisputed};
    /// - now + releaseLead is before E, else {DisputeWindowClosed};
    /// - `block.timestamp <= deadline`, else {SignatureExpired};
    /// - `Dispute` signed by the payer, or sent by it with an empty signature, else {InvalidSignature}.
    ///
    /// @param paymentInfo The payment.
    /// @param reasonHash Hash of the reason, made and published off-chain.
    /// @param deadline Last second of the signature, unix seconds, inclusive.
    /// @param signature The payer's, or empty.
    function dispute(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        bytes32 reasonHash,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /* TOGETHER, AND THE ARBITER */

    /// @notice The arbiter splits a disputed hold between receiver and payer.
    ///
    /// @dev Emits {PaymentRuled}; the escrow emits `PaymentCaptured` and `PaymentVoided` for the parts that are not zero. The signature binds no
    /// amounts held: a hold is disputed only while it is whole, and a ruling leaves nothing of it.
    ///
    /// Requirements, in this order:
    /// - the payer disputed, else {NotDisputed};
    /// - something is held, else {NothingHeld};
    /// - now + ruleLead is before E, else {RuleWindowClosed};
    /// - `receiverAmount` is at most c, else {AmountExceedsHold};
    /// - `Rule` signed by the arbiter, or sent by it with an empty signature, else {InvalidSignature}.
    ///
    /// @param paymentInfo The payment.
    /// @param receiverAmount What is captured for the receiver, the fee included, token base units; the payer gets the rest.
    /// @param signature The arbiter's, or empty.
    function rule(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 receiverAmount,
        bytes calldata signature
    ) external;

    /// @notice Payer and authorizer split the hold as they agreed, disputed or not.
    ///
    /// @dev Emits {PaymentSettled}; the escrow emits `PaymentCaptured` and `PaymentVoided` for the parts that are not zero. The signatures bind c,
    /// r and whether the hold is disputed.
    ///
    /// Requirements, in this order:
    /// - something is held, else {NothingHeld};
    /// - `block.timestamp <= deadline`, else {SignatureExpired};
    /// - `receiverAmount` is at most c, else {AmountExceedsHold};
    /// - `Settle` signed by the payer, then by the authorizer, or sent by one of them with its signature empty, else {InvalidSignature};
    /// - what the escrow requires: before E, unless `receiverAmount` is zero.
    ///
    /// @param paymentInfo The payment.
    /// @param receiverAmount What is captured for the receiver, the fee included, token base units; the payer gets the rest.
    /// @param deadline Last second of the signatures, unix seconds, inclusive.
    /// @param payerSignature The payer's, or empty.
    /// @param authorizerSignature The authorizer's, or empty.
    function settle(
        IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo,
        uint256 receiverAmount,
        uint48 deadline,
        bytes calldata payerSignature,
        bytes calldata authorizerSignature
    ) external;

    /* ANYONE */

    /// @notice Pushes a hold that is due to the receiver, whole.
    ///
    /// @dev Emits {PaymentReleased}; the escrow emits `PaymentCaptured`.
    ///
    /// Requirements, in this order:
    /// - something is held, else {NothingHeld};
    /// - the terms name an arbiter, nothing of the payment was captured before, and it is undisputed at W or later, or disputed with
    ///   DISPUTE_DEFAULT_RECEIVER at Q or later, and before E, else {NotReleasable}.
    ///
    /// @param paymentInfo The payment.
    function releaseDue(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external;

    /// @notice Gives an expired hold back to the payer, whoever is absent.
    ///
    /// @dev The escrow emits `PaymentVoided`. Requirements: E has come, else {NotExpired}.
    ///
    /// @param paymentInfo The payment.
    function voidExpired(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external;

    /* VIEWS */

    /// @notice The rules of this operator.
    ///
    /// @dev Reverts with {NotClone} on the implementation.
    ///
    /// @return The terms, as they were given to the factory.
    function terms() external view returns (Terms memory);

    /// @notice What the chain knows of a payment.
    ///
    /// @dev Reverts with {NotClone} on the implementation and with {WrongOperator} for a payment of another operator.
    ///
    /// @param paymentInfo The payment.
    /// @return The payment's status.
    function statusOf(IAuthCaptureEscrowCommon.PaymentInfo calldata paymentInfo) external view returns (Status memory);
}
