import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { StoreLockedError, StoreUnavailableError, StoreVersionError } from "./errors.ts";
import type { Row } from "./rows.ts";

/** SQLite, as the stores of every family use it: a file of one process, written in transactions by prepared statements. */

/** Settings of {@link openSqlite}. */
export interface OpenSqliteParameters {
  readonly path: string;
  /** In the write-ahead log a commit reaches the operating system with `NORMAL`, and the disk with `FULL`. */
  readonly synchronous: "NORMAL" | "FULL";
  /** Creates the tables of a new file. */
  readonly schema: string;
  /** Format of the file, above 0 and of this store alone: a file of another format is refused. */
  readonly version: number;
}

/**
 * Opens the file of a store for this process alone, with its tables in place.
 *
 * @throws {StoreUnavailableError} the runtime has no SQLite.
 * @throws {StoreLockedError} another process has the file open.
 * @throws {StoreVersionError} another version of this package, or another store, wrote the file.
 */
export function openSqlite(parameters: OpenSqliteParameters): DatabaseSync {
  const { path, synchronous } = parameters;
  // Loaded when it is used, so that everything else of the seller side runs where there is no SQLite.
  const sqlite = process.getBuiltinModule?.("node:sqlite");
  if (sqlite === undefined) throw new StoreUnavailableError();
  const database = new sqlite.DatabaseSync(path);
  try {
    takeAlone(database, path);
    database.exec(`PRAGMA synchronous = ${synchronous}`);
    migrate(database, parameters);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes the file for this process alone, before anything in it is read. */
function takeAlone(database: DatabaseSync, path: string): void {
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    // The exclusive lock is taken by the first write and then kept.
    database.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (error) {
    if (isBusy(error)) throw new StoreLockedError(path, error);
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

function migrate(database: DatabaseSync, { path, schema, version }: OpenSqliteParameters): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (found === version) return;
  if (found !== 0) throw new StoreVersionError(path, found, version);
  database.exec(`BEGIN; ${schema} PRAGMA user_version = ${version}; COMMIT`);
}

/** Runs writes in one transaction; when one throws, none of them was made. */
export function inTransaction(database: DatabaseSync, write: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    write();
    database.exec("COMMIT");
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** Undoes a transaction. One that failed for want of space may have been ended by SQLite itself. */
export function rollBack(database: DatabaseSync): void {
  if (database.isTransaction) database.exec("ROLLBACK");
}

/** Statements of one database; each text is prepared once. */
export interface SqliteStatements {
  run(sql: string, values: readonly SQLInputValue[]): void;
  /** The first row, if there is one. */
  one(sql: string, values: readonly SQLInputValue[]): Row | undefined;
  all(sql: string, values: readonly SQLInputValue[]): readonly Row[];
}

/** Makes the statements of a database. Give only texts of a fixed number: each stays prepared until the database is closed. */
export function createSqliteStatements(database: DatabaseSync): SqliteStatements {
  const statements = new Map<string, StatementSync>();
  function prepare(sql: string): StatementSync {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }
  return {
    run(sql, values) {
      prepare(sql).run(...values);
    },
    one: (sql, values) => prepare(sql).get(...values),
    all: (sql, values) => prepare(sql).all(...values),
  };
}
