import { migratePostgres } from "../../core/postgresMigrations.ts";
import type { PostgresPool } from "../../core/postgresPool.ts";

/**
 * Steps that bring a database from one format to the next; the first makes an empty one. A released step is never changed.
 *
 * Totals that are changed by what they were are `numeric`; what is only written and read is text.
 */
const MIGRATIONS = [
  `CREATE TABLE x402_flash_escrows (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain_id TEXT NOT NULL,
    settlement TEXT NOT NULL,
    client TEXT NOT NULL,
    server TEXT NOT NULL,
    token TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 0,
    epoch BIGINT NOT NULL,
    confirmed TEXT NOT NULL,
    head TEXT NOT NULL,
    top_block BIGINT NOT NULL,
    is_stale BOOLEAN NOT NULL,
    is_stopped BOOLEAN NOT NULL,
    accepted NUMERIC NOT NULL,
    nonce_base TEXT NOT NULL,
    nonce_bits TEXT NOT NULL,
    UNIQUE (chain_id, settlement, server, client, token)
  );
  CREATE TABLE x402_flash_lanes (
    escrow_id BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    lane TEXT NOT NULL,
    charged NUMERIC NOT NULL,
    settled TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    total TEXT NOT NULL,
    digest TEXT NOT NULL,
    deadline TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (escrow_id, epoch, lane)
  );
  CREATE TABLE x402_flash_items (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    escrow_id BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount TEXT NOT NULL,
    nonce TEXT NOT NULL,
    deadline TEXT NOT NULL,
    evidence TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    is_settled BOOLEAN NOT NULL,
    UNIQUE (escrow_id, epoch, digest)
  );
  CREATE INDEX x402_flash_items_unsettled ON x402_flash_items (escrow_id) WHERE NOT is_settled;
  CREATE TABLE x402_flash_settled_items (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    escrow_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    transaction_hash TEXT,
    UNIQUE (escrow_id, digest)
  );
  CREATE INDEX x402_flash_settled_items_by_age ON x402_flash_settled_items (escrow_id, id);
  CREATE TABLE x402_flash_reservations (
    id TEXT PRIMARY KEY,
    escrow_id BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    lane TEXT,
    price NUMERIC NOT NULL,
    increase NUMERIC NOT NULL,
    until TEXT NOT NULL,
    item TEXT NOT NULL
  );
  CREATE INDEX x402_flash_reservations_escrow ON x402_flash_reservations (escrow_id);
  CREATE TABLE x402_flash_releases (
    escrow_id BIGINT NOT NULL,
    nonce TEXT NOT NULL,
    authorization_json TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (escrow_id, nonce)
  );
  CREATE TABLE x402_flash_synced_blocks (
    chain_id TEXT NOT NULL,
    settlement TEXT NOT NULL,
    server TEXT NOT NULL,
    number TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain_id, settlement, server)
  );`,
  `ALTER TABLE x402_flash_lanes ADD COLUMN published TEXT NOT NULL DEFAULT '0';
  ALTER TABLE x402_flash_escrows ADD COLUMN is_impaired BOOLEAN NOT NULL DEFAULT false;`,
] as const;

/**
 * Brings a database to the format of this version. Processes that start together wait for one another.
 *
 * @throws {StoreVersionError} a newer version wrote it.
 */
export async function migrate(pool: PostgresPool): Promise<void> {
  await migratePostgres(pool, { versionTable: "x402_flash_schema", migrations: MIGRATIONS });
}
