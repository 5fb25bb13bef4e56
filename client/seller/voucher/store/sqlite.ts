import type { DatabaseSync } from "node:sqlite";
import type { Address, Hash, Hex } from "viem";
import type { AccountId, EscrowId, LiveRelease } from "../types.ts";
import { integer, text } from "../../core/rows.ts";
import { createSqliteStatements, inTransaction, openSqlite, type SqliteStatements } from "../../core/sqlite.ts";
import type { BlockReference } from "../../core/types.ts";
import type { VoucherStore } from "./types.ts";
import { createEmbeddedStore } from "./embedded.ts";
import type { Persistence, SellerId } from "./persistence.ts";
import { isUsed, newAccount, newLane, type AccountRecord, type LaneFacts, type SignerRecord } from "./records.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import { accountValues, laneValues, toAccountId, toLaneFacts, toLiveRelease } from "./sqliteRows.ts";

/** Settings of {@link createSqliteStore}. */
export interface SqliteStoreOptions {
  /** File of the store; its folder must exist. Never on a network file system. */
  readonly path: string;
  /**
   * `NORMAL` (default) survives the end of the process, SIGKILL included, but the last charges can be lost when the machine loses power.
   * `FULL` survives that too, and waits for the disk at every charge.
   */
  readonly synchronous?: "NORMAL" | "FULL";
  /** Most accounts held in memory; 50,000 by default. Others are read from the file when they are needed. */
  readonly maxCachedAccounts?: number;
}

/**
 * Opens a store in a file: what a seller runs by default. The file belongs to this process until {@link VoucherStore.close}.
 *
 * Needs Node 22.13 or newer (`node:sqlite`).
 *
 * @param options - {@link SqliteStoreOptions}.
 * @returns The store, with everything that was accepted before. Requests that a crash cut short hold nothing.
 * @throws {StoreUnavailableError} the runtime has no SQLite.
 * @throws {StoreLockedError} another process has the file open.
 * @throws {StoreVersionError} another version of this package wrote the file.
 *
 * @example
 * const store = createSqliteStore({ path: "vouchers.sqlite" });
 */
export function createSqliteStore(options: SqliteStoreOptions): VoucherStore {
  const { path, synchronous = "NORMAL", maxCachedAccounts = 50_000 } = options;
  const database = openSqlite({ path, synchronous, schema: SCHEMA, version: SCHEMA_VERSION });
  return createEmbeddedStore({ persistence: new SqlitePersistence(database), maxCachedAccounts });
}

