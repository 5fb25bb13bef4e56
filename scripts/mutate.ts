import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ROOT, runCommand } from "./check/command.ts";
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
  "test",
  "tsconfig.json",
] as const;

function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "x402-escrow-mutants-"));
  for (const path of COPIED) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  return folder;
}

function bytecode(folder: string, family: Family): string {
  return sources(family)
    .map((source) => {
      const artifact = join(folder, "artifacts", source, `${basename(source, ".sol")}.json`);
      return (JSON.parse(readFileSync(artifact, "utf8")) as { bytecode: string }).bytecode;
    })
    .join("\n");
}

function sources({ contract, others = [] }: Family): readonly string[] {
  return [contract, ...others];
}

/** The campaign deploys artifacts: only these are built. */
async function judge(folder: string, family: Family, untouched: string): Promise<Verdict> {
  const build = await runCommand("hardhat", ["build", ...sources(family)], { folder });
  if (build.code !== 0) return { outcome: "broken", what: `it does not compile\n${build.output}` };
  if (bytecode(folder, family) === untouched)
    return { outcome: "broken", what: "it makes no difference to the bytecode" };
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

async function plantAll(family: Family, mutants: readonly Mutant[]): Promise<number> {
  const folder = copyProject();
  // A signal ends the process without coming back here.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const untouched = bytecode(folder, family);
  let found = 0;
  for (const [index, mutant] of mutants.entries()) {
    const started = performance.now();
    const path = join(folder, "contracts", mutant.file);
    const source = readFileSync(path, "utf8");
    writeFileSync(path, plant(source, mutant));
    const { outcome, what } = await judge(folder, family, untouched);
    writeFileSync(path, source);
    if (outcome === "found") found += 1;
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    console.log(`[${index + 1}/${mutants.length}] ${outcome}: ${mutant.name} (${seconds} s): ${what}`);
  }
  return found;
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

const build = await runCommand("hardhat", ["build", "--quiet"]);
if (build.code !== 0) throw new Error(`The project does not build:\n${build.output}`);
const found = await plantAll(family, mutants);
console.log(`${found} of ${mutants.length} planted bugs found`);
process.exitCode = found === mutants.length ? 0 : 1;
