import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { ChargeCall } from "../calls.ts";
import type {
  AfterPreApprovalExpiryError,
  CollectorNotAllowedError,
  FeeTermsMismatchError,
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

/** What {@link charge} takes. */
export interface ChargeParameters extends ChargeCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type ChargeReturnType = Hash;

/** What {@link charge} throws. */
export type ChargeErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | WrongFlowError
  | CollectorNotAllowedError
  | InvalidPartyError
  | FeeTermsMismatchError
  | AfterPreApprovalExpiryError
  | InvalidExpiriesError
  | PaymentAlreadyCollectedError
  | PaymentNotPreApprovedError
  | TokenCollectionFailedError
  | WriteErrorType;

/**
 * Collects a signed payment and pays its receiver at once, at the terms' fee. Calls `TermsOperator.charge`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link ChargeParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {WrongFlowError} the terms are for the other flow.
 * @throws {CollectorNotAllowedError} the token collector is none of the canonical ones.
 * @throws {InvalidPartyError} payer or receiver is zero, the operator or the arbiter.
 * @throws {FeeTermsMismatchError} the payment's fee is not that of the terms.
 * @throws {AfterPreApprovalExpiryError} the payer's signature has expired.
 * @throws {InvalidExpiriesError} the expiries are not in order.
 * @throws {PaymentAlreadyCollectedError} the payment was collected before.
 * @throws {PaymentNotPreApprovedError} the payer has not approved the payment.
 * @throws {TokenCollectionFailedError} the token did not bring exactly the amount.
 *
 * @example
 * const hash = await charge(relayer, { escrow, paymentInfo, terms, ...signed });
 */
export async function charge(client: WriteClient, parameters: ChargeParameters): Promise<ChargeReturnType> {
  return relay(client, "charge", parameters);
}
