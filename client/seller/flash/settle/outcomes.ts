import type { Hex, TransactionReceipt } from "viem";
import { decodeFlashError, FlashSettlementError } from "../../../flash/errors.ts";
import { parseSettlements, type Settlement } from "../../../flash/events.ts";
import { escrowId } from "../../../flash/hash.ts";
import type { QuotedGroup } from "../../../flash/quote.ts";
import type { SettledItem, SettleFailure, UnsettledItem } from "../types.ts";
import { packItem, type Batch, type Bundle, type Shipment } from "./batches.ts";

/** What a receipt says, by digest of the item. It may still be undone: whether an item is settled, the store says. */
export interface ReceiptReading {
  readonly failures: ReadonlyMap<Hex, SettleFailure>;
  readonly paid: readonly Settlement[];
}

/** Reads what became of a shipment from its receipt. */
export function readReceipt(settlement: Hex, shipment: Shipment, receipt: TransactionReceipt): ReceiptReading {
  if (receipt.status !== "success") return { failures: allFailed(shipment, "Reverted"), paid: [] };
  const { settlements, skipped } = parseSettlements({ settlement, logs: receipt.logs });
  const reasons = new Map(skipped.map(({ id, head, reason }) => [nameOf(id, head), reason]));
  switch (shipment.kind) {
    case "batch":
      return { failures: failuresOf(shipment, reasons), paid: settlements };
    case "bundle":
      return { failures: readBundle(shipment, settlements), paid: settlements };
    case "transaction":
      return { failures: new Map(), paid: settlements };
  }
}

/**
 * Says which items of a mined bundle it did not settle. An event names the escrow and not the item, but each item is settled whole or not at
 * all, in their order.
 */
function readBundle({ items }: Bundle, settlements: readonly Settlement[]): ReadonlyMap<Hex, SettleFailure> {
  const left = [...settlements];
  const failures = new Map<Hex, SettleFailure>();
  for (const { item: unsettled } of items) {
    const { escrow, item } = unsettled;
    const id = escrowId(escrow);
    const place = left.findIndex((paid) => paid.id === id && paid.fromWallet + paid.fromEscrow === item.amount);
    if (place === -1) failures.set(item.digest, "Pending");
    else left.splice(place, 1);
  }
  return failures;
}

/** Which items of a batch a quote says the contract would skip. */
export function readQuote(batch: Batch, quotes: readonly QuotedGroup[]): ReadonlyMap<Hex, SettleFailure> {
  const reasons = new Map<string, SettleFailure>();
  for (const { id, payments, tabs } of quotes) {
    for (const { item, reason } of [...payments, ...tabs]) {
      if (reason !== "None") reasons.set(nameOf(id, item.head), reason);
    }
  }
  return failuresOf(batch, reasons);
}

function failuresOf({ items }: Batch, reasons: ReadonlyMap<string, SettleFailure>): ReadonlyMap<Hex, SettleFailure> {
  const failures = new Map<Hex, SettleFailure>();
  for (const { item } of items) {
    const reason = reasons.get(nameOf(escrowId(item.escrow), packItem(item).head));
    if (reason !== undefined) failures.set(item.item.digest, reason);
  }
  return failures;
}

/** Every item of a shipment with the same failure. */
export function allFailed(shipment: Shipment, failure: SettleFailure): ReadonlyMap<Hex, SettleFailure> {
  return new Map(shipment.items.map(({ item }) => [item.item.digest, failure]));
}

function nameOf(id: Hex, head: bigint): string {
  return `${id} ${head}`;
}

const BY_ERROR: Readonly<Record<string, SettleFailure>> = {
  NonceUsed: "Used",
  Expired: "Expired",
  NoEscrow: "NoEscrow",
  WrongEpoch: "NoEscrow",
  NotCovered: "NotCovered",
  NotServer: "NotServer",
  BadSignature: "BadSignature",
  BadTransaction: "Malformed",
  NotNumberedPayment: "Malformed",
  AmountTooLarge: "NotCovered",
};

/** Why a call reverts; undefined when the error is no revert. */
export function refusalOf(error: unknown): SettleFailure | undefined {
  const decoded = error instanceof FlashSettlementError ? error : decodeFlashError(error);
  if (decoded === undefined) return undefined;
  return decoded instanceof FlashSettlementError ? (BY_ERROR[decoded.errorName] ?? "Reverted") : "Reverted";
}

/** Remembers failed items: each rests longer from one attempt to the next. */
export interface SettleAttempts {
  /** Forgets what is not among the items. @returns What of that failed and was not given up. */
  forget(items: readonly UnsettledItem[]): readonly SettledItem[];
  /** Which of the items may be tried now. */
  ready(items: readonly UnsettledItem[], now: bigint, isAll: boolean): readonly UnsettledItem[];
  /** Whether an item failed before. */
  hasFailed(item: UnsettledItem): boolean;
  fail(item: SettledItem, now: bigint): void;
  /** Notes that nothing can come of a failed item any more. @returns Whether that is news. */
  giveUp(item: SettledItem): boolean;
}

interface FailedItem {
  readonly item: SettledItem;
  readonly count: number;
  readonly restUntil: bigint;
  isGivenUp: boolean;
}

const FIRST_REST = 10n;
const MAX_DOUBLINGS = 6;

/** Makes the memory of one settler. */
export function createSettleAttempts(): SettleAttempts {
  const failed = new Map<Hex, FailedItem>();
  return {
    forget: (items) => {
      const present = new Set(items.map(({ item }) => item.digest));
      const gone = [...failed].filter(([digest]) => !present.has(digest));
      for (const [digest] of gone) failed.delete(digest);
      return gone.flatMap(([, { item, isGivenUp }]) => (isGivenUp ? [] : [item]));
    },
    ready: (items, now, isAll) =>
      items.filter(({ item }) => {
        const known = failed.get(item.digest);
        return known === undefined || (!known.isGivenUp && (isAll || known.restUntil <= now));
      }),
    hasFailed: ({ item }) => failed.has(item.digest),
    fail: (item, now) => {
      const { digest } = item.item.item;
      const known = failed.get(digest);
      const count = (known?.count ?? 0) + 1;
      const rest = FIRST_REST * 2n ** BigInt(Math.min(count - 1, MAX_DOUBLINGS));
      failed.set(digest, { item, count, restUntil: now + rest, isGivenUp: known?.isGivenUp ?? false });
    },
    giveUp: ({ item: { item } }) => {
      const known = failed.get(item.digest);
      const isNews = known !== undefined && !known.isGivenUp;
      if (known !== undefined) known.isGivenUp = true;
      return isNews;
    },
  };
}
