import { PostgresUnavailableError } from "./errors.ts";
import type { Row } from "./rows.ts";

/** One query. A named one is prepared once a connection. */
export interface PostgresQuery {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** What runs queries: a pool or one connection of the package `pg`. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ readonly rows: readonly Row[] }>;
}

/** What a store needs of a pool of the package `pg`. */
export interface PostgresPool extends PostgresClient {
  connect(): Promise<PostgresClient & { release(): void }>;
  end(): Promise<void>;
}

/** Settings of {@link openPostgresPool}. */
export interface PostgresPoolOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly connectionString: string;
  readonly maxConnections: number;
  /** False: a commit is answered before it is on the server's disk. */
  readonly isSynchronous: boolean;
}

interface PostgresModule {
  readonly Pool: new (options: Readonly<Record<string, unknown>>) => PostgresPool & {
    on(event: "error", listener: (error: Error) => void): void;
  };
}

/**
 * Opens a pool of connections. Nothing connects before the first query.
 *
 * @throws {PostgresUnavailableError} the package `pg` is not installed.
 */
export async function openPostgresPool(options: PostgresPoolOptions): Promise<PostgresPool> {
  const { Pool } = await loadPostgres();
  const { connectionString, maxConnections, isSynchronous } = options;
  const pool = new Pool({
    connectionString,
    max: maxConnections,
    ...(isSynchronous ? {} : { options: "-c synchronous_commit=off" }),
  });
  // An idle connection that breaks is replaced by the pool; a query that needs it and fails says so to its caller.
  pool.on("error", () => undefined);
  return pool;
}

async function loadPostgres(): Promise<PostgresModule> {
  try {
    // Loaded when it is used: only servers of several processes need the package.
    const name = "pg";
    const module: { readonly default: PostgresModule } = await import(name);
    return module.default;
  } catch (error) {
    throw new PostgresUnavailableError(error);
  }
}
