import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Address, Hash } from "viem";
import { createGroupCommit, type GroupCommit } from "../../core/groupCommit.ts";
import { integer, text } from "../../core/rows.ts";
import { createSqliteStatements, openSqlite, type SqliteStatements } from "../../core/sqlite.ts";
import type { BlockReference } from "../../core/types.ts";
import { escrowKey, type ServerId } from "../keys.ts";
import type { FlashDurability, FlashEscrowId, FlashItemStatus, FlashStore, SettlementId } from "../types.ts";
import { createEmbeddedFlashStore } from "./embedded.ts";
import type { FlashPersistence } from "./persistence.ts";
import { committedOf, MAX_SETTLED_ITEMS, newBook, topBlockOf, type Book, type ItemRecord } from "./records.ts";
import {
  fromBits,
  fromItemRow,
  fromLaneRow,
  fromReleaseRow,
  fromStatusRow,
  parseRead,
  stringify,
  toBits,
  toItemRow,
  toLaneRow,
  toReleaseRow,
} from "./rows.ts";
import type { BookChange } from "./rules.ts";
import { FLASH_SCHEMA, FLASH_SCHEMA_VERSION } from "./sqliteSchema.ts";

/** Settings of {@link createSqliteFlashStore}. */
export interface SqliteFlashStoreOptions {
  /** File of the store; its folder must exist. Never on a network file system. Not the file of a voucher store. */
  readonly path: string;
  /** When what was written is safe; `process` by default. */
  readonly durability?: FlashDurability;
  /** With `group`: how long requests wait for one another, milliseconds; 2 by default. */
  readonly groupMs?: number;
  /** Most escrows held in memory; 50,000 by default. Others are read from the file when they are needed. */
  readonly maxCachedEscrows?: number;
}

/**
 * Opens a store in a file: what a server runs by default. The file belongs to this process until {@link FlashStore.close}.
 *
 * Needs Node 22.13 or newer (`node:sqlite`).
 *
 * @param options - {@link SqliteFlashStoreOptions}.
 * @returns The store, with everything that was accepted before. Requests that a crash cut short hold nothing.
 * @throws {StoreUnavailableError} the runtime has no SQLite.
 * @throws {StoreLockedError} another process has the file open.
 * @throws {StoreVersionError} another version of this package, or another store, wrote the file.
 *
 * @example
 * const store = createSqliteFlashStore({ path: "flash.sqlite", durability: "group" });
 */
export function createSqliteFlashStore(options: SqliteFlashStoreOptions): FlashStore {
  const { maxCachedEscrows = 50_000 } = options;
  return createEmbeddedFlashStore({ persistence: openPersistence(options), maxCachedEscrows });
}

function openPersistence({ path, durability = "process", groupMs = 2 }: SqliteFlashStoreOptions): FlashPersistence {
  const synchronous = durability === "process" ? "NORMAL" : "FULL";
  const database = openSqlite({ path, synchronous, schema: FLASH_SCHEMA, version: FLASH_SCHEMA_VERSION });
  return new SqlitePersistence(database, createGroupCommit(database, durability === "group" ? groupMs : undefined));
}

class SqlitePersistence implements FlashPersistence {
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #sql: SqliteStatements;
  /** Row ids by key; they never change. */
  readonly #ids = new Map<string, number>();

  constructor(database: DatabaseSync, commits: GroupCommit) {
    this.#database = database;
    this.#sql = createSqliteStatements(database);
    this.#commits = commits;
  }

