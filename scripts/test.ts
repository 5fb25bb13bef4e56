import { globSync } from "node:fs";
import { dirname } from "node:path";
import { ROOT, runCommand, type CommandResult } from "./check/command.ts";
import { countTests, type Counts } from "./check/counts.ts";

/** How many runners work at once: the suite is made for two cores. */
const PARALLEL = 2;
const HEARTBEAT_MS = 15_000;

/** One process that runs tests. */
interface Runner {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** Deploying is whole processes against whole chains, over and over: `npm run test:deploy`. */
const DEPLOYING = /^test\/(?:deploy|verify)\//;

/** They need a node of Base, `npm run test:fork`; a database, `npm run test:postgres`; npm's registry, `npm run test:package`. */
const ELSEWHERE = /^test\/(?:fork|postgres|package)\//;

/** Solidity first, because it takes longest; then the TypeScript tests, a runner for each folder of `test/`. */
function runners({ isDeploying }: { isDeploying: boolean }): Runner[] {
  const folders = new Map<string, string[]>();
  for (const file of globSync("test/**/*.test.ts", { cwd: ROOT }).sort()) {
    if (ELSEWHERE.test(file) || DEPLOYING.test(file) !== isDeploying) continue;
    const folder = dirname(file).split("/").slice(0, 2).join("/");
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const mocha = [...folders].map(([folder, files]) => ({
    name: `TypeScript ${folder}`,
    parameters: ["test", "mocha", ...files, "--no-compile"],
  }));
  return isDeploying ? mocha : [{ name: "Solidity", parameters: ["test", "solidity", "--no-compile"] }, ...mocha];
}

async function runAll(queue: Runner[]): Promise<Counts> {
  const running = new Map<string, string>();
  const heartbeat = setInterval(() => {
    for (const [name, output] of running) console.log(`  ... ${name}: ${countTests(output).marked} tests so far`);
  }, HEARTBEAT_MS);
  const total = { passed: 0, failed: 0 };
  const worker = async (): Promise<void> => {
    for (let runner = queue.shift(); runner !== undefined; runner = queue.shift()) {
      const { name, parameters } = runner;
      running.set(name, "");
      const result = await runCommand("hardhat", parameters, { onOutput: (output) => running.set(name, output) });
      running.delete(name);
      const { passed, failed } = report(name, result);
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  clearInterval(heartbeat);
  return total;
}

/** Prints the runner's line, and everything it wrote when it is not green. */
function report(name: string, { code, output, seconds }: CommandResult): Counts {
  const { passed, failed, skipped } = countTests(output);
  const problems: string[] = [];
  if (skipped > 0) problems.push(`${skipped} tests were skipped, which this project does not do`);
  if (passed + failed === 0) problems.push("no test ran");
  if (code !== 0 && failed === 0) problems.push(`it ended with ${code === null ? "a signal" : `exit code ${code}`}`);
  if (failed > 0 || problems.length > 0) console.log(`\n${output.trim()}\n`);
  const counts = { passed, failed: failed + problems.length };
  const why = problems.length === 0 ? "" : `: ${problems.join("; ")}`;
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed (${seconds.toFixed(0)} s)${why}`);
  return counts;
}

async function build(): Promise<boolean> {
  console.log("Building the contracts ...");
  const { code, output, seconds } = await runCommand("hardhat", ["build"]);
  if (code === 0) {
    console.log(`Built in ${seconds.toFixed(0)} s. Running the tests offline ...`);
    return true;
  }
  console.log(output);
  return false;
}

const started = performance.now();
const queue = runners({ isDeploying: process.argv.includes("--deploy") });
const { passed, failed } = (await build()) ? await runAll(queue) : { passed: 0, failed: 1 };
console.log(`All runners took ${((performance.now() - started) / 1_000).toFixed(0)} s.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
