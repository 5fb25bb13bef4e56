import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { AuthorizeCall } from "../calls.ts";
import type {
  AfterPreApprovalExpiryError,
  CollectorNotAllowedError,
  FeeTermsMismatchError,
  HoldTooLongError,
  HoldTooShortError,
  InvalidExpiriesError,
  InvalidPartyError,
  PaymentAlreadyCollectedError,
  PaymentNotPreApprovedError,
  TokenCollectionFailedError,
  WriteErrorType,
  WrongFlowError,
} from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link authorize} takes. */
export interface AuthorizeParameters extends AuthorizeCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type AuthorizeReturnType = Hash;

/** What {@link authorize} throws. */
export type AuthorizeErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | WrongFlowError
  | CollectorNotAllowedError
  | InvalidPartyError
  | FeeTermsMismatchError
  | HoldTooShortError
  | HoldTooLongError
  | AfterPreApprovalExpiryError
  | InvalidExpiriesError
  | PaymentAlreadyCollectedError
  | PaymentNotPreApprovedError
  | TokenCollectionFailedError
  | WriteErrorType;

/**
 * Collects a signed payment into the escrow, where it is held, whole. Calls `TermsOperator.authorize`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link AuthorizeParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {WrongFlowError} the terms are for the other flow.
 * @throws {CollectorNotAllowedError} the token collector is none of the canonical ones.
 * @throws {InvalidPartyError} payer or receiver is zero, the operator or the arbiter.
 * @throws {FeeTermsMismatchError} the payment's fee is not that of the terms.
 * @throws {HoldTooShortError} the hold would end before the payer had its time to dispute.
 * @throws {HoldTooLongError} the hold would last longer than the terms allow.
 * @throws {AfterPreApprovalExpiryError} the payer's signature has expired.
 * @throws {InvalidExpiriesError} the expiries are not in order.
 * @throws {PaymentAlreadyCollectedError} the payment was collected before.
 * @throws {PaymentNotPreApprovedError} the payer has not approved the payment.
 * @throws {TokenCollectionFailedError} the token did not bring exactly the amount.
 *
 * @example
 * const signed = await signPayment(payer, { chainId: 8453, escrow, paymentInfo, payment });
 * const hash = await authorize(relayer, { escrow, paymentInfo, ...signed });
 */
export async function authorize(client: WriteClient, parameters: AuthorizeParameters): Promise<AuthorizeReturnType> {
  return relay(client, "authorize", parameters);
}
