import { readFile, writeFile } from "node:fs/promises";
import Table from "cli-table3";
import { quantile, type Samples } from "./measure.ts";

/** One row of `snapshots/speed.json`. Times are milliseconds. */
export interface SpeedRow {
  readonly id: string;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** What ours is compared with; null without a peer. */
  readonly peer: string | null;
  readonly peerMedianMs: number | null;
  /** `peerMedianMs / medianMs`; null without a peer. */
  readonly ratio: number | null;
}

/** What a row must reach. */
export interface SpeedGoal {
  readonly maxMedianMs: number;
  /** Least ratio to the peer, for rows that have one. */
  readonly minRatio?: number;
}

/** Rows that are measured together, and their goals by id. One file a group. */
export interface RowGroup {
  readonly goals: Readonly<Record<string, SpeedGoal>>;
  measure(tell: (step: string) => void): Promise<readonly SpeedRow[]>;
}

const SNAPSHOT = new URL("../../../snapshots/speed.json", import.meta.url);

/** Writes the rows of this run in place of those with the same id. */
export async function writeSnapshot(rows: readonly SpeedRow[]): Promise<void> {
  const ids = new Set(rows.map(({ id }) => id));
  const kept = (await readSnapshot()).filter(({ id }) => !ids.has(id));
  const all = [...kept, ...rows].toSorted((one, other) => one.id.localeCompare(other.id));
  await writeFile(SNAPSHOT, `${JSON.stringify(all, undefined, 2)}\n`);
}

async function readSnapshot(): Promise<readonly SpeedRow[]> {
  try {
    return JSON.parse(await readFile(SNAPSHOT, "utf8")) as readonly SpeedRow[];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** Makes the row of an operation that has a peer. */
export function toRow(id: string, ours: Samples, peer: string, theirs: Samples): SpeedRow {
  const medianMs = quantile(ours, 0.5);
  const peerMedianMs = quantile(theirs, 0.5);
  const ratio = Math.round((peerMedianMs / medianMs) * 10) / 10;
  return { id, medianMs, p99Ms: quantile(ours, 0.99), peer, peerMedianMs, ratio };
}

/** Says which rows miss their goals, one sentence each. */
export function missedGoals(rows: readonly SpeedRow[], goals: RowGroup["goals"]): readonly string[] {
  return rows.flatMap(({ id, medianMs, ratio }) => {
    const goal = goals[id];
    if (goal === undefined) return [];
    const misses: string[] = [];
    if (medianMs > goal.maxMedianMs) misses.push(`${id} takes ${medianMs} ms; the goal is ${goal.maxMedianMs}.`);
    if (goal.minRatio !== undefined && (ratio ?? 0) < goal.minRatio) {
      misses.push(`${id} is ${ratio ?? 0} times as fast as its peer; the goal is ${goal.minRatio}.`);
    }
    return misses;
  });
}

/** A table for people. */
export function renderRows(rows: readonly SpeedRow[]): string {
  const table = new Table({
    head: ["operation", "median ms", "p99 ms", "peer", "peer's median ms", "times as fast"],
    colAligns: ["left", "right", "right", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { id, medianMs, p99Ms, peer, peerMedianMs, ratio } of rows) {
    table.push([id, medianMs, p99Ms, peer ?? "", peerMedianMs ?? "", ratio ?? ""]);
  }
  return table.toString();
}
