import { readFile, writeFile } from "node:fs/promises";
import Table from "cli-table3";

/** One operation of `npm run bench:gas`: gas is the `gasUsed` of the whole transaction. */
export interface GasRow {
  readonly id: string;
  /** How many items the transaction carries. */
  readonly n: number;
  readonly gas: number;
  readonly perItem: number;
  /** Whose figure `peerGas` is; recorded on the same token and chain id. */
  readonly peer: string | null;
  readonly peerGas: number | null;
  /** What signature checks, storage and the token cost by themselves. */
  readonly floor: number | null;
  readonly goal: number | null;
}

const file = new URL("../../snapshots/gas.json", import.meta.url);

/** Text of `snapshots/gas.json`. */
export const serialize = (rows: readonly GasRow[]): string => `${JSON.stringify(rows, null, 2)}\n`;

/** Reads the reviewed figures; empty before the first run. */
export async function readSnapshot(): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
}

/** Writes the figures for review. */
export async function writeSnapshot(rows: readonly GasRow[]): Promise<void> {
  await writeFile(file, serialize(rows));
}

/** Rows above their goal. */
export function missedGoals(rows: readonly GasRow[]): readonly GasRow[] {
  return rows.filter((row) => row.goal !== null && row.gas > row.goal);
}

/** A table for people. */
export function renderRows(rows: readonly GasRow[]): string {
  const number = (value: number | null) => (value === null ? "" : value.toLocaleString("en-US"));
  const table = new Table({
    head: ["operation", "n", "gas", "each", "peer", "peer gas", "ours / peer", "goal"],
    colAligns: ["left", "right", "right", "right", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([
      row.id,
      row.n,
      number(row.gas),
      number(row.perItem),
      row.peer ?? "",
      number(row.peerGas),
      row.peerGas === null ? "" : `${(row.gas / row.peerGas).toFixed(2)}x`,
      row.goal === null ? "" : `${number(row.goal)} ${row.gas <= row.goal ? "met" : "MISSED"}`,
    ]);
  }
  return table.toString();
}
