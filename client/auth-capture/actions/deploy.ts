import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { deployCall, type DeployOperatorCall } from "../calls.ts";
import type { InvalidTermsError, UnknownEscrowError, WriteErrorType } from "../errors.ts";
import type { ImpossibleTermsError } from "../refusals.ts";
import { assertTermsPossible } from "../terms.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link deployOperator} takes. */
export interface DeployOperatorParameters extends DeployOperatorCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type DeployOperatorReturnType = Hash;

/** What {@link deployOperator} throws. */
export type DeployOperatorErrorType = UnknownEscrowError | ImpossibleTermsError | InvalidTermsError | WriteErrorType;

/**
 * Deploys the operator of terms; where it exists, nothing happens. `predictOperator` gives its address. Calls `TermsOperatorFactory.deploy`.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param client - wallet client of anybody.
 * @param parameters - {@link DeployOperatorParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowError} the factory knows no such escrow.
 * @throws {ImpossibleTermsError} the terms break a rule.
 * @throws {InvalidTermsError} the terms break a rule that only the contract knows.
 *
 * @example
 * const hash = await deployOperator(relayer, { factory, terms, escrow });
 */
export async function deployOperator(
  client: WriteClient,
  parameters: DeployOperatorParameters,
): Promise<DeployOperatorReturnType> {
  assertTermsPossible(parameters.terms);
  return sendAuthCaptureCall(client, parameters, deployCall(parameters));
}
