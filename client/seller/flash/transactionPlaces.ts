import type { FlashReservation, UnsettledItem } from "./types.ts";

/** Places for signed transactions that are not settled: each costs the server a settlement of its own, and blocks take a limited number. */
export interface TransactionPlaces {
  /** Whether one is free; a store that fails makes it reject. */
  isFree(now: bigint): Promise<boolean>;
  /** Keeps a place for a request that is being served. Asks nobody. */
  take(reservation: FlashReservation): void;
  /** The request was served: its place is taken until the item is settled. */
  keep(reservation: FlashReservation): void;
  /** The request was not served. */
  giveBack(reservation: FlashReservation): void;
}

/** Settings of {@link createTransactionPlaces}. */
export interface TransactionPlacesOptions {
  readonly most: number;
  /** Accepted items that are not settled, of every process. */
  readonly listUnsettled: () => Promise<readonly UnsettledItem[]>;
}

/** Seconds between two looks at what is unsettled, while every place is taken. */
const LOOK_AGAIN = 5n;

/**
 * Makes the places. They are counted anew only when all seem taken, so what other processes accept in between may come on top, once for each
 * process.
 */
export function createTransactionPlaces({ most, listUnsettled }: TransactionPlacesOptions): TransactionPlaces {
  /** Requests that are being served, with the time at which they end by themselves. */
  const served = new Map<string, bigint>();
  let held: number | undefined;
  let kept = 0;
  let nextLook = 0n;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    kept = 0;
    const items = await listUnsettled();
    // What was accepted while this was read may be in it or not: it counts.
    held = items.filter(({ item }) => item.kind === "transaction").length + kept;
    kept = 0;
  }

  function isFull(now: bigint): boolean {
    for (const [id, until] of served) if (until < now) served.delete(id);
    return held === undefined || held + served.size >= most;
  }

  return {
    isFree: async (now) => {
      if (!isFull(now)) return true;
      if (held !== undefined && now < nextLook) return false;
      nextLook = now + LOOK_AGAIN;
      looking ??= look().finally(() => {
        looking = undefined;
      });
      await looking;
      return !isFull(now);
    },
    take: ({ reservationId, until }) => {
      served.set(reservationId, until);
    },
    keep: ({ reservationId }) => {
      served.delete(reservationId);
      kept += 1;
      if (held !== undefined) held += 1;
    },
    giveBack: ({ reservationId }) => {
      served.delete(reservationId);
    },
  };
}
