import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { PaymentAt } from "../calls.ts";
import type { NotReleasableError, NothingHeldError, WriteErrorType } from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link releaseDue} takes. */
export interface ReleaseDueParameters extends PaymentAt, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type ReleaseDueReturnType = Hash;

/** What {@link releaseDue} throws. */
export type ReleaseDueErrorType =
  OperatorNotDeployedError | UnknownEscrowAddressError | NothingHeldError | NotReleasableError | WriteErrorType;

/**
 * Pays a hold to the receiver whose dispute window has passed, or whose dispute has fallen to it. Calls `TermsOperator.releaseDue`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link ReleaseDueParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {NothingHeldError} nothing is held of the payment.
 * @throws {NotReleasableError} the hold is not due to the receiver now.
 *
 * @example
 * const hash = await releaseDue(anyone, { escrow, paymentInfo });
 */
export async function releaseDue(client: WriteClient, parameters: ReleaseDueParameters): Promise<ReleaseDueReturnType> {
  return relay(client, "releaseDue", parameters);
}
