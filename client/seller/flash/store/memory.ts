import type { Hash } from "viem";
import type { BlockReference } from "../../core/types.ts";
import { serverKey, type ServerId } from "../keys.ts";
import type { FlashItemStatus, FlashStore } from "../types.ts";
import { createEmbeddedFlashStore } from "./embedded.ts";
import type { FlashPersistence } from "./persistence.ts";
import { MAX_SETTLED_ITEMS, type Book, type ItemRecord } from "./records.ts";
import type { BookChange } from "./rules.ts";

/**
 * Makes a store that forgets everything when the process ends: for tests and trials. A server that takes money uses
 * {@link createSqliteFlashStore}: what is neither settled nor on disk is lost in a crash.
 *
 * @returns The store; amounts in token base units.
 *
 * @example
 * const store = createMemoryFlashStore();
 */
export function createMemoryFlashStore(): FlashStore {
  return createEmbeddedFlashStore({
    persistence: createMemoryPersistence(),
    maxCachedEscrows: Number.MAX_SAFE_INTEGER,
  });
}

interface Shelf {
  book: Book;
  /** Items of the epoch that are not settled, by digest. */
  readonly items: Map<Hash, ItemRecord>;
  /** Digests of the epoch's transactions, settled or not. */
  readonly transactions: Set<Hash>;
  /** Items of any epoch that were settled, oldest first, with the transaction where it is known. */
  readonly settled: Map<Hash, Hash | undefined>;
}

/** The store holds every book itself, so only the items and the list of books are kept here. */
function createMemoryPersistence(): FlashPersistence {
  const shelves = new Map<string, Shelf>();
  const syncedBlocks = new Map<string, BlockReference>();
  const done = Promise.resolve();

  function put(change: BookChange): void {
    const { book, isNewEpoch = false, added, settled = [] } = change;
    const before = shelves.get(book.key);
    const known = isNewEpoch ? undefined : before;
    const fresh = { book, items: new Map(), transactions: new Set<Hash>(), settled: before?.settled ?? new Map() };
    const shelf: Shelf = known ?? fresh;
    shelf.book = book;
    shelves.set(book.key, shelf);
    for (const digest of settled) {
      shelf.items.delete(digest);
      remember(shelf, digest, shelf.settled.get(digest));
    }
    if (added === undefined) return;
    const { kind, digest } = added.item;
    if (kind !== "settled") shelf.items.set(digest, added);
    if (kind !== "payment") shelf.transactions.add(digest);
  }

  function findItem({ key }: Book, digest: Hash): FlashItemStatus | undefined {
    const shelf = shelves.get(key);
    if (shelf?.settled.has(digest) === true) {
      const transactionHash = shelf.settled.get(digest);
      return { status: "settled", ...(transactionHash !== undefined && { transactionHash }) };
    }
    if (shelf?.items.has(digest) === true) return { status: "accepted" };
    // It was mined before it was accepted, and bears the hash of its transaction.
    return shelf?.transactions.has(digest) === true ? { status: "settled", transactionHash: digest } : undefined;
  }

  return {
    load: () => undefined,
    list: (server) =>
      [...shelves.values()].filter(({ book }) => isOf(book, server)).map(({ book: { escrow } }) => escrow),
    listItems: ({ key }) => [...(shelves.get(key)?.items.values() ?? [])],
    hasItem: ({ key }, digest) => shelves.get(key)?.transactions.has(digest) ?? false,
    findItem,
    noteSettled: ({ key }, digests, transactionHash) => {
      const shelf = shelves.get(key);
      if (shelf !== undefined) for (const digest of digests) remember(shelf, digest, transactionHash);
      return done;
    },
    write: (changes) => {
      changes.forEach(put);
      return done;
    },
    markStale: () => done,
    loadSyncedBlock: (server) => syncedBlocks.get(serverKey(server)),
    saveSyncedBlock: (server, block) => {
      syncedBlocks.set(serverKey(server), block);
      return done;
    },
    close: () => done,
  };
}

function remember({ settled }: Shelf, digest: Hash, transactionHash: Hash | undefined): void {
  settled.set(digest, transactionHash);
  const oldest = settled.size > MAX_SETTLED_ITEMS ? settled.keys().next().value : undefined;
  if (oldest !== undefined) settled.delete(oldest);
}

function isOf({ escrow }: Book, { chainId, settlement, server }: ServerId): boolean {
  return escrow.chainId === chainId && escrow.settlement === settlement && escrow.server === server;
}
