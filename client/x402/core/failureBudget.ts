import { smallest } from "../../core/amounts.ts";
import { systemClock } from "../../seller/core/clock.ts";

/** Gas that a relayer spends on transactions that fail, for all together. What is under way counts as failed until it is mined. */
export interface RelayBudget {
  /** At once. Contract wallets have half of it: they can pass a trial and burn everything they get when they are mined. */
  readonly gas: bigint;
  /** Over time. */
  readonly gasPerHour: bigint;
}

/** Counts what failed transactions cost. */
export interface FailureBudget {
  /** Takes the gas of a transaction; false when too little is left for it. */
  take(gas: bigint, isOfContract: boolean): boolean;
  /** Whether there is enough for anybody, so that it does not matter who asks. */
  isAmple(gas: bigint): boolean;
  /** The transaction succeeded, or burnt so much less. */
  giveBack(gas: bigint): void;
}

/** Makes a full budget. */
export function createFailureBudget({ gas: most, gasPerHour }: RelayBudget): FailureBudget {
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
