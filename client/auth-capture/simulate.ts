import type { Account, Address } from "viem";
import { simulateContract } from "viem/actions";
import { withChecksums } from "../core/checksums.ts";
import { blockOf, type BlockParameters } from "../core/read.ts";
import type { ReadClient } from "../core/readClient.ts";
import { operatorCall, type RelayedCall } from "./calls.ts";
import { decodeAuthCaptureError } from "./errors.ts";
import { assertOperatorsDeployed } from "./write.ts";

/** An action, its sender, and the block on which to try it. */
export type SimulateActionParameters = RelayedCall &
  BlockParameters & {
    /** Sender of the simulated call; anybody when absent. */
    readonly account?: Account | Address;
  };

/**
 * Tries an action of an operator without a transaction: state, times, signatures, tokens and all. A relayer does this before it pays for
 * the gas.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link SimulateActionParameters}; amounts in token base units, times in unix seconds.
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws the errors of the action.
 *
 * @example
 * await simulateAction(publicClient, { action: "capture", escrow, paymentInfo, amount, signature });
 */
export async function simulateAction(client: ReadClient, parameters: SimulateActionParameters): Promise<void> {
  const { account } = parameters;
  // Name and parameters belong together by the union, which the compiler does not see through.
  const { abi, address, functionName, args } = operatorCall(parameters.action, parameters as never);
  await assertOperatorsDeployed(client, [address]);
  const request = { abi, address: withChecksums(address), functionName, args: withChecksums(args), account };
  try {
    await simulateContract(client, { ...request, ...blockOf(parameters) } as never);
  } catch (error) {
    throw decodeAuthCaptureError(error) ?? error;
  }
}
