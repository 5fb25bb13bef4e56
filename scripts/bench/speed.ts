import { acceptFlash } from "./speed/acceptFlash.ts";
import { acceptVoucher } from "./speed/acceptVoucher.ts";
import { httpPaid } from "./speed/httpPaid.ts";
import { missedGoals, renderRows, writeSnapshot, type RowGroup, type SpeedRow } from "./speed/rows.ts";

/** Every group of rows, each in a file of its own. */
const groups: readonly RowGroup[] = [acceptVoucher, acceptFlash, httpPaid];

const rows: SpeedRow[] = [];
const missed: string[] = [];
for (const group of groups) {
  const measured = await group.measure((step) => console.error(`  ${step}`));
  rows.push(...measured);
  missed.push(...missedGoals(measured, group.goals));
}
console.log(renderRows(rows));
console.log(
  "One process, one machine, one run; peers run beside ours. Times differ from machine to machine, ratios little.",
);
await writeSnapshot(rows);
console.log("Written to snapshots/speed.json.");
for (const sentence of missed) console.error(`Goal missed: ${sentence}`);
if (missed.length > 0) process.exitCode = 1;
