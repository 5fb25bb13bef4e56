import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { CaptureCall } from "../calls.ts";
import { relay } from "../write.ts";
import type { CaptureErrorType } from "./capture.ts";

/** What {@link captureAndVoid} takes. */
export interface CaptureAndVoidParameters extends CaptureCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type CaptureAndVoidReturnType = Hash;

/** What {@link captureAndVoid} throws. */
export type CaptureAndVoidErrorType = CaptureErrorType;

/**
 * Pays a part of what is held to the receiver and gives the rest back to the payer, in one call. Calls `TermsOperator.captureAndVoid`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link CaptureAndVoidParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {UnderDisputeError} the payer disputed.
 * @throws {CaptureTooEarlyError} the payer can still dispute.
 * @throws {AmountExceedsHoldError} more was asked for than is held.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 * @throws {ZeroAmountError} the amount is zero.
 * @throws {AfterAuthorizationExpiryError} the authorization has expired.
 *
 * @example
 * const signature = await signCaptureAndVoid(authorizer, { ...payment, terms, amount, capturable, refundable });
 * const hash = await captureAndVoid(relayer, { escrow, paymentInfo, amount, signature });
 */
export async function captureAndVoid(
  client: WriteClient,
  parameters: CaptureAndVoidParameters,
): Promise<CaptureAndVoidReturnType> {
  return relay(client, "captureAndVoid", parameters);
}
