// The only barrel of this folder: everything a user of the auth-capture operators imports.
export {
  ESCROW_DEPLOYMENTS,
  GENERATIONS,
  getEscrowDeployment,
  type EscrowDeployment,
  type Generation,
} from "./addresses.ts";
export {
  RELEASED_BY,
  TERMS_FLAGS,
  type Balances,
  type FeeTerms,
  type PaymentInfo,
  type PaymentReference,
  type PaymentState,
  type ReleasedBy,
  type Terms,
  type TermsKind,
} from "./types.ts";
export {
  lifecycleTypes,
  operatorDomain,
  type Capture,
  type Charge,
  type Dispute,
  type Fee,
  type LifecycleMessages,
  type LifecyclePrimaryType,
  type OperatorDomain,
  type OperatorReference,
  type Refund,
  type Release,
  type Rule,
  type Settle,
  type Void,
} from "./typedData.ts";
export {
  bindSalt,
  hashLifecycleMessage,
  hashPaymentInfo,
  hashTerms,
  lifecycleTypeHash,
  operatorDomainSeparator,
  payerAgnosticHash,
  payerAgnosticNonce,
  paymentInfoTypeHash,
  saltBindingTypeHash,
  type DomainOrSeparator,
  type LifecycleMessageReference,
  type SaltBinding,
} from "./hash.ts";
export {
  assertTermsPossible,
  authorizerOf,
  disputeRules,
  feeOf,
  findBrokenTermsRule,
  makeTerms,
  termsKind,
  type Beneficiary,
  type DisputeRules,
} from "./terms.ts";
export {
  packTerms,
  predictOperator,
  predictTokenStore,
  type PredictOperatorParameters,
  type PredictTokenStoreParameters,
} from "./predict.ts";
export {
  byPreApproval,
  getPaymentCollector,
  hashPaymentAuthorization,
  paymentTypedData,
  type CollectorCall,
  type PaymentAuthorizationReference,
  type PaymentMethod,
} from "./payment.ts";
export {
  encodeSignedRefund,
  hashRefundAuthorization,
  refundTypedData,
  signedRefundNonce,
  signedRefundTypeHash,
  type RefundAuthorizationReference,
  type SignedRefund,
  type SignedRefundReference,
} from "./refund.ts";
export {
  signCancelAuthorization,
  signCapture,
  signCaptureAndVoid,
  signCharge,
  signDispute,
  signLifecycleMessage,
  signPayment,
  signRefundApproval,
  signRelease,
  signRule,
  signSettle,
  signVoid,
  type SignCaptureParameters,
  type SignChargeParameters,
  type SignDisputeParameters,
  type SignLifecycleMessageParameters,
  type SignRefundApprovalParameters,
  type SignReleaseParameters,
  type SignRuleParameters,
  type SignSettleParameters,
} from "./sign.ts";
export {
  REFUND_SIGNATURE_SECONDS,
  signRefund,
  type SignRefundParameters,
  type SignedRefundFunding,
} from "./signRefund.ts";
export {
  verifyLifecycleMessage,
  verifyLifecycleMessageOnChain,
  verifyPayment,
  verifyPaymentOnChain,
  verifyRefund,
  type VerifyLifecycleMessageParameters,
  type VerifyPaymentParameters,
  type VerifyRefundParameters,
  type WalletCheck,
} from "./verify.ts";
export {
  LIFECYCLE_RULES,
  isPossible,
  paymentWindows,
  possibleActions,
  type Condition,
  type LifecycleAction,
  type LifecycleParameters,
  type LifecycleRule,
  type LifecycleState,
  type Moment,
  type PaymentKind,
  type PaymentWindows,
  type PossibleAction,
  type Role,
} from "./lifecycle.ts";
export {
  getCollector,
  getOperatorStatus,
  getPaymentHash,
  getPaymentInfoTypeHash,
  getPaymentState,
  getPredictedOperator,
  getStatus,
  getTerms,
  getTokenStore,
  getTokenStoreImplementation,
  isOperator,
  isPreApproved,
  type Collector,
  type EscrowReadParameters,
  type GetCollectorParameters,
  type GetPaymentHashParameters,
  type GetPaymentStateParameters,
  type GetPredictedOperatorParameters,
  type GetStatusParameters,
  type GetTermsParameters,
  type GetTokenStoreParameters,
  type IsOperatorParameters,
  type OperatorStatus,
  type PaymentStatus,
} from "./read.ts";
export {
  AUTH_CAPTURE_SCHEME,
  encodeLifecycle,
  parseOffer,
  toPaymentInfo,
  type Offer,
  type OfferedRequirements,
  type PayerParts,
  type WireLifecycle,
  type WireTerms,
} from "./offer.ts";
export { assertTerms, type AssertedOffer, type OfferLimits } from "./assertTerms.ts";
export {
  encodeCall,
  type AuthorizeAsOperatorCall,
  type AuthorizeCall,
  type CaptureAsOperatorCall,
  type CaptureCall,
  type ChargeAsOperatorCall,
  type ChargeCall,
  type DeployOperatorCall,
  type DisputeCall,
  type EncodedCall,
  type PaymentAt,
  type RefundAsOperatorCall,
  type RefundCall,
  type RelayedAction,
  type RelayedCall,
  type RelayedCalls,
  type ReleaseCall,
  type RuleCall,
  type SettleCall,
  type VoidCall,
} from "./calls.ts";
export { simulateAction, type SimulateActionParameters } from "./simulate.ts";
export { relayMany, type RelayManyParameters } from "./write.ts";
export {
  getOpenedPayments,
  getPaymentEvents,
  parsePaymentEvents,
  watchPayment,
  type EventPosition,
  type GetOpenedPaymentsParameters,
  type GetPaymentEventsParameters,
  type OpenedPayment,
  type PaymentEvent,
  type PaymentEventSource,
  type PaymentLogs,
  type WatchPaymentParameters,
} from "./events.ts";
export {
  ERROR_CODES,
  ERROR_CODE_PREFIX,
  prefixed,
  toErrorCode,
  type ErrorCode,
  type PrefixedErrorCode,
} from "./codes.ts";
export {
  ImpossibleTermsError,
  OfferRefusedError,
  OperatorNotDeployedError,
  RefundRefusedError,
  UnknownEscrowAddressError,
  type OfferFault,
  type RefundFault,
} from "./refusals.ts";
export {
  AUTH_CAPTURE_ERRORS,
  AddressEmptyCodeError,
  AfterAuthorizationExpiryError,
  AfterPreApprovalExpiryError,
  AfterRefundExpiryError,
  AlreadyDisputedError,
  AmountExceedsHoldError,
  AmountNotMaxError,
  AmountOverflowError,
  AuthCaptureError,
  BeforeAuthorizationExpiryError,
  CaptureTooEarlyError,
  CollectorNotAllowedError,
  DisputeWindowClosedError,
  ExceedsMaxAmountError,
  FeeAmountOutOfRangeError,
  FeeBpsOutOfRangeError,
  FeeBpsOverflowError,
  FeeTermsMismatchError,
  HoldTooLongError,
  HoldTooShortError,
  InsufficientAuthorizationError,
  InvalidCollectorForOperationError,
  InvalidExpiriesError,
  InvalidFeeBpsRangeError,
  InvalidFeeReceiverError,
  InvalidMethodError,
  InvalidPartyError,
  InvalidSenderError,
  InvalidSignatureError,
  InvalidTermsError,
  NoArbiterError,
  NotCloneError,
  NotDisputedError,
  NotExpiredError,
  NotReleasableError,
  NothingHeldError,
  OnlyAuthCaptureEscrowError,
  PaymentAlreadyCollectedError,
  PaymentAlreadyPreApprovedError,
  PaymentNotPreApprovedError,
  ReentrancyError,
  ReentrancyGuardReentrantCallError,
  RefundExceedsCaptureError,
  RuleWindowClosedError,
  SafeERC20FailedOperationError,
  SignatureExpiredError,
  TokenCollectionFailedError,
  UnderDisputeError,
  UnknownEscrowError,
  WrongFlowError,
  WrongOperatorError,
  ZeroAmountError,
  ZeroAuthorizationError,
  ZeroFeeReceiverError,
  decodeAuthCaptureError,
  type AuthCaptureErrorArgs,
  type AuthCaptureErrorName,
  type WriteErrorType,
} from "./errors.ts";
export {
  PERMIT2_ADDRESS,
  eip3009Types,
  permit2TransferTypes,
  type SignableTypedData,
  type TokenDomain,
} from "../core/funding.ts";
export type { MessageHash } from "../core/structHash.ts";
export type { TypedDataSigner } from "../core/signer.ts";
export { MULTICALL3_ADDRESS } from "../core/multicall.ts";
export { randomNonce } from "../core/nonces.ts";
export {
  parseKeySignature,
  recoverKey,
  unwrapSignature,
  type KeySignature,
  type UnwrappedSignature,
  type WalletDeployment,
} from "../core/signature.ts";
export type { DigestVerdict, RefusedMessage, VerifiedMessage } from "../core/verifyOnChain.ts";
export type { ReadClient } from "../core/readClient.ts";
export type { TransactionParameters, WriteClient } from "../core/write.ts";
export { ForeignRevertError, type ContractErrorOptions, type ReadErrorType } from "../core/contractErrors.ts";
export { InvalidMessageError, MalformedSignatureError } from "../core/errors.ts";
export {
  authorize,
  type AuthorizeParameters,
  type AuthorizeReturnType,
  type AuthorizeErrorType,
} from "./actions/authorize.ts";
export {
  authorizeAsOperator,
  type AuthorizeAsOperatorParameters,
  type AuthorizeAsOperatorReturnType,
  type AuthorizeAsOperatorErrorType,
} from "./actions/authorizeAsOperator.ts";
export {
  cancelAuthorization,
  type CancelAuthorizationParameters,
  type CancelAuthorizationReturnType,
  type CancelAuthorizationErrorType,
} from "./actions/cancelAuthorization.ts";
export { capture, type CaptureParameters, type CaptureReturnType, type CaptureErrorType } from "./actions/capture.ts";
export {
  captureAndVoid,
  type CaptureAndVoidParameters,
  type CaptureAndVoidReturnType,
  type CaptureAndVoidErrorType,
} from "./actions/captureAndVoid.ts";
export {
  captureAsOperator,
  type CaptureAsOperatorParameters,
  type CaptureAsOperatorReturnType,
  type CaptureAsOperatorErrorType,
} from "./actions/captureAsOperator.ts";
export { charge, type ChargeParameters, type ChargeReturnType, type ChargeErrorType } from "./actions/charge.ts";
export {
  chargeAsOperator,
  type ChargeAsOperatorParameters,
  type ChargeAsOperatorReturnType,
  type ChargeAsOperatorErrorType,
} from "./actions/chargeAsOperator.ts";
export {
  deployOperator,
  type DeployOperatorParameters,
  type DeployOperatorReturnType,
  type DeployOperatorErrorType,
} from "./actions/deploy.ts";
export { dispute, type DisputeParameters, type DisputeReturnType, type DisputeErrorType } from "./actions/dispute.ts";
export {
  preApprove,
  type PreApproveParameters,
  type PreApproveReturnType,
  type PreApproveErrorType,
} from "./actions/preApprove.ts";
export { reclaim, type ReclaimParameters, type ReclaimReturnType, type ReclaimErrorType } from "./actions/reclaim.ts";
export { refund, type RefundParameters, type RefundReturnType, type RefundErrorType } from "./actions/refund.ts";
export {
  refundAsOperator,
  type RefundAsOperatorParameters,
  type RefundAsOperatorReturnType,
  type RefundAsOperatorErrorType,
} from "./actions/refundAsOperator.ts";
export { release, type ReleaseParameters, type ReleaseReturnType, type ReleaseErrorType } from "./actions/release.ts";
export {
  releaseDue,
  type ReleaseDueParameters,
  type ReleaseDueReturnType,
  type ReleaseDueErrorType,
} from "./actions/releaseDue.ts";
export { rule, type RuleParameters, type RuleReturnType, type RuleErrorType } from "./actions/rule.ts";
export { settle, type SettleParameters, type SettleReturnType, type SettleErrorType } from "./actions/settle.ts";
export {
  voidAsOperator,
  type VoidAsOperatorParameters,
  type VoidAsOperatorReturnType,
  type VoidAsOperatorErrorType,
} from "./actions/voidAsOperator.ts";
export {
  voidExpired,
  type VoidExpiredParameters,
  type VoidExpiredReturnType,
  type VoidExpiredErrorType,
} from "./actions/voidExpired.ts";
export {
  voidPayment,
  type VoidPaymentParameters,
  type VoidPaymentReturnType,
  type VoidPaymentErrorType,
} from "./actions/void.ts";
