import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BusyError } from "./errors.ts";

/**
 * Does something while no other run on this machine does it with the same journal: two would send with the same nonces and write into each
 * other's lines. A run that was killed is in nobody's way.
 *
 * @param directory - of the journal; the lock is a file beside it.
 * @throws {BusyError} another run is at it.
 */
export async function withLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const file = `${directory}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  take(file);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const holder = Number(readFileSync(file, "utf8"));
    if (isRunning(holder)) throw new BusyError(holder, file);
    rmSync(file, { force: true });
    take(file);
  }
}

function isRunning(holder: number): boolean {
  if (!Number.isInteger(holder) || holder <= 0) return false;
  try {
    // Signal 0 is not delivered: it only asks.
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
