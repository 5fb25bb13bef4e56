import { parseAbi, type Hash, type Hex } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { WriteErrorType } from "../errors.ts";
import { payerAgnosticHash } from "../hash.ts";
import type { PaymentReference } from "../types.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link cancelAuthorization} takes. */
export interface CancelAuthorizationParameters extends PaymentReference, TransactionParameters {
  /** The payer's, from `signCancelAuthorization`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type CancelAuthorizationReturnType = Hash;

/** What {@link cancelAuthorization} throws. */
export type CancelAuthorizationErrorType = WriteErrorType;

const cancelAbi = parseAbi(["function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)"]);

/**
 * Makes a payment that was signed by ERC-3009 and not collected uncollectable, at the token itself. Calls `cancelAuthorization` of USDC
 * or another token with signature bytes. A payment signed by Permit2 ends by Permit2's own nonce instead.
 *
 * - Source: contracts/interfaces/external/IERC3009.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link CancelAuthorizationParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ForeignRevertError} the token refused: the payment was collected or cancelled, or the signature is not the payer's.
 *
 * @example
 * const signature = await signCancelAuthorization(payer, { chainId: 8453, escrow, paymentInfo, payment });
 * const hash = await cancelAuthorization(relayer, { chainId: 8453, escrow, paymentInfo, signature });
 */
export async function cancelAuthorization(
  client: WriteClient,
  parameters: CancelAuthorizationParameters,
): Promise<CancelAuthorizationReturnType> {
  const { paymentInfo, signature } = parameters;
  const args = [paymentInfo.payer, payerAgnosticHash(parameters), signature];
  const call = { abi: cancelAbi, address: paymentInfo.token, functionName: "cancelAuthorization", args };
  return sendAuthCaptureCall(client, parameters, call);
}
