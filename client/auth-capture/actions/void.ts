import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { VoidCall } from "../calls.ts";
import type { InvalidSignatureError, WriteErrorType, ZeroAuthorizationError } from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link voidPayment} takes. */
export interface VoidPaymentParameters extends VoidCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type VoidPaymentReturnType = Hash;

/** What {@link voidPayment} throws. */
export type VoidPaymentErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | InvalidSignatureError
  | ZeroAuthorizationError
  | WriteErrorType;

/**
 * Gives everything held back to the payer, at any time. Calls `TermsOperator.void`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer, or of the authorizer without a signature.
 * @param parameters - {@link VoidPaymentParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 * @throws {ZeroAuthorizationError} nothing is held of the payment.
 *
 * @example
 * const signature = await signVoid(authorizer, { chainId: 8453, escrow, paymentInfo });
 * const hash = await voidPayment(relayer, { escrow, paymentInfo, signature });
 */
export async function voidPayment(
  client: WriteClient,
  parameters: VoidPaymentParameters,
): Promise<VoidPaymentReturnType> {
  return relay(client, "void", parameters);
}
