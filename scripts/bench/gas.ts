import { measureAuthCaptureGas } from "./authCaptureGas.ts";
import { measureFlashGas } from "./flashGas.ts";
import { missedGoals, readSnapshot, renderRows, serialize, writeSnapshot } from "./gasRows.ts";
import { measureVoucherGas } from "./voucherGas.ts";

// Run by `hardhat run`. BENCH_CHECK=1 compares with snapshots/gas.json instead of writing it.
const isCheck = process.env["BENCH_CHECK"] === "1";

const report = (id: string) => console.error(`  ${id}`);
const rows = [
  ...(await measureVoucherGas(report)),
  ...(await measureFlashGas(report)),
  ...(await measureAuthCaptureGas(report)),
];
console.log(renderRows(rows));
console.log(
  "Whole transactions on the local Base, USDC behind its proxy, compiler target cancun. Peers' figures are recorded ones.",
);

const missed = missedGoals(rows);
for (const row of missed) console.error(`Goal missed: ${row.id} n=${row.n} takes ${row.gas}, the goal is ${row.goal}.`);

if (isCheck) {
  const before = await readSnapshot();
  if (before !== serialize(rows)) {
    console.error("snapshots/gas.json differs from what was measured. Run `npm run bench:gas` and review the change.");
    process.exitCode = 1;
  }
} else {
  await writeSnapshot(rows);
  console.log("Written to snapshots/gas.json.");
}
if (missed.length > 0) process.exitCode = 1;
