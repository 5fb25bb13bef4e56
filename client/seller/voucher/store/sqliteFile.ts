import type { DatabaseSync } from "node:sqlite";
import { StoreLockedError, StoreUnavailableError, StoreVersionError } from "../../core/errors.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/**
 * Opens the file of a store for this process alone, with its tables in place.
 *
 * @throws {StoreUnavailableError} the runtime has no SQLite.
 * @throws {StoreLockedError} another process has the file open.
 * @throws {StoreVersionError} another version of this package wrote the file.
 */
export function openDatabase(path: string, synchronous: "NORMAL" | "FULL"): DatabaseSync {
  // Loaded when it is used, so that everything else of the seller side runs where there is no SQLite.
  const sqlite = process.getBuiltinModule?.("node:sqlite");
  if (sqlite === undefined) throw new StoreUnavailableError();
  const database = new sqlite.DatabaseSync(path);
  try {
    takeAlone(database, path, synchronous);
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes the file for this process alone, before anything in it is read. */
function takeAlone(database: DatabaseSync, path: string, synchronous: "NORMAL" | "FULL"): void {
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    // The exclusive lock is taken by the first write and then kept.
    database.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (error) {
    if (isBusy(error)) throw new StoreLockedError(path, error);
    throw error;
  }
  database.exec(`PRAGMA synchronous = ${synchronous}`);
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

function migrate(database: DatabaseSync, path: string): void {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.["user_version"]);
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) throw new StoreVersionError(path, version, SCHEMA_VERSION);
  database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}
