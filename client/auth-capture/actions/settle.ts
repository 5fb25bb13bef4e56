import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { SettleCall } from "../calls.ts";
import type {
  AfterAuthorizationExpiryError,
  AmountExceedsHoldError,
  InvalidSignatureError,
  NothingHeldError,
  SignatureExpiredError,
  WriteErrorType,
} from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link settle} takes. */
export interface SettleParameters extends SettleCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type SettleReturnType = Hash;

/** What {@link settle} throws. */
export type SettleErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | NothingHeldError
  | SignatureExpiredError
  | AmountExceedsHoldError
  | InvalidSignatureError
  | AfterAuthorizationExpiryError
  | WriteErrorType;

/**
 * Splits a hold between receiver and payer, as payer and authorizer have agreed. Calls `TermsOperator.settle`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer, or of one of the two without its signature.
 * @param parameters - {@link SettleParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {NothingHeldError} nothing is held of the payment.
 * @throws {SignatureExpiredError} the deadline has passed.
 * @throws {AmountExceedsHoldError} more was asked for than is held.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 * @throws {AfterAuthorizationExpiryError} the authorization has expired.
 *
 * @example
 * const hash = await settle(relayer, { escrow, paymentInfo, receiverAmount, deadline, payerSignature, authorizerSignature });
 */
export async function settle(client: WriteClient, parameters: SettleParameters): Promise<SettleReturnType> {
  return relay(client, "settle", parameters);
}
