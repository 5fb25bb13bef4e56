import { globSync } from "node:fs";
import { ROOT, runCommand } from "./check/command.ts";
import { countTests, type Counts } from "./check/counts.ts";
import { ClusterError, startCluster } from "./postgres/cluster.ts";
import { PostgresMissingError, requirePostgres } from "./postgres/programs.ts";

const TEST_LIMIT_MS = 60_000;

/** Runs the tests that need PostgreSQL, on a server that lives as long as they do. */
async function runAll(): Promise<Counts> {
  const cluster = await startCluster(requirePostgres());
  try {
    process.env["X402_POSTGRES_URL"] = cluster.url;
    const files = globSync("test/postgres/*.test.ts", { cwd: ROOT }).sort();
    const { code, output } = await runCommand("mocha", ["--timeout", String(TEST_LIMIT_MS), ...files], {
      limitSeconds: 600,
    });
    console.log(output.trim());
    const { passed, failed, skipped } = countTests(output);
    const isUnclear = (code !== 0 && failed === 0) || skipped > 0 || passed + failed === 0;
    return { passed, failed: failed + (isUnclear ? 1 : 0) };
  } finally {
    await cluster.stop();
  }
}

let counts: Counts = { passed: 0, failed: 1 };
try {
  counts = await runAll();
} catch (error) {
  if (!(error instanceof PostgresMissingError || error instanceof ClusterError)) throw error;
  console.error(error.message);
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
