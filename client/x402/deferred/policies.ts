import type { PaymentPolicy } from "@x402/core/client";
import { createExactPolicy, type ExactThreshold } from "../core/exactPolicy.ts";
import { DEFERRED_SCHEME } from "./constants.ts";

/**
 * Makes `x402Client` pay small prices by `deferred` and large ones by `exact`, wherever a seller offers both. A large payment is worth
 * its own transaction, and no deposit of that size has to stay with a seller.
 *
 * @param threshold - Prices above it prefer `exact`. Where the seller offers one scheme only, that one is used whatever the price.
 * @returns Policy for `x402Client.registerPolicy`.
 *
 * @example
 * client.registerPolicy(preferExactAbove(10_000n)); // 0.01 USDC
 */
export function preferExactAbove(threshold: ExactThreshold): PaymentPolicy {
  return createExactPolicy(DEFERRED_SCHEME, threshold);
}
