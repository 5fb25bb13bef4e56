import { encodeFunctionData, type Account, type Address, type Hex } from "viem";
import { readContract } from "viem/actions";
import { flashSettlementAbi, multicall3Abi } from "../../../abi/index.ts";
import { withChecksums } from "../../../core/checksums.ts";
import type { AggregatedCall } from "../../../core/permit.ts";
import type { ReadClient } from "../../../core/readClient.ts";
import { decodeFlashError } from "../../../flash/errors.ts";
import { ask } from "../../core/rpc.ts";
import type { SettleFailure } from "../types.ts";
import type { Bundle } from "./batches.ts";
import { refusalOf } from "./outcomes.ts";

/**
 * Signed transactions that share one transaction through Multicall3: anybody may settle what is covered, so it does not matter that the
 * contract sees Multicall3 as their sender. Part of a payment needs the server's own right: what is not covered goes alone.
 */

/** Calls of a bundle, in its order. One that fails leaves the others. */
export function bundleCalls(settlement: Address, { items }: Bundle): readonly AggregatedCall[] {
  return items.map(({ item: { item } }) => ({
    target: withChecksums(settlement),
    allowFailure: true,
    callData: encodeFunctionData({
      abi: flashSettlementAbi,
      functionName: "settleSignedTransaction",
      args: [item.rawTransaction, false],
    }),
  }));
}

/** What {@link tryBundle} takes. */
export interface TryBundleParameters {
  readonly settlement: Address;
  readonly multicall: Address;
  /** Who would send it. */
  readonly account: Account | Address;
  readonly bundle: Bundle;
}

/**
 * Tries a bundle.
 *
 * @returns Why items would not be settled, by digest.
 * @throws {ChainUnavailableError} the node does not answer.
 */
export async function tryBundle(
  client: ReadClient,
  { settlement, multicall, account, bundle }: TryBundleParameters,
): Promise<ReadonlyMap<Hex, SettleFailure>> {
  const results = await ask("a trial of signed transactions", () =>
    readContract(client, {
      address: multicall,
      abi: multicall3Abi,
      functionName: "aggregate3",
      args: [bundleCalls(settlement, bundle)],
      account,
    }),
  );
  const failures = new Map<Hex, SettleFailure>();
  bundle.items.forEach(({ item: { item } }, index) => {
    const answer = results[index];
    if (answer?.success === true) return;
    const error = decodeFlashError(answer?.returnData ?? "0x");
    failures.set(item.digest, (error && refusalOf(error)) ?? "Reverted");
  });
  return failures;
}
