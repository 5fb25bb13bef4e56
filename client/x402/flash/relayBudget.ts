import type { Address } from "viem";
import { smallest } from "../../core/amounts.ts";
import { systemClock } from "../../seller/core/clock.ts";
import { createTokenBuckets } from "../../seller/core/tokenBucket.ts";

/** Gas that a relayer spends on transactions that fail, for all clients together. What is under way counts as failed until it is mined. */
export interface RelayBudget {
  /** At once. Contract wallets have half of it: they can pass a trial and burn everything they get when they are mined. */
  readonly gas: bigint;
  /** Over time. */
  readonly gasPerHour: bigint;
}

/** How many trials of openings that would fail a relayer makes; each is a few requests to its node. */
export interface TrialRation {
  /** At once. */
  readonly burst: number;
  /** Over time. */
  readonly perSecond: number;
}

/** Counts what failed transactions cost. */
export interface FailureBudget {
  /** Takes the gas of a transaction; false when too little is left for it. */
  take(gas: bigint, isOfContract: boolean): boolean;
  /** Whether there is enough for anybody, so that it does not matter who asks. */
  isAmple(gas: bigint): boolean;
  /** The transaction succeeded. */
  giveBack(gas: bigint): void;
}

/** Forty transactions at once and ten an hour, with the default gas limit. */
const DEFAULT_BUDGET: RelayBudget = { gas: 14_000_000n, gasPerHour: 3_500_000n };

/** Makes a full budget. */
export function createFailureBudget({ gas: most, gasPerHour }: RelayBudget = DEFAULT_BUDGET): FailureBudget {
  let left = most;
  let since = systemClock();

  function refill(): void {
    const now = systemClock();
    const gained = now > since ? ((now - since) * gasPerHour) / 3_600n : 0n;
    if (gained === 0n) return;
    left = smallest(most, left + gained);
    since = now;
  }

  return {
    isAmple: (gas) => {
      refill();
      return left - gas >= most / 2n;
    },
    take: (gas, isOfContract) => {
      refill();
      if (left - gas < (isOfContract ? most / 2n : 0n)) return false;
      left -= gas;
      return true;
    },
    giveBack: (gas) => {
      left = smallest(most, left + gas);
    },
  };
}

/** Counts trials that found that an opening would fail. */
export interface Trials {
  /** False when this client, or all together, have had too many. */
  take(client: Address): boolean;
  /** It would succeed: then it ties up the least opening, and costs the client more than the relayer. */
  giveBack(client: Address): void;
}

/** Settings of {@link createTrials}. */
export interface TrialRations {
  /** For one client; 8 at once and 1 in two seconds by default. Anybody can name any client, so a client's own may be used up by others. */
  readonly each?: TrialRation;
  /** For all clients; 64 at once and 16 a second by default. */
  readonly all?: TrialRation;
}

const MAX_CLIENTS = 10_000;
const EVERYBODY = "everybody";

/** Makes the rations of trials. */
export function createTrials({
  each = { burst: 8, perSecond: 0.5 },
  all = { burst: 64, perSecond: 16 },
}: TrialRations = {}): Trials {
  const own = createTokenBuckets({ ...each, maxNames: MAX_CLIENTS });
  const shared = createTokenBuckets({ ...all, maxNames: 1 });
  return {
    take: (client) => {
      const now = systemClock();
      const name = client.toLowerCase();
      if (!own.take(name, now)) return false;
      if (shared.take(EVERYBODY, now)) return true;
      own.giveBack(name);
      return false;
    },
    giveBack: (client) => {
      own.giveBack(client.toLowerCase());
      shared.giveBack(EVERYBODY);
    },
  };
}
