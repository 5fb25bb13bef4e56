import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT, runCommand } from "../check/command.ts";

/*
 * A contract with a bug in it takes longer to build than to be tested, and its bytecode depends on the contracts and the compiler alone:
 * what was built once is kept, so that after a change of a campaign only the campaigns run again.
 */

const KEPT = join(ROOT, "cache", "mutants");

/** Bytecode of contracts as they now stand in a copy of the project, or what the compiler says against them. */
export type Build = { readonly bytecode: string } | { readonly failure: string };

/** Bytecode in the artifacts of contracts. */
export function readBytecode(folder: string, contracts: readonly string[]): string {
  return contracts.map((contract) => readArtifact(folder, contract).bytecode).join("\n");
}

/** Brings the artifacts of contracts up to their sources: campaigns deploy artifacts, so nothing else is built. */
export async function build(folder: string, contracts: readonly string[]): Promise<Build> {
  const left = contracts.filter((contract) => !restore(folder, contract));
  if (left.length > 0) {
    const { code, output } = await runCommand("hardhat", ["build", ...left], { folder });
    if (code !== 0) return { failure: output };
    for (const contract of left) keep(folder, contract);
  }
  return { bytecode: readBytecode(folder, contracts) };
}

function keep(folder: string, contract: string): void {
  mkdirSync(KEPT, { recursive: true });
  writeFileSync(keptPath(folder, contract), readArtifact(folder, contract).bytecode);
}

/** Whether it was built before. */
function restore(folder: string, contract: string): boolean {
  const bytecode = readIfThere(keptPath(folder, contract));
  if (bytecode === undefined) return false;
  writeFileSync(artifactPath(folder, contract), JSON.stringify({ ...readArtifact(folder, contract), bytecode }));
  return true;
}

function readArtifact(folder: string, contract: string): { readonly bytecode: string } {
  return JSON.parse(readFileSync(artifactPath(folder, contract), "utf8")) as { bytecode: string };
}

function keptPath(folder: string, contract: string): string {
  return join(KEPT, `${fingerprint(folder, contract)}.hex`);
}

function artifactPath(folder: string, contract: string): string {
  return join(folder, "artifacts", contract, `${basename(contract, ".sol")}.json`);
}

/** Changes with every source, with the compiler and its settings, and with the libraries. */
function fingerprint(folder: string, contract: string): string {
  const sources = readdirSync(join(folder, "contracts"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sol"))
    .sort()
    .map((path) => join("contracts", path));
  const hash = createHash("sha256").update(contract);
  for (const path of sources) hash.update(`\0${path}\0`).update(readFileSync(join(folder, path)));
  for (const path of ["hardhat.config.ts", "package-lock.json"]) hash.update(readFileSync(join(ROOT, path)));
  return hash.digest("hex");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
