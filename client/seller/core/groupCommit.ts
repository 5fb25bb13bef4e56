import type { DatabaseSync } from "node:sqlite";
import { inTransaction, rollBack } from "./sqlite.ts";

/** Runs writes of one SQLite database in transactions. */
export interface GroupCommit {
  /**
   * Runs a write at once; what it wrote shows to every read from now on.
   *
   * @returns When it is durable. Rejects when it is undone, alone or with its group.
   */
  run(write: () => void): Promise<void>;
  /** Makes durable what is not yet. */
  flush(): Promise<void>;
}

/**
 * Makes the runner: with `groupMs` the writes of so many milliseconds share one transaction, and so one synchronous write of the file;
 * without, each has its own.
 */
export function createGroupCommit(database: DatabaseSync, groupMs?: number): GroupCommit {
  let group: Promise<void> | undefined;
  let endGroup: () => void = () => undefined;

  function begin(milliseconds: number): Promise<void> {
    database.exec("BEGIN IMMEDIATE");
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        endGroup();
      }, milliseconds);
      endGroup = () => {
        clearTimeout(timer);
        group = undefined;
        endGroup = () => undefined;
        try {
          database.exec("COMMIT");
          resolve();
        } catch (error) {
          rollBack(database);
          reject(error);
        }
      };
    });
  }

  /** A write that fails is undone alone; the others of its group stay. */
  function join(write: () => void): void {
    database.exec("SAVEPOINT step");
    try {
      write();
    } catch (error) {
      // A disk that fails may have ended the transaction itself: then nothing of the group was written.
      if (database.isTransaction) database.exec("ROLLBACK TO step; RELEASE step");
      else endGroup();
      throw error;
    }
    database.exec("RELEASE step");
  }

  return {
    // Asynchronous so that a write that fails at once rejects, as one that fails with its group does.
    async run(write) {
      if (groupMs === undefined) return inTransaction(database, write);
      group ??= begin(groupMs);
      const durable = group;
      // Whoever joined hears of a failure; when the only write failed by itself, nobody did.
      durable.catch(() => undefined);
      join(write);
      return durable;
    },
    async flush() {
      const last = group;
      endGroup();
      await last;
    },
  };
}
