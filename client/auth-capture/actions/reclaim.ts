import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { escrowCall, type PaymentAt } from "../calls.ts";
import type {
  BeforeAuthorizationExpiryError,
  InvalidSenderError,
  WriteErrorType,
  ZeroAuthorizationError,
} from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link reclaim} takes. */
export interface ReclaimParameters extends PaymentAt, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type ReclaimReturnType = Hash;

/** What {@link reclaim} throws. */
export type ReclaimErrorType =
  | UnknownEscrowAddressError
  | InvalidSenderError
  | BeforeAuthorizationExpiryError
  | ZeroAuthorizationError
  | WriteErrorType;

/**
 * The payer takes back what is held of an expired payment, from the escrow itself. Calls `AuthCaptureEscrow.reclaim`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - wallet client of the payer.
 * @param parameters - {@link ReclaimParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSenderError} the sender is not the party it must be.
 * @throws {BeforeAuthorizationExpiryError} the hold has not expired.
 * @throws {ZeroAuthorizationError} nothing is held of the payment.
 *
 * @example
 * const hash = await reclaim(payer, { escrow, paymentInfo });
 */
export async function reclaim(client: WriteClient, parameters: ReclaimParameters): Promise<ReclaimReturnType> {
  return sendAuthCaptureCall(client, parameters, escrowCall("reclaim", parameters));
}
