import { StoreClosedError } from "../../core/errors.ts";
import { migratePostgres } from "../../core/postgresMigrations.ts";
import { openPostgresPool } from "../../core/postgresPool.ts";
import { text, type Row } from "../../core/rows.ts";
import type { PaymentRecord, PaymentStore } from "../types.ts";
import { parseRecord, stringifyRecord } from "./rows.ts";

/** Settings of {@link createPostgresPaymentStore}. */
export interface PostgresPaymentStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly connectionString: string;
  /** Most connections of this process; 10 by default. */
  readonly maxConnections?: number;
  /** How connections are opened; the package `pg` by default. */
  readonly openPool?: typeof openPostgresPool;
}

const MIGRATIONS = [
  `CREATE TABLE x402_payments (
    payment_info_hash TEXT PRIMARY KEY,
    stage TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX x402_payments_due ON x402_payments (due_at) WHERE stage <> 'closed';
  CREATE INDEX x402_payments_stage ON x402_payments (stage);`,
  `CREATE INDEX x402_payments_closed ON x402_payments (due_at) WHERE stage = 'closed';`,
] as const;

/**
 * Opens a store in a PostgreSQL database, which any number of processes may share. Needs the package `pg`, and makes its tables, whose names
 * begin with `x402_payments`, where they are missing. What a process that crashes had in hand is due when its time is over.
 *
 * - Source: docs/x402/auth-capture.md, Payments of a seller
 *
 * @param options - {@link PostgresPaymentStoreOptions}.
 * @returns The store.
 * @throws {PostgresUnavailableError} the package `pg` is not installed.
 * @throws {StoreVersionError} a newer version of this package made the tables.
 *
 * @example
 * const store = await createPostgresPaymentStore({ connectionString: "postgres://seller@127.0.0.1/seller" });
 */
export async function createPostgresPaymentStore(options: PostgresPaymentStoreOptions): Promise<PaymentStore> {
  const { connectionString, maxConnections = 10, openPool = openPostgresPool } = options;
  const pool = await openPool({ connectionString, maxConnections, isSynchronous: true });
  let isClosed = false;

  async function all(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    if (isClosed) throw new StoreClosedError();
    return (await pool.query({ text: sql, values })).rows;
  }

  async function changed(sql: string, values: readonly unknown[]): Promise<boolean> {
    return (await all(`${sql} RETURNING version`, values)).length > 0;
  }

  try {
    await migratePostgres(pool, { versionTable: "x402_payments_schema", migrations: MIGRATIONS });
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    insert: (record) =>
      changed("INSERT INTO x402_payments VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", [
        record.paymentInfoHash,
        record.stage,
        record.dueAt.toString(),
        record.version,
        stringifyRecord(record),
      ]),
    get: async (paymentInfoHash) =>
      (await all("SELECT record FROM x402_payments WHERE payment_info_hash = $1", [paymentInfoHash])).map(toRecord)[0],
    replace: (record) =>
      changed(
        "UPDATE x402_payments SET stage = $1, due_at = $2, version = $3, record = $4 WHERE payment_info_hash = $5 AND version = $6",
        [
          record.stage,
          record.dueAt.toString(),
          record.version,
          stringifyRecord(record),
          record.paymentInfoHash,
          record.version - 1,
        ],
      ),
    remove: ({ paymentInfoHash, version }) =>
      changed("DELETE FROM x402_payments WHERE payment_info_hash = $1 AND version = $2", [paymentInfoHash, version]),
    listDue: async ({ now, limit, isClosed = false }) => {
      const stage = `stage ${isClosed ? "=" : "<>"} 'closed'`;
      const sql = `SELECT record FROM x402_payments WHERE ${stage} AND due_at <= $1 ORDER BY due_at LIMIT $2`;
      return (await all(sql, [now.toString(), limit])).map(toRecord);
    },
    list: async (stage) => (await all("SELECT record FROM x402_payments WHERE stage = $1", [stage])).map(toRecord),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await pool.end();
    },
  };
}

function toRecord(row: Row): PaymentRecord {
  return parseRecord(text(row, "record"));
}