  load(escrow: FlashEscrowId): Book | undefined {
    const row = this.#sql.one(
      "SELECT * FROM escrows WHERE chain_id = ? AND settlement = ? AND client = ? AND server = ? AND token = ?",
      escrowValues(escrow),
    );
    if (row === undefined) return undefined;
    const book: Book = {
      ...newBook(escrow, parseRead(text(row, "confirmed")), parseRead(text(row, "head"))),
      epoch: integer(row, "epoch"),
      isStale: row["is_stale"] === 1,
      isStopped: row["is_stopped"] === 1,
      isImpaired: row["is_impaired"] === 1,
      accepted: integer(row, "accepted"),
      nonces: { base: integer(row, "nonce_base"), bits: fromBits(text(row, "nonce_bits")) },
    };
    const id = Number(row["id"]);
    this.#ids.set(book.key, id);
    for (const lane of this.#sql.all("SELECT * FROM lanes WHERE escrow_id = ?", [id]).map(fromLaneRow)) {
      book.lanes.set(lane.lane, lane);
    }
    for (const release of this.#sql.all("SELECT * FROM releases WHERE escrow_id = ?", [id]).map(fromReleaseRow)) {
      book.releases.set(release.authorization.nonce, release);
    }
    return book;
  }

  list({ chainId, settlement, server }: ServerId): readonly FlashEscrowId[] {
    const sql = "SELECT client, token FROM escrows WHERE chain_id = ? AND settlement = ? AND server = ?";
    return this.#sql.all(sql, [chainId.toString(), settlement, server]).map((row) => ({
      chainId,
      settlement,
      client: text(row, "client") as Address,
      server,
      token: text(row, "token") as Address,
    }));
  }

  listItems({ key }: Book): readonly ItemRecord[] {
    const id = this.#ids.get(key);
    if (id === undefined) return [];
    return this.#sql
      .all("SELECT * FROM items WHERE escrow_id = ? AND is_settled = 0 ORDER BY id", [id])
      .map(fromItemRow);
  }

  hasItem({ key }: Book, digest: Hash): boolean {
    const id = this.#ids.get(key);
    return (
      id !== undefined &&
      this.#sql.one("SELECT 1 FROM items WHERE escrow_id = ? AND digest = ?", [id, digest]) !== undefined
    );
  }

  findItem({ key }: Book, digest: Hash): FlashItemStatus | undefined {
    const row = this.#sql.one(
      `SELECT s.digest AS noted, s.transaction_hash, i.kind, i.is_settled FROM escrows e
        LEFT JOIN settled_items s ON s.escrow_id = e.id AND s.digest = ?
        LEFT JOIN items i ON i.escrow_id = e.id AND i.digest = ? WHERE e.id = ?`,
      [digest, digest, this.#ids.get(key) ?? null],
    );
    return row === undefined ? undefined : fromStatusRow(row, digest);
  }

  noteSettled({ key }: Book, digests: readonly Hash[], transactionHash: Hash): Promise<void> {
    const id = this.#ids.get(key);
    if (id === undefined) return Promise.resolve();
    return this.#commits.run(() => {
      for (const digest of digests) {
        this.#sql.run(
          `INSERT INTO settled_items (escrow_id, digest, transaction_hash) VALUES (?, ?, ?)
            ON CONFLICT (escrow_id, digest) DO UPDATE SET transaction_hash = excluded.transaction_hash`,
          [id, digest, transactionHash],
        );
      }
      this.#sql.run(
        `DELETE FROM settled_items WHERE escrow_id = ? AND id <=
          (SELECT id FROM settled_items WHERE escrow_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        [id, id, MAX_SETTLED_ITEMS],
      );
    });
  }

  write(changes: readonly BookChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    return this.#commits.run(() => {
      for (const change of changes) this.#write(change);
    });
  }

  markStale({ chainId, settlement }: SettlementId, block: bigint): Promise<void> {
    return this.#commits.run(() => {
      this.#sql.run("UPDATE escrows SET is_stale = 1 WHERE chain_id = ? AND settlement = ? AND top_block > ?", [
        chainId.toString(),
        settlement,
        block,
      ]);
    });
  }

  loadSyncedBlock({ chainId, settlement, server }: ServerId): BlockReference | undefined {
    const sql = "SELECT * FROM synced_blocks WHERE chain_id = ? AND settlement = ? AND server = ?";
    const row = this.#sql.one(sql, [chainId.toString(), settlement, server]);
    if (row === undefined) return undefined;
    return { number: integer(row, "number"), timestamp: integer(row, "timestamp"), hash: text(row, "hash") as Hash };
  }

  saveSyncedBlock({ chainId, settlement, server }: ServerId, block: BlockReference): Promise<void> {
    return this.#commits.run(() => {
      this.#sql.run("INSERT OR REPLACE INTO synced_blocks VALUES (?, ?, ?, ?, ?, ?)", [
        chainId.toString(),
        settlement,
        server,
        block.number,
        block.timestamp.toString(),
        block.hash,
      ]);
    });
  }

  async close(): Promise<void> {
    try {
      await this.#commits.flush();
    } finally {
      this.#database.close();
    }
  }

  #write({ book, isRead = false, isNewEpoch = false, lanes = [], added, settled = [], ...releases }: BookChange): void {
    const id = this.#writeBook(book, isRead);
    if (isNewEpoch)
      for (const table of ["lanes", "items"]) this.#sql.run(`DELETE FROM ${table} WHERE escrow_id = ?`, [id]);
    for (const lane of lanes) {
      const row = toLaneRow(lane);
      this.#sql.run("INSERT OR REPLACE INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [
        id,
        row.lane,
        row.charged,
        row.settled,
        row.accepted_at,
        row.total,
        row.digest,
        row.deadline,
        row.signature,
        row.published,
      ]);
    }
    if (added !== undefined) this.#addItem(id, added);
    for (const digest of settled) this.#settleItem(id, digest);
    for (const release of releases.addedReleases ?? []) {
      const { nonce, authorization_json, signature } = toReleaseRow(release);
      this.#sql.run("INSERT INTO releases VALUES (?, ?, ?, ?)", [id, nonce, authorization_json, signature]);
    }
    for (const nonce of releases.endedReleases ?? []) {
      this.#sql.run("DELETE FROM releases WHERE escrow_id = ? AND nonce = ?", [id, nonce.toString()]);
    }
  }

  #writeBook(book: Book, isRead: boolean): number {
    const id = this.#ids.get(book.key);
    const totals = [committedOf(book).toString(), book.nonces.base.toString(), toBits(book.nonces.bits)];
    if (id !== undefined && !isRead) {
      this.#sql.run("UPDATE escrows SET accepted = ?, nonce_base = ?, nonce_bits = ? WHERE id = ?", [...totals, id]);
      return id;
    }
    const { escrow, epoch, confirmed, head, isStale, isStopped, isImpaired } = book;
    const row = this.#sql.one(
      `INSERT INTO escrows (chain_id, settlement, client, server, token, epoch, confirmed, head, top_block, is_stale, is_stopped,
        is_impaired, accepted, nonce_base, nonce_bits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (chain_id, settlement, client, server, token) DO UPDATE SET epoch = excluded.epoch,
        confirmed = excluded.confirmed, head = excluded.head, top_block = excluded.top_block, is_stale = excluded.is_stale,
        is_stopped = excluded.is_stopped, is_impaired = excluded.is_impaired, accepted = excluded.accepted,
        nonce_base = excluded.nonce_base, nonce_bits = excluded.nonce_bits RETURNING id`,
      [
        ...escrowValues(escrow),
        epoch.toString(),
        stringify(confirmed),
        stringify(head),
        topBlockOf(book),
        isStale ? 1 : 0,
        isStopped ? 1 : 0,
        isImpaired ? 1 : 0,
        ...totals,
      ],
    );
    const written = Number(row?.["id"]);
    this.#ids.set(escrowKey(escrow), written);
    return written;
  }

  #addItem(id: number, record: ItemRecord): void {
    const row = toItemRow(record);
    this.#sql.run(
      `INSERT INTO items (escrow_id, digest, kind, amount, nonce, deadline, evidence, accepted_at, is_settled)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        id,
        row.digest,
        row.kind,
        row.amount,
        row.nonce,
        row.deadline,
        row.evidence,
        row.accepted_at,
        row.kind === "settled" ? 1 : 0,
      ],
    );
  }

  /** The nonce remembers a payment; only its digest remembers a transaction. */
  #settleItem(id: number, digest: Hash): void {
    this.#sql.run("INSERT OR IGNORE INTO settled_items (escrow_id, digest) VALUES (?, ?)", [id, digest]);
    this.#sql.run("DELETE FROM items WHERE escrow_id = ? AND digest = ? AND kind = 'payment'", [id, digest]);
    this.#sql.run("UPDATE items SET is_settled = 1, evidence = '' WHERE escrow_id = ? AND digest = ?", [id, digest]);
  }
}

function escrowValues({ chainId, settlement, client, server, token }: FlashEscrowId): SQLInputValue[] {
  return [chainId.toString(), settlement, client, server, token];
}
