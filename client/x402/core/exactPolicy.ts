import type { PaymentPolicy } from "@x402/core/client";
import type { PaymentRequirements } from "@x402/core/types";

/** From which price on `exact` is preferred: token base units, for every asset or by asset. */
export type ExactThreshold = bigint | ((asset: string, network: string) => bigint | undefined);

/** Makes the policy that prefers `exact` above a price and `scheme` up to it, wherever a 402 offers both. */
export function createExactPolicy(scheme: string, threshold: ExactThreshold): PaymentPolicy {
  return (x402Version, offers) => {
    const isPreferred = (offer: PaymentRequirements): boolean =>
      offer.scheme === (isLarge(offer, x402Version, threshold) ? "exact" : scheme);
    return [...offers.filter(isPreferred), ...offers.filter((offer) => !isPreferred(offer))];
  };
}

function isLarge(offer: PaymentRequirements, x402Version: number, threshold: ExactThreshold): boolean {
  const limit = typeof threshold === "function" ? threshold(offer.asset, offer.network) : threshold;
  const amount =
    x402Version === 1 ? (offer as unknown as { maxAmountRequired: string }).maxAmountRequired : offer.amount;
  return limit !== undefined && /^[0-9]+$/.test(amount) && BigInt(amount) > limit;
}