class SqlitePersistence implements Persistence {
  readonly #database: DatabaseSync;
  readonly #sql: SqliteStatements;
  readonly #rowIds = new WeakMap<AccountRecord, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#sql = createSqliteStatements(database);
  }

  loadAccount(account: AccountId): AccountRecord | undefined {
    const row = this.#sql.one(
      "SELECT * FROM accounts WHERE chain_id = ? AND escrow = ? AND seller = ? AND asset = ? AND buyer = ?",
      accountValues(account),
    );
    if (row === undefined) return undefined;
    const record = newAccount(account, {
      balance: integer(row, "balance"),
      thawing: integer(row, "thawing"),
      thawEndTime: integer(row, "thaw_end_time"),
      syncedBlock: {
        number: integer(row, "block_number"),
        timestamp: integer(row, "block_timestamp"),
        hash: text(row, "block_hash") as Hash,
      },
      isStale: row["is_stale"] === 1,
    });
    const rowId = Number(row["id"]);
    this.#rowIds.set(record, rowId);
    for (const lane of this.#sql.all("SELECT * FROM lanes WHERE account_id = ?", [rowId])) {
      const id = text(lane, "lane_id") as Hex;
      record.lanes.set(id, newLane(id, toLaneFacts(account, id, lane)));
    }
    for (const release of this.#sql.all("SELECT * FROM releases WHERE account_id = ?", [rowId])) {
      record.releases.set(text(release, "nonce") as Hex, toLiveRelease(account, release));
    }
    return record;
  }

  saveLane(record: AccountRecord, id: Hex, facts: LaneFacts): void {
    const rowId = this.#rowIds.get(record);
    if (rowId === undefined) {
      this.saveAll([record], []);
      this.saveLane(record, id, facts);
      return;
    }
    this.#sql.run(
      `INSERT INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account_id, lane_id) DO UPDATE SET
        charged = excluded.charged, collected = excluded.collected, is_uncollected = excluded.is_uncollected,
        oldest_charge_time = excluded.oldest_charge_time, promised = excluded.promised, value_aggregate = excluded.value_aggregate,
        voucher_timestamp = excluded.voucher_timestamp, nonce = excluded.nonce, expiry = excluded.expiry,
        signature = excluded.signature, signer = excluded.signer, signer_kind = excluded.signer_kind,
        voucher_hash = excluded.voucher_hash`,
      [rowId, id, ...laneValues(facts)],
    );
  }

  saveAll(records: readonly AccountRecord[], signers: readonly SignerRecord[]): void {
    if (records.length === 0 && signers.length === 0) return;
    inTransaction(this.#database, () => {
      for (const record of records) {
        this.#saveAccount(record);
        for (const lane of record.lanes.values()) if (isUsed(lane)) this.saveLane(record, lane.id, lane.facts);
        this.#writeReleases(record, record.releases);
      }
      for (const signer of signers) this.#saveSigner(signer);
    });
  }

  saveReleases(record: AccountRecord, releases: ReadonlyMap<Hex, LiveRelease>): void {
    inTransaction(this.#database, () => {
      this.#writeReleases(record, releases);
    });
  }

  listAccounts({ chainId, escrow, seller }: SellerId, onlyUncollected: boolean): readonly AccountId[] {
    const filter = onlyUncollected
      ? "AND id IN (SELECT account_id FROM lanes INDEXED BY lanes_uncollected WHERE is_uncollected = 1)"
      : "";
    const sql = `SELECT * FROM accounts WHERE chain_id = ? AND escrow = ? AND seller = ? ${filter}`;
    return this.#sql.all(sql, [chainId.toString(), escrow, seller]).map(toAccountId);
  }

  markStale({ chainId, escrow }: EscrowId, block: bigint): void {
    this.#sql.run("UPDATE accounts SET is_stale = 1 WHERE chain_id = ? AND escrow = ? AND block_number > ?", [
      chainId.toString(),
      escrow.toLowerCase(),
      block,
    ]);
  }

  listReleasing({ chainId, escrow }: EscrowId): readonly AccountId[] {
    const sql = "SELECT * FROM accounts WHERE chain_id = ? AND escrow = ? AND id IN (SELECT account_id FROM releases)";
    return this.#sql.all(sql, [chainId.toString(), escrow.toLowerCase()]).map(toAccountId);
  }

  loadSigners({ chainId, escrow }: EscrowId): readonly SignerRecord[] {
    const rows = this.#sql.all("SELECT * FROM signers WHERE chain_id = ? AND escrow = ?", [chainId.toString(), escrow]);
    return rows.map((row) => ({
      chainId,
      escrow,
      buyer: text(row, "buyer") as Address,
      signer: text(row, "signer") as Address,
      validUntil: integer(row, "valid_until"),
      isRevoked: row["is_revoked"] === 1,
      blockNumber: integer(row, "block_number"),
    }));
  }

  loadSyncedBlock({ chainId, escrow, seller }: SellerId): BlockReference | undefined {
    const row = this.#sql.one("SELECT * FROM synced_blocks WHERE chain_id = ? AND escrow = ? AND seller = ?", [
      chainId.toString(),
      escrow,
      seller,
    ]);
    if (row === undefined) return undefined;
    return {
      number: integer(row, "number"),
      timestamp: integer(row, "timestamp"),
      hash: text(row, "hash") as Hash,
    };
  }

  saveSyncedBlock({ chainId, escrow, seller }: SellerId, { number, timestamp, hash }: BlockReference): void {
    this.#sql.run("INSERT OR REPLACE INTO synced_blocks VALUES (?, ?, ?, ?, ?, ?)", [
      chainId.toString(),
      escrow,
      seller,
      number,
      timestamp.toString(),
      hash,
    ]);
  }

  close(): void {
    this.#database.close();
  }

  #saveAccount(record: AccountRecord): void {
    const { balance, thawing, thawEndTime, syncedBlock, isStale } = record.facts;
    const row = this.#sql.one(
      `INSERT INTO accounts (chain_id, escrow, seller, asset, buyer, balance, thawing, thaw_end_time, block_number, block_timestamp,
        block_hash, is_stale) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (chain_id, escrow, seller, asset, buyer) DO UPDATE SET balance = excluded.balance, thawing = excluded.thawing,
        thaw_end_time = excluded.thaw_end_time, block_number = excluded.block_number, block_timestamp = excluded.block_timestamp,
        block_hash = excluded.block_hash, is_stale = excluded.is_stale RETURNING id`,
      [
        ...accountValues(record.account),
        balance.toString(),
        thawing.toString(),
        thawEndTime.toString(),
        syncedBlock.number,
        syncedBlock.timestamp.toString(),
        syncedBlock.hash,
        isStale ? 1 : 0,
      ],
    );
    if (row !== undefined) this.#rowIds.set(record, Number(row["id"]));
  }

  #writeReleases(record: AccountRecord, releases: ReadonlyMap<Hex, LiveRelease>): void {
    const rowId = this.#rowIds.get(record);
    if (rowId === undefined) return;
    this.#sql.run("DELETE FROM releases WHERE account_id = ?", [rowId]);
    for (const [nonce, { authorization, signature }] of releases) {
      const { id, collectedAtLeast, amount, expiry } = authorization;
      this.#sql.run("INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?, ?)", [
        rowId,
        nonce,
        id,
        collectedAtLeast.toString(),
        amount.toString(),
        expiry.toString(),
        signature,
      ]);
    }
  }

  #saveSigner({ chainId, escrow, buyer, signer, validUntil, isRevoked, blockNumber }: SignerRecord): void {
    this.#sql.run("INSERT OR REPLACE INTO signers VALUES (?, ?, ?, ?, ?, ?, ?)", [
      chainId.toString(),
      escrow,
      buyer,
      signer,
      validUntil.toString(),
      isRevoked ? 1 : 0,
      blockNumber,
    ]);
  }
}
