import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { DisputeCall } from "../calls.ts";
import type {
  AlreadyDisputedError,
  DisputeWindowClosedError,
  InvalidSignatureError,
  NoArbiterError,
  NothingHeldError,
  SignatureExpiredError,
  WriteErrorType,
} from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link dispute} takes. */
export interface DisputeParameters extends DisputeCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type DisputeReturnType = Hash;

/** What {@link dispute} throws. */
export type DisputeErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | NoArbiterError
  | NothingHeldError
  | AlreadyDisputedError
  | DisputeWindowClosedError
  | SignatureExpiredError
  | InvalidSignatureError
  | WriteErrorType;

/**
 * The payer objects: from now on the arbiter decides. Calls `TermsOperator.dispute`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer, or of the payer without a signature.
 * @param parameters - {@link DisputeParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {NoArbiterError} the terms name no arbiter.
 * @throws {NothingHeldError} nothing is held of the payment.
 * @throws {AlreadyDisputedError} the payer disputed before.
 * @throws {DisputeWindowClosedError} it is too late to dispute.
 * @throws {SignatureExpiredError} the deadline has passed.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 *
 * @example
 * const signature = await signDispute(payer, { ...payment, reasonHash, deadline });
 * const hash = await dispute(relayer, { escrow, paymentInfo, reasonHash, deadline, signature });
 */
export async function dispute(client: WriteClient, parameters: DisputeParameters): Promise<DisputeReturnType> {
  return relay(client, "dispute", parameters);
}
