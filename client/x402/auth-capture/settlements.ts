import type { Hash, Hex } from "viem";

/** What is known of something that was to be settled. */
export interface SettlementRecord {
  /** `sending`: somebody is at it. `sent`: nobody is, and it was not seen done. `settled`: it is done. */
  readonly status: "sending" | "sent" | "settled";
  /** Transactions that were sent for it, in their order. */
  readonly transactions: readonly Hash[];
}

/** Answer to {@link SettlementStore.take}. */
export interface SettlementClaim {
  /** The caller alone may settle it now. */
  readonly isTaken: boolean;
  /** How it stood before; absent when nothing was known of it. */
  readonly record?: SettlementRecord;
}

/**
 * Remembers what a facilitator is settling, so that each payment is settled, and said to be settled, once. Facilitators that share an
 * account need one that they share.
 */
export interface SettlementStore {
  /** Says how it stands, and takes nothing. */
  find(key: Hex): Promise<SettlementRecord | undefined>;
  /** Takes what nobody is at and what is not settled: its status becomes `sending`. One of several callers gets it. */
  take(key: Hex): Promise<SettlementClaim>;
  /** Writes down how it stands; undefined forgets it, so that it can begin anew. Only who has taken it calls this. */
  put(key: Hex, record: SettlementRecord | undefined): Promise<void>;
}

/** Settlements remembered; the oldest one that is settled makes room. Once it has expired a payment is refused anyway. */
const MAX_RECORDS = 100_000;

/**
 * Makes a store in this process's memory. After a restart a payment that was collected before is refused as such, so a server that asks
 * again must look at the chain.
 *
 * - Source: docs/x402/auth-capture.md, Settled once
 *
 * @returns The store.
 *
 * @example
 * const settlements = createMemorySettlements();
 */
export function createMemorySettlements(): SettlementStore {
  const records = new Map<Hex, SettlementRecord>();
  const makeRoom = (): void => {
    if (records.size < MAX_RECORDS) return;
    for (const [key, { status }] of records) {
      if (status !== "settled") continue;
      records.delete(key);
      return;
    }
  };
  return {
    find: async (key) => records.get(key),
    take: async (key) => {
      const record = records.get(key);
      if (record === undefined) makeRoom();
      if (record !== undefined && record.status !== "sent") return { isTaken: false, record };
      records.set(key, { status: "sending", transactions: record?.transactions ?? [] });
      return { isTaken: true, ...(record !== undefined && { record }) };
    },
    put: async (key, record) => {
      if (record === undefined) records.delete(key);
      else records.set(key, record);
    },
  };
}
