import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { escrowCall, type PaymentAt } from "../calls.ts";
import type { InvalidSenderError, WriteErrorType, ZeroAuthorizationError } from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link voidAsOperator} takes. */
export interface VoidAsOperatorParameters extends PaymentAt, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type VoidAsOperatorReturnType = Hash;

/** What {@link voidAsOperator} throws. */
export type VoidAsOperatorErrorType =
  UnknownEscrowAddressError | InvalidSenderError | ZeroAuthorizationError | WriteErrorType;

/**
 * Gives a hold whose operator is the sending account back to the payer. Calls `AuthCaptureEscrow.void`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - wallet client of the operator, an account.
 * @param parameters - {@link VoidAsOperatorParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSenderError} the sender is not the party it must be.
 * @throws {ZeroAuthorizationError} nothing is held of the payment.
 *
 * @example
 * const hash = await voidAsOperator(operator, { escrow, paymentInfo });
 */
export async function voidAsOperator(
  client: WriteClient,
  parameters: VoidAsOperatorParameters,
): Promise<VoidAsOperatorReturnType> {
  return sendAuthCaptureCall(client, parameters, escrowCall("void", parameters));
}
