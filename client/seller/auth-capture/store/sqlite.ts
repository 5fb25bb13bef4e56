import { StoreClosedError } from "../../core/errors.ts";
import { text, type Row } from "../../core/rows.ts";
import { createSqliteStatements, openSqlite } from "../../core/sqlite.ts";
import type { PaymentRecord, PaymentStore } from "../types.ts";
import { parseRecord, stringifyRecord } from "./rows.ts";

/** Settings of {@link createSqlitePaymentStore}. */
export interface SqlitePaymentStoreOptions {
  /** File of the store; its folder must exist. Never on a network file system. Not the file of another store. */
  readonly path: string;
  /** `disk` (default): what was written survives a power cut. `process`: it survives a crash of the process. */
  readonly durability?: "process" | "disk";
}

/** Format of the file. Counts from 2,001, so that a file of another family is never taken for one of these. */
const PAYMENT_SCHEMA_VERSION = 2_001;

const SCHEMA = `
  CREATE TABLE payments (
    payment_info_hash TEXT PRIMARY KEY,
    stage TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due_payments ON payments (due_at) WHERE stage <> 'closed';
`;

/** Files of earlier versions lack it. */
const CLOSED_INDEX = "CREATE INDEX IF NOT EXISTS closed_payments ON payments (due_at) WHERE stage = 'closed'";

/**
 * Opens a store in a file: what a seller runs by default. The file belongs to this process until {@link PaymentStore.close}. Payments whose
 * requests a crash cut short are due at once.
 *
 * Needs Node 22.13 or newer (`node:sqlite`).
 *
 * - Source: docs/x402/auth-capture.md, Payments of a seller
 *
 * @param options - {@link SqlitePaymentStoreOptions}.
 * @returns The store.
 * @throws {StoreUnavailableError} the runtime has no SQLite.
 * @throws {StoreLockedError} another process has the file open.
 * @throws {StoreVersionError} another version of this package, or another store, wrote the file.
 *
 * @example
 * const store = createSqlitePaymentStore({ path: "payments.sqlite" });
 */
export function createSqlitePaymentStore({ path, durability = "disk" }: SqlitePaymentStoreOptions): PaymentStore {
  const synchronous = durability === "disk" ? "FULL" : "NORMAL";
  const database = openSqlite({ path, synchronous, schema: SCHEMA, version: PAYMENT_SCHEMA_VERSION });
  database.exec(CLOSED_INDEX);
  const sql = createSqliteStatements(database);
  // The file is this process's alone, so whoever had these payments in hand is gone.
  sql.run("UPDATE payments SET due_at = 0 WHERE stage IN ('serving', 'closing')", []);

  function changed(statement: string, values: readonly (string | number | bigint)[]): boolean {
    if (!database.isOpen) throw new StoreClosedError();
    return sql.one(`${statement} RETURNING version`, values) !== undefined;
  }

  function all(statement: string, values: readonly (string | number | bigint)[]): readonly PaymentRecord[] {
    if (!database.isOpen) throw new StoreClosedError();
    return sql.all(statement, values).map(toRecord);
  }

  return {
    insert: async (record) =>
      changed("INSERT OR IGNORE INTO payments VALUES (?, ?, ?, ?, ?)", [
        record.paymentInfoHash,
        record.stage,
        record.dueAt,
        record.version,
        stringifyRecord(record),
      ]),
    get: async (paymentInfoHash) => all("SELECT * FROM payments WHERE payment_info_hash = ?", [paymentInfoHash])[0],
    replace: async (record) =>
      changed(
        "UPDATE payments SET stage = ?, due_at = ?, version = ?, record = ? WHERE payment_info_hash = ? AND version = ?",
        [
          record.stage,
          record.dueAt,
          record.version,
          stringifyRecord(record),
          record.paymentInfoHash,
          record.version - 1,
        ],
      ),
    remove: async ({ paymentInfoHash, version }) =>
      changed("DELETE FROM payments WHERE payment_info_hash = ? AND version = ?", [paymentInfoHash, version]),
    listDue: async ({ now, limit, isClosed = false }) => {
      const stage = `stage ${isClosed ? "=" : "<>"} 'closed'`;
      return all(`SELECT * FROM payments WHERE ${stage} AND due_at <= ? ORDER BY due_at LIMIT ?`, [now, limit]);
    },
    list: async (stage) => all("SELECT * FROM payments WHERE stage = ?", [stage]),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

/** When it is due stands in its column alone after a crash. */
function toRecord(row: Row): PaymentRecord {
  return { ...parseRecord(text(row, "record")), dueAt: BigInt(text(row, "due_at")) };
}
