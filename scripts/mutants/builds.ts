import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT, runCommand } from "../check/command.ts";

/*
 * A contract with a bug in it takes longer to build than to be tested, and its bytecode depends on the contracts and the compiler alone:
 * what was built once is kept, so that after a change of a campaign only the campaigns run again.
 */

const KEPT = join(ROOT, "cache", "mutants");

/** Bytecode of a contract as it now stands in a copy of the project, or what the compiler says against it. */
export type Build = { readonly bytecode: string } | { readonly failure: string };

/** Bytecode in the artifact of a contract. */
export function readBytecode(folder: string, contract: string): string {
  return (JSON.parse(readFileSync(artifactPath(folder, contract), "utf8")) as { bytecode: string }).bytecode;
}

/** Brings the artifact of a contract up to its source: campaigns deploy artifacts, so nothing else is built. */
export async function build(folder: string, contract: string): Promise<Build> {
  const kept = join(KEPT, `${fingerprint(folder, contract)}.hex`);
  const known = readIfThere(kept);
  if (known !== undefined) {
    writeBytecode(folder, contract, known);
    return { bytecode: known };
  }
  const { code, output } = await runCommand("hardhat", ["build", contract], { folder });
  if (code !== 0) return { failure: output };
  const bytecode = readBytecode(folder, contract);
  mkdirSync(KEPT, { recursive: true });
  writeFileSync(kept, bytecode);
  return { bytecode };
}

function artifactPath(folder: string, contract: string): string {
  return join(folder, "artifacts", contract, `${basename(contract, ".sol")}.json`);
}

function writeBytecode(folder: string, contract: string, bytecode: string): void {
  const path = artifactPath(folder, contract);
  const artifact = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...artifact, bytecode }));
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
