import { StoreVersionError } from "./errors.ts";
import type { PostgresClient, PostgresPool } from "./postgresPool.ts";

/** What {@link migratePostgres} takes. */
export interface MigratePostgresParameters {
  /** Table that says which format the others have; of one kind of store alone. */
  readonly versionTable: string;
  /** Steps from one format to the next; the first makes an empty database one of these. A released step is never changed. */
  readonly migrations: readonly string[];
}

/** Any number that no other program of the database locks. */
const MIGRATION_LOCK = 402_402_402;

/**
 * Brings a database to the format of this version. Processes that start together wait for one another.
 *
 * @throws {StoreVersionError} a newer version wrote it.
 */
export async function migratePostgres(pool: PostgresPool, parameters: MigratePostgresParameters): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query({ text: "BEGIN" });
    try {
      await migrateAlone(client, parameters);
      await client.query({ text: "COMMIT" });
    } catch (error) {
      await client.query({ text: "ROLLBACK" });
      throw error;
    }
  } finally {
    client.release();
  }
}

async function migrateAlone(
  client: PostgresClient,
  { versionTable, migrations }: MigratePostgresParameters,
): Promise<void> {
  await client.query({ text: `SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})` });
  await client.query({ text: `CREATE TABLE IF NOT EXISTS ${versionTable} (version INTEGER NOT NULL)` });
  const { rows } = await client.query({ text: `SELECT version FROM ${versionTable}` });
  const version = Number(rows[0]?.["version"] ?? 0);
  if (version > migrations.length) throw new StoreVersionError("in PostgreSQL", version, migrations.length);
  for (const migration of migrations.slice(version)) await client.query({ text: migration });
  if (rows.length === 0) await client.query({ text: `INSERT INTO ${versionTable} VALUES (0)` });
  await client.query({ text: `UPDATE ${versionTable} SET version = $1`, values: [migrations.length] });
}
