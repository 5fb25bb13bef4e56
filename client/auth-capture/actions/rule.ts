import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { RuleCall } from "../calls.ts";
import type {
  AmountExceedsHoldError,
  InvalidSignatureError,
  NotDisputedError,
  NothingHeldError,
  RuleWindowClosedError,
  WriteErrorType,
} from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link rule} takes. */
export interface RuleParameters extends RuleCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type RuleReturnType = Hash;

/** What {@link rule} throws. */
export type RuleErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | NotDisputedError
  | NothingHeldError
  | RuleWindowClosedError
  | AmountExceedsHoldError
  | InvalidSignatureError
  | WriteErrorType;

/**
 * Splits a disputed hold between receiver and payer, as the arbiter decides. Calls `TermsOperator.rule`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer, or of the arbiter without a signature.
 * @param parameters - {@link RuleParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {NotDisputedError} the payer has not disputed.
 * @throws {NothingHeldError} nothing is held of the payment.
 * @throws {RuleWindowClosedError} it is too late to rule.
 * @throws {AmountExceedsHoldError} more was asked for than is held.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 *
 * @example
 * const signature = await signRule(arbiter, { ...payment, receiverAmount });
 * const hash = await rule(relayer, { escrow, paymentInfo, receiverAmount, signature });
 */
export async function rule(client: WriteClient, parameters: RuleParameters): Promise<RuleReturnType> {
  return relay(client, "rule", parameters);
}
