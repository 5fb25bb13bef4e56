import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { PaymentAt } from "../calls.ts";
import type { NotExpiredError, WriteErrorType, ZeroAuthorizationError } from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link voidExpired} takes. */
export interface VoidExpiredParameters extends PaymentAt, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type VoidExpiredReturnType = Hash;

/** What {@link voidExpired} throws. */
export type VoidExpiredErrorType =
  OperatorNotDeployedError | UnknownEscrowAddressError | NotExpiredError | ZeroAuthorizationError | WriteErrorType;

/**
 * Gives an expired hold back to the payer, whoever is absent. Calls `TermsOperator.voidExpired`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link VoidExpiredParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {NotExpiredError} the hold has not expired.
 * @throws {ZeroAuthorizationError} nothing is held of the payment.
 *
 * @example
 * const hash = await voidExpired(anyone, { escrow, paymentInfo });
 */
export async function voidExpired(
  client: WriteClient,
  parameters: VoidExpiredParameters,
): Promise<VoidExpiredReturnType> {
  return relay(client, "voidExpired", parameters);
}
