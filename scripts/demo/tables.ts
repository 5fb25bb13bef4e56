import Table from "cli-table3";

/** A table of names and numbers. */
export function newTable(head: string[]) {
  const colAligns = head.map((_, at) => (at === 0 ? "left" : "right"));
  return new Table({ head, style: { head: [], border: [], compact: true }, colAligns });
}

/** Value below which the given share of the latencies lies, milliseconds. */
export function percentile(latencies: readonly number[], share: number): number {
  const sorted = [...latencies].sort((a, b) => a - b);
  const place = Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1));
  return sorted[place] ?? Number.NaN;
}
