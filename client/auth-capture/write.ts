import type { Address, Hash } from "viem";
import { getCode } from "viem/actions";
import { withChecksums } from "../core/checksums.ts";
import { sendAggregated } from "../core/permit.ts";
import type { ReadClient } from "../core/readClient.ts";
import { sendCall, type ContractCall, type TransactionParameters, type WriteClient } from "../core/write.ts";
import { operatorCall, toEncoded, type RelayedAction, type RelayedCall, type RelayedCalls } from "./calls.ts";
import { decodeAuthCaptureError } from "./errors.ts";
import { OperatorNotDeployedError } from "./refusals.ts";

/** What {@link relayMany} takes. */
export interface RelayManyParameters extends TransactionParameters {
  /** In the order in which they are carried out; all of them, or none. */
  readonly calls: readonly RelayedCall[];
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/**
 * Sends a call. Actions are made of it.
 *
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function sendAuthCaptureCall(
  client: WriteClient,
  parameters: TransactionParameters,
  call: ContractCall,
): Promise<Hash> {
  return sendCall(client, parameters, call, decodeAuthCaptureError);
}

/**
 * Sends a call of a payment's operator. An operator without code would take it and do nothing, so its code is looked for first.
 *
 * @throws {OperatorNotDeployedError} nothing is deployed at the operator's address.
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function relay<name extends RelayedAction>(
  client: WriteClient,
  action: name,
  parameters: RelayedCalls[name] & TransactionParameters,
): Promise<Hash> {
  const call = operatorCall(action, parameters);
  await assertOperatorsDeployed(client, [call.address]);
  return sendAuthCaptureCall(client, parameters, call);
}

/**
 * Carries out several actions in one transaction through Multicall3, all of them or none. Every one must bear its signatures: the
 * operators see Multicall3 as their sender.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link RelayManyParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {OperatorNotDeployedError} nothing is deployed at the address of an operator.
 * @throws the errors of the first action that fails.
 *
 * @example
 * const hash = await relayMany(relayer, { calls: [{ action: "voidExpired", escrow, paymentInfo: abandoned }] });
 */
export async function relayMany(client: WriteClient, parameters: RelayManyParameters): Promise<Hash> {
  const calls = parameters.calls.map((call) => toEncoded(operatorCall(call.action, call as never)));
  await assertOperatorsDeployed(
    client,
    calls.map(({ to }) => to),
  );
  const aggregated = calls.map(({ to, data }) => ({ target: to, allowFailure: false, callData: data }));
  return sendAggregated(client, parameters, aggregated, decodeAuthCaptureError);
}

/** Fails unless there is code at every operator's address. */
export async function assertOperatorsDeployed(client: ReadClient, operators: readonly Address[]): Promise<void> {
  await Promise.all(
    [...new Set(withChecksums(operators))].map(async (address) => {
      const code = await getCode(client, { address });
      if (code === undefined) throw new OperatorNotDeployedError(address);
    }),
  );
}
