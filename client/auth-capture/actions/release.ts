import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import type { ReleaseCall } from "../calls.ts";
import type {
  AfterAuthorizationExpiryError,
  InvalidSignatureError,
  NothingHeldError,
  SignatureExpiredError,
  WriteErrorType,
} from "../errors.ts";
import type { OperatorNotDeployedError, UnknownEscrowAddressError } from "../refusals.ts";
import { relay } from "../write.ts";

/** What {@link release} takes. */
export interface ReleaseParameters extends ReleaseCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type ReleaseReturnType = Hash;

/** What {@link release} throws. */
export type ReleaseErrorType =
  | OperatorNotDeployedError
  | UnknownEscrowAddressError
  | NothingHeldError
  | SignatureExpiredError
  | InvalidSignatureError
  | AfterAuthorizationExpiryError
  | WriteErrorType;

/**
 * The payer is satisfied: pays everything held to the receiver, disputed or not. Calls `TermsOperator.release`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer, or of the payer without a signature.
 * @param parameters - {@link ReleaseParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {NothingHeldError} nothing is held of the payment.
 * @throws {SignatureExpiredError} the deadline has passed.
 * @throws {InvalidSignatureError} the signature is not the expected party's.
 * @throws {AfterAuthorizationExpiryError} the authorization has expired.
 *
 * @example
 * const signature = await signRelease(payer, { ...payment, capturable, disputed: false, deadline });
 * const hash = await release(relayer, { escrow, paymentInfo, deadline, signature });
 */
export async function release(client: WriteClient, parameters: ReleaseParameters): Promise<ReleaseReturnType> {
  return relay(client, "release", parameters);
}
