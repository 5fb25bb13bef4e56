import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { preApproveCall, type PaymentAt } from "../calls.ts";
import type {
  AfterPreApprovalExpiryError,
  InvalidSenderError,
  PaymentAlreadyCollectedError,
  PaymentAlreadyPreApprovedError,
  WriteErrorType,
} from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link preApprove} takes. */
export interface PreApproveParameters extends PaymentAt, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type PreApproveReturnType = Hash;

/** What {@link preApprove} throws. */
export type PreApproveErrorType =
  | UnknownEscrowAddressError
  | InvalidSenderError
  | PaymentAlreadyCollectedError
  | PaymentAlreadyPreApprovedError
  | AfterPreApprovalExpiryError
  | WriteErrorType;

/**
 * The payer approves one payment by a transaction instead of a signature; the collector needs an allowance of the token, too. Calls `PreApprovalPaymentCollector.preApprove`.
 *
 * - Source: contracts/interfaces/external/IPreApprovalPaymentCollector.sol
 *
 * @param client - wallet client of the payer.
 * @param parameters - {@link PreApproveParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSenderError} the sender is not the party it must be.
 * @throws {PaymentAlreadyCollectedError} the payment was collected before.
 * @throws {PaymentAlreadyPreApprovedError} the payer has approved the payment before.
 * @throws {AfterPreApprovalExpiryError} the payment can no longer be collected.
 *
 * @example
 * const hash = await preApprove(payer, { escrow, paymentInfo });
 */
export async function preApprove(client: WriteClient, parameters: PreApproveParameters): Promise<PreApproveReturnType> {
  return sendAuthCaptureCall(client, parameters, preApproveCall(parameters));
}
