import {
  decodeContractError,
  type ContractErrorOptions,
  type ContractWriteErrorType,
  type ForeignRevertError,
} from "../core/contractErrors.ts";
import {
  AuthCaptureError,
  authCaptureErrorsAbi,
  type AuthCaptureErrorArgs,
  type AuthCaptureErrorName,
} from "./errors/base.ts";
import {
  AfterAuthorizationExpiryError,
  AfterPreApprovalExpiryError,
  AfterRefundExpiryError,
  AmountOverflowError,
  BeforeAuthorizationExpiryError,
  ExceedsMaxAmountError,
  FeeAmountOutOfRangeError,
  FeeBpsOutOfRangeError,
  FeeBpsOverflowError,
  InsufficientAuthorizationError,
  InvalidCollectorForOperationError,
  InvalidExpiriesError,
  InvalidFeeBpsRangeError,
  InvalidFeeReceiverError,
  InvalidSenderError,
  OnlyAuthCaptureEscrowError,
  PaymentAlreadyCollectedError,
  PaymentAlreadyPreApprovedError,
  PaymentNotPreApprovedError,
  RefundExceedsCaptureError,
  TokenCollectionFailedError,
  ZeroAmountError,
  ZeroAuthorizationError,
  ZeroFeeReceiverError,
} from "./errors/escrow.ts";
import {
  AlreadyDisputedError,
  AmountExceedsHoldError,
  AmountNotMaxError,
  CaptureTooEarlyError,
  CollectorNotAllowedError,
  DisputeWindowClosedError,
  FeeTermsMismatchError,
  HoldTooLongError,
  HoldTooShortError,
  InvalidPartyError,
  InvalidSignatureError,
  NoArbiterError,
  NotCloneError,
  NotDisputedError,
  NotExpiredError,
  NotReleasableError,
  NothingHeldError,
  RuleWindowClosedError,
  SignatureExpiredError,
  UnderDisputeError,
  WrongFlowError,
  WrongOperatorError,
} from "./errors/operator.ts";
import {
  AddressEmptyCodeError,
  InvalidMethodError,
  InvalidTermsError,
  ReentrancyError,
  ReentrancyGuardReentrantCallError,
  SafeERC20FailedOperationError,
  UnknownEscrowError,
} from "./errors/others.ts";

export { AuthCaptureError, type AuthCaptureErrorArgs, type AuthCaptureErrorName } from "./errors/base.ts";
export {
  AfterAuthorizationExpiryError,
  AfterPreApprovalExpiryError,
  AfterRefundExpiryError,
  AmountOverflowError,
  BeforeAuthorizationExpiryError,
  ExceedsMaxAmountError,
  FeeAmountOutOfRangeError,
  FeeBpsOutOfRangeError,
  FeeBpsOverflowError,
  InsufficientAuthorizationError,
  InvalidCollectorForOperationError,
  InvalidExpiriesError,
  InvalidFeeBpsRangeError,
  InvalidFeeReceiverError,
  InvalidSenderError,
  OnlyAuthCaptureEscrowError,
  PaymentAlreadyCollectedError,
  PaymentAlreadyPreApprovedError,
  PaymentNotPreApprovedError,
  RefundExceedsCaptureError,
  TokenCollectionFailedError,
  ZeroAmountError,
  ZeroAuthorizationError,
  ZeroFeeReceiverError,
} from "./errors/escrow.ts";
export {
  AlreadyDisputedError,
  AmountExceedsHoldError,
  AmountNotMaxError,
  CaptureTooEarlyError,
  CollectorNotAllowedError,
  DisputeWindowClosedError,
  FeeTermsMismatchError,
  HoldTooLongError,
  HoldTooShortError,
  InvalidPartyError,
  InvalidSignatureError,
  NoArbiterError,
  NotCloneError,
  NotDisputedError,
  NotExpiredError,
  NotReleasableError,
  NothingHeldError,
  RuleWindowClosedError,
  SignatureExpiredError,
  UnderDisputeError,
  WrongFlowError,
  WrongOperatorError,
} from "./errors/operator.ts";
export {
  AddressEmptyCodeError,
  InvalidMethodError,
  InvalidTermsError,
  ReentrancyError,
  ReentrancyGuardReentrantCallError,
  SafeERC20FailedOperationError,
  UnknownEscrowError,
} from "./errors/others.ts";

type ErrorClass<name extends AuthCaptureErrorName> = new (
  args: AuthCaptureErrorArgs<name>,
  options?: ContractErrorOptions,
) => AuthCaptureError<name>;

