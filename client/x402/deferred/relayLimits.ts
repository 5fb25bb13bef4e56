import type { Address } from "viem";
import { createTokenBuckets } from "../../seller/core/tokenBucket.ts";
import { systemClock } from "../../seller/voucher/limits.ts";

/** What keeps strangers from using up a relayer's gas. */

/**
 * Most gas of one transaction. Whatever takes more is not sent, and nothing is sent with more: a contract wallet can burn all it gets, and
 * can burn more than when it was tried.
 */
export interface RelayGasLimits {
  /** A deposit. Keys need 126,000, through a permit 170,000; a contract wallet needs what its signature check takes on top. */
  readonly deposit: bigint;
  /** The authorization of a session signer. Keys need 55,000. */
  readonly signer: bigint;
  /** The deployment of a wallet together with its first deposit. */
  readonly deployment: bigint;
}

/** How many transactions are sent for one buyer. A deposit that succeeds does not count: it ties up the least deposit. */
export interface RelayRation {
  /** At once. */
  readonly burst: number;
  /** Over time. */
  readonly perHour: number;
}

/** What a relayer allows unless it says otherwise. */
export const DEFAULT_RELAY_GAS: RelayGasLimits = { deposit: 300_000n, signer: 150_000n, deployment: 1_000_000n };
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
