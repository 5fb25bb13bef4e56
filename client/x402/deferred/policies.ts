import type { PaymentPolicy } from "@x402/core/client";
import type { PaymentRequirements } from "@x402/core/types";
import { DEFERRED_SCHEME } from "./constants.ts";

/** From which price on `exact` is preferred: token base units, for every asset or by asset. */
export type ExactThreshold = bigint | ((asset: string, network: string) => bigint | undefined);

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
  return (x402Version, offers) => {
    const isPreferred = (offer: PaymentRequirements): boolean =>
      offer.scheme === (isLarge(offer, x402Version, threshold) ? "exact" : DEFERRED_SCHEME);
    return [...offers.filter(isPreferred), ...offers.filter((offer) => !isPreferred(offer))];
  };
}

function isLarge(offer: PaymentRequirements, x402Version: number, threshold: ExactThreshold): boolean {
  const limit = typeof threshold === "function" ? threshold(offer.asset, offer.network) : threshold;
  const amount =
    x402Version === 1 ? (offer as unknown as { maxAmountRequired: string }).maxAmountRequired : offer.amount;
  return limit !== undefined && /^[0-9]+$/.test(amount) && BigInt(amount) > limit;
}
