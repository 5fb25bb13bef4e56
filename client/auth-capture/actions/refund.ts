import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { RefundCall } from "../calls.ts";
import type {
  AfterRefundExpiryError,
  CollectorNotAllowedError,
  InvalidMethodError,
  InvalidSignatureError,
  RefundExceedsCaptureError,
  TokenCollectionFailedError,
  WriteErrorType,
  ZeroAmountError,
} from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link refund} takes. */
export interface RefundParameters extends RefundCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type RefundReturnType = Hash;

/** What {@link refund} throws. */
export type RefundErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | CollectorNotAllowedError
  | InvalidSignatureError
  | ZeroAmountError
  | AfterRefundExpiryError
  | RefundExceedsCaptureError
  | InvalidMethodError
  | TokenCollectionFailedError
  | WriteErrorType;

/**
 * Gives a part of what was captured back to the payer, out of the tokens of whoever signed for it. Calls `TermsOperator.refund`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link RefundParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {CollectorNotAllowedError} the token collector is not the SignedRefundCollector of the escrow.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 * @throws {ZeroAmountError} the amount is zero.
 * @throws {AfterRefundExpiryError} the time for refunds has passed.
 * @throws {RefundExceedsCaptureError} more was asked for than was captured.
 * @throws {InvalidMethodError} the funder signed for neither ERC-3009 nor Permit2.
 * @throws {TokenCollectionFailedError} the token did not bring exactly the amount.
 *
 * @example
 * const funded = await signRefund(publicClient, { signer: receiver, ...refund });
 * const signature = await signRefundApproval(authorizer, { ...payment, amount, ...funded, capturable, refundable });
 * const hash = await refund(relayer, { escrow, paymentInfo, amount, ...funded, signature });
 */
export async function refund(client: WriteClient, parameters: RefundParameters): Promise<RefundReturnType> {
  return relay(client, "refund", parameters);
}