/** The class of each error that a call about a payment can revert with, by the contract's name of it. */
export const AUTH_CAPTURE_ERRORS = {
  AddressEmptyCode: AddressEmptyCodeError,
  AfterAuthorizationExpiry: AfterAuthorizationExpiryError,
  AfterPreApprovalExpiry: AfterPreApprovalExpiryError,
  AfterRefundExpiry: AfterRefundExpiryError,
  AlreadyDisputed: AlreadyDisputedError,
  AmountExceedsHold: AmountExceedsHoldError,
  AmountNotMax: AmountNotMaxError,
  AmountOverflow: AmountOverflowError,
  BeforeAuthorizationExpiry: BeforeAuthorizationExpiryError,
  CaptureTooEarly: CaptureTooEarlyError,
  CollectorNotAllowed: CollectorNotAllowedError,
  DisputeWindowClosed: DisputeWindowClosedError,
  ExceedsMaxAmount: ExceedsMaxAmountError,
  FeeAmountOutOfRange: FeeAmountOutOfRangeError,
  FeeBpsOutOfRange: FeeBpsOutOfRangeError,
  FeeBpsOverflow: FeeBpsOverflowError,
  FeeTermsMismatch: FeeTermsMismatchError,
  HoldTooLong: HoldTooLongError,
  HoldTooShort: HoldTooShortError,
  InsufficientAuthorization: InsufficientAuthorizationError,
  InvalidCollectorForOperation: InvalidCollectorForOperationError,
  InvalidExpiries: InvalidExpiriesError,
  InvalidFeeBpsRange: InvalidFeeBpsRangeError,
  InvalidFeeReceiver: InvalidFeeReceiverError,
  InvalidMethod: InvalidMethodError,
  InvalidParty: InvalidPartyError,
  InvalidSender: InvalidSenderError,
  InvalidSignature: InvalidSignatureError,
  InvalidTerms: InvalidTermsError,
  NoArbiter: NoArbiterError,
  NotClone: NotCloneError,
  NotDisputed: NotDisputedError,
  NotExpired: NotExpiredError,
  NotReleasable: NotReleasableError,
  NothingHeld: NothingHeldError,
  OnlyAuthCaptureEscrow: OnlyAuthCaptureEscrowError,
  PaymentAlreadyCollected: PaymentAlreadyCollectedError,
  PaymentAlreadyPreApproved: PaymentAlreadyPreApprovedError,
  PaymentNotPreApproved: PaymentNotPreApprovedError,
  Reentrancy: ReentrancyError,
  ReentrancyGuardReentrantCall: ReentrancyGuardReentrantCallError,
  RefundExceedsCapture: RefundExceedsCaptureError,
  RuleWindowClosed: RuleWindowClosedError,
  SafeERC20FailedOperation: SafeERC20FailedOperationError,
  SignatureExpired: SignatureExpiredError,
  TokenCollectionFailed: TokenCollectionFailedError,
  UnderDispute: UnderDisputeError,
  UnknownEscrow: UnknownEscrowError,
  WrongFlow: WrongFlowError,
  WrongOperator: WrongOperatorError,
  ZeroAmount: ZeroAmountError,
  ZeroAuthorization: ZeroAuthorizationError,
  ZeroFeeReceiver: ZeroFeeReceiverError,
} as const satisfies { readonly [name in AuthCaptureErrorName]: ErrorClass<name> };

/** What any state-changing action can throw, whatever it does. */
export type WriteErrorType = ContractWriteErrorType | ReentrancyError | ReentrancyGuardReentrantCallError;

/**
 * Turns revert data, or an error that carries it, into the typed error of the contract that reverted: the escrow of either generation,
 * one of its collectors, an operator, the factory or the SignedRefundCollector.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol, contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param error - Revert data, or anything that was thrown by viem or a JSON-RPC provider.
 * @param options - Cause to give the typed error; `error` itself unless it is data.
 * @returns The error of the same name plus `Error`; {@link ForeignRevertError} when another contract
 * reverted; `undefined` when nothing reverted.
 *
 * @example
 * try {
 *   await walletClient.writeContract(request);
 * } catch (error) {
 *   throw decodeAuthCaptureError(error) ?? error;
 * }
 */
export function decodeAuthCaptureError(
  error: unknown,
  options?: ContractErrorOptions,
): AuthCaptureError | ForeignRevertError | undefined {
  const contract = { abi: authCaptureErrorsAbi, classes: AUTH_CAPTURE_ERRORS };
  return decodeContractError<AuthCaptureError>(contract, error, options);
}
