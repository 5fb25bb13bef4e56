import type { Hash } from "viem";
import type { BlockReference } from "../../core/types.ts";
import type { ServerId } from "../keys.ts";
import type { FlashEscrowId, FlashItemStatus, SettlementId } from "../types.ts";
import type { Book, ItemRecord } from "./records.ts";
import type { BookChange } from "./rules.ts";

/** Where a store that decides in memory keeps its books. Reads show every write that was begun before. */
export interface FlashPersistence {
  /** Reads a book. A reservation is never written, so the book has none, and its accepted total counts none. */
  load(escrow: FlashEscrowId): Book | undefined;
  list(server: ServerId): readonly FlashEscrowId[];
  /** Items of the book's epoch that were committed and are not settled. */
  listItems(book: Book): readonly ItemRecord[];
  /** Whether a transaction of this digest was committed in the book's epoch, settled or not. */
  hasItem(book: Book, digest: Hash): boolean;
  /** What became of an item of the book that was committed or noted as settled. Tabs that were not noted are in the book alone. */
  findItem(book: Book, digest: Hash): FlashItemStatus | undefined;
  /** Notes which transaction settled items, and forgets the oldest ones beyond the limit. */
  noteSettled(book: Book, digests: readonly Hash[], transactionHash: Hash): Promise<void>;
  /** Begins to write changes in one step, at once. @returns When they are durable; rejects when nothing of them was written. */
  write(changes: readonly BookChange[]): Promise<void>;
  /** Marks books read above `block` as stale. */
  markStale(settlement: SettlementId, block: bigint): Promise<void>;
  loadSyncedBlock(server: ServerId): BlockReference | undefined;
  saveSyncedBlock(server: ServerId, block: BlockReference): Promise<void>;
  /** Writes what is left and closes. */
  close(): Promise<void>;
}
