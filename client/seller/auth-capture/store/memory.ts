import type { Hex } from "viem";
import type { PaymentRecord, PaymentStore } from "../types.ts";

/**
 * Makes a store in this process's memory, for tests: what it holds is lost with the process, and with it the holds until their capture
 * deadlines.
 *
 * - Source: docs/x402/auth-capture.md, Payments of a seller
 *
 * @returns The store.
 *
 * @example
 * const store = createMemoryPaymentStore();
 */
export function createMemoryPaymentStore(): PaymentStore {
  const records = new Map<Hex, PaymentRecord>();
  const isCurrent = ({ paymentInfoHash, version }: PaymentRecord, behind: number): boolean =>
    records.get(paymentInfoHash)?.version === version - behind;
  return {
    insert: async (record) => {
      if (records.has(record.paymentInfoHash)) return false;
      records.set(record.paymentInfoHash, record);
      return true;
    },
    get: async (paymentInfoHash) => records.get(paymentInfoHash),
    replace: async (record) => {
      if (!isCurrent(record, 1)) return false;
      records.set(record.paymentInfoHash, record);
      return true;
    },
    remove: async (record) => isCurrent(record, 0) && records.delete(record.paymentInfoHash),
    listDue: async ({ now, limit, isClosed = false }) =>
      [...records.values()]
        .filter(({ stage, dueAt }) => (stage === "closed") === isClosed && dueAt <= now)
        .toSorted((first, second) => Number(first.dueAt - second.dueAt))
        .slice(0, limit),
    list: async (stage) => [...records.values()].filter((record) => record.stage === stage),
    close: async () => {
      records.clear();
    },
  };
}
