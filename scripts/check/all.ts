import { addressesCheck } from "./addresses.ts";
import { buildCheck } from "./build.ts";
import { commandCheck, type Check } from "./check.ts";
import { coverageCheck } from "./coverage.ts";
import { driftCheck } from "./drift.ts";
import { exportsCheck } from "./exports.ts";
import { invariantsCheck } from "./invariants.ts";
import { linksCheck } from "./links.ts";
import { mutantsCheck } from "./mutants.ts";
import { natspecCheck } from "./natspec.ts";
import { pinsCheck } from "./pins.ts";
import { reachCheck } from "./reach.ts";
import { tablesCheck } from "./tables.ts";
import { treesCheck } from "./trees.ts";

/** In the order of their cost; the build comes before what reads it. */
const CHECKS: readonly Check[] = [
  pinsCheck,
  commandCheck("format", "prettier", "--check", "."),
  commandCheck("lint TypeScript", "biome", "lint", "--error-on-warnings", "."),
  solhint("lint contracts", "contracts/**/*.sol"),
  solhint("lint Solidity tests", "test/**/*.sol"),
  linksCheck,
  tablesCheck,
  invariantsCheck,
  reachCheck,
  mutantsCheck,
  treesCheck,
  buildCheck,
  natspecCheck,
  addressesCheck,
  commandCheck("types", "tsc", "--noEmit"),
  exportsCheck,
  commandCheck("architecture", "hardhat", "test", "mocha", "test/architecture.test.ts", "--no-compile"),
  driftCheck,
  coverageCheck,
];

function solhint(name: string, files: string): Check {
  return commandCheck(name, "solhint", "--disc", "--noPoster", "--max-warnings", "0", files);
}

let passed = 0;
let failed = 0;
for (const [index, { name, run }] of CHECKS.entries()) {
  const place = `[${index + 1}/${CHECKS.length}] ${name}`;
  console.log(`${place} ...`);
  const started = performance.now();
  const problem = await run();
  const time = `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  if (problem === "") {
    passed += 1;
    console.log(`${place}: passed (${time})`);
  } else {
    failed += 1;
    console.log(`${problem}\n${place}: FAILED (${time})`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
