import type { Address } from "viem";
import { systemClock } from "../../seller/core/clock.ts";
import { createTokenBuckets } from "../../seller/core/tokenBucket.ts";

/** How many transactions are sent for one buyer. A deposit that succeeds does not count: it ties up the least deposit. */
export interface RelayRation {
  /** At once. */
  readonly burst: number;
  /** Over time. */
  readonly perHour: number;
}

const DEFAULT_RATION: RelayRation = { burst: 8, perHour: 1 };
/** Buyers whose rations are remembered. Each has an account or a deposit that would succeed, so new ones cost something. */
const MAX_BUYERS = 10_000;

/** Counts what is sent for each buyer. */
export interface Rations {
  /** Takes one transaction of a buyer's ration; false when it is used up. */
  take(buyer: Address): boolean;
  giveBack(buyer: Address): void;
}

/** Makes rations. A buyer that was forgotten for others starts anew. */
export function createRations({ burst, perHour }: RelayRation = DEFAULT_RATION): Rations {
  const buckets = createTokenBuckets({ burst, perSecond: perHour / 3600, maxNames: MAX_BUYERS });
  return {
    take: (buyer) => buckets.take(buyer.toLowerCase(), systemClock()),
    giveBack: (buyer) => {
      buckets.giveBack(buyer.toLowerCase());
    },
  };
}
