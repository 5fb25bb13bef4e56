import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, runCommand } from "./check/command.ts";
import { build, readBytecode } from "./mutants/builds.ts";
import { FAMILIES } from "./mutants/families.ts";
import { type Family, type Mutant, plant } from "./mutants/mutant.ts";
import { readVerdict, type Verdict } from "./mutants/verdict.ts";

/*
 * Plants one bug after the other in a copy of the project and runs the invariant campaign against it, as large as `npm test` runs it:
 * a violation of an invariant must tell of each.
 *
 * `npm run test:mutants -- voucher` plants all bugs of a family; words behind it choose those whose name has one of them.
 */

const COPIED = [
  "artifacts",
  "cache",
  "contracts",
  "hardhat.config.ts",
  "package.json",
  "scripts", // The configuration reads some of it.
  "test",
  "tsconfig.json",
] as const;

/** A build keeps one core busy, a campaign a little more than one. */
const WORKERS = Math.min(2, availableParallelism());

function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "x402-escrow-mutants-"));
  for (const path of COPIED) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  return folder;
}

async function judge(folder: string, family: Family, untouched: string): Promise<Verdict> {
  const built = await build(folder, family.contracts);
  if ("failure" in built) return { outcome: "broken", what: `it does not compile\n${built.failure}` };
  if (built.bytecode === untouched) return { outcome: "broken", what: "it makes no difference to the bytecode" };
  for (const stage of family.stages) {
    const verdict = await runStage(folder, family, stage);
    if (verdict.outcome !== "survived") return verdict;
  }
  return { outcome: "survived", what: "every campaign passed" };
}

async function runStage(folder: string, { campaign }: Family, stage: string): Promise<Verdict> {
  const parameters = ["test", "solidity", campaign, "--no-compile", "--grep", stage, "--test-profile", "mutants"];
  return readVerdict(await runCommand("hardhat", parameters, { folder }));
}

async function judgeMutant(folder: string, family: Family, mutant: Mutant, untouched: string): Promise<Verdict> {
  const path = join(folder, "contracts", mutant.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, plant(source, mutant));
  const verdict = await judge(folder, family, untouched);
  writeFileSync(path, source);
  return verdict;
}

/** Returns the bugs that were not found. */
async function plantAll(family: Family, mutants: readonly Mutant[]): Promise<Mutant[]> {
  const untouched = readBytecode(ROOT, family.contracts);
  const left = [...mutants];
  const missed: Mutant[] = [];
  let judged = 0;
  const work = async (): Promise<void> => {
    const folder = copyProject();
    // A signal ends the process without coming back here.
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const started = performance.now();
      const { outcome, what } = await judgeMutant(folder, family, mutant, untouched);
      if (outcome !== "found") missed.push(mutant);
      judged += 1;
      const seconds = ((performance.now() - started) / 1_000).toFixed(0);
      console.log(`[${judged}/${mutants.length}] ${outcome}: ${mutant.name} (${seconds} s): ${what}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WORKERS, mutants.length) }, work));
  return missed;
}

function choose({ mutants }: Family, words: readonly string[]): readonly Mutant[] {
  const chosen = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Error(`No bug's name has one of the words: ${words.join(", ")}.`);
  // All of them before the first run: a stale one should not be heard of after an hour.
  for (const mutant of chosen) plant(readFileSync(join(ROOT, "contracts", mutant.file), "utf8"), mutant);
  return chosen;
}

const [name = "", ...words] = process.argv.slice(2);
const family = FAMILIES[name];
if (family === undefined) throw new Error(`Name a family: ${Object.keys(FAMILIES).join(", ")}.`);
const mutants = choose(family, words);

const healthy = await runCommand("hardhat", ["build", "--quiet", ...family.contracts, family.campaign]);
if (healthy.code !== 0) throw new Error(`The campaign does not build:\n${healthy.output}`);
const missed = await plantAll(family, mutants);
console.log(`${mutants.length - missed.length} of ${mutants.length} planted bugs found`);
for (const { name } of missed) console.log(`not found: ${name}`);
process.exitCode = missed.length === 0 ? 0 : 1;
