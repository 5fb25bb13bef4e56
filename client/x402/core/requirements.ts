import type { PaymentRequirements } from "@x402/core/types";
import { chainIdOfNetwork, chainIdOfNetworkV1 } from "./network.ts";

/** Payment requirements of either version, as a facilitator reads them. */

/** Whether two fields are the same, addresses in any case. */
export function isSame(first: unknown, second: unknown): boolean {
  if (typeof first !== "string" || typeof second !== "string") return first === second;
  return first.toLowerCase() === second.toLowerCase();
}

/** Price of requirements; nothing says that it is an amount. */
export function priceOf(requirements: PaymentRequirements): unknown {
  return requirements.amount ?? (requirements as unknown as { maxAmountRequired?: unknown }).maxAmountRequired;
}

/** Reads the chain id of a network of either version; undefined when it is none. */
export function chainIdOfAny(network: string): bigint | undefined {
  return chainIdOfNetwork(network) ?? chainIdOfNetworkV1(network);
}
