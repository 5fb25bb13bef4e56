import { getBlock, getChainId } from "viem/actions";
import type { ReadClient } from "../../voucher/index.ts";
import type { BuyerOptions } from "./buyerTypes.ts";
import { createDepositReasons } from "./depositReasons.ts";
import { DeferredConfigurationError } from "./errors.ts";

/**
 * Makes the check of {@link BuyerOptions.wasDepositUsed} that asks the chain. It answers once a final block is past the deposit's expiry:
 * before, a deposit that looks unused could still be executed.
 *
 * @param clients - A client of each chain that is paid on.
 * @returns The check. It takes a deposit that was cancelled for an executed one, and throws {@link DeferredConfigurationError} when no
 * client is of the deposit's chain.
 *
 * @example
 * const scheme = new DeferredEvmScheme({ buyer, escrows, limits, wasDepositUsed: createDepositCheck(publicClient) });
 */
export function createDepositCheck(...clients: readonly ReadClient[]): NonNullable<BuyerOptions["wasDepositUsed"]> {
  return async (deposit, account) => {
    const client = await clientOf(clients, account.chainId);
    const { timestamp } = await getBlock(client, { blockTag: "finalized" });
    if (timestamp <= deposit.authorization.expiry) return undefined;
    return createDepositReasons(client, account).isUsed(deposit);
  };
}

/** Asks the nodes themselves: the answer of another chain would clear what was executed on this one. */
async function clientOf(clients: readonly ReadClient[], chainId: bigint): Promise<ReadClient> {
  for (const client of clients) {
    if (BigInt(await getChainId(client)) === chainId) return client;
  }
  throw new DeferredConfigurationError(
    `No client of chain ${chainId} to check deposits with.`,
    "Give `createDepositCheck` one of each chain that is paid on.",
  );
}
