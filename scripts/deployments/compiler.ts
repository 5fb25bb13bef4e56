import { readFile } from "node:fs/promises";
import hre from "hardhat";
import { CatalogError } from "./errors.ts";
import type { Compiler } from "./types.ts";

interface BuildInfo {
  readonly solcLongVersion: string;
  readonly input: { readonly settings: Readonly<Record<string, unknown>> };
}

/** Which outputs are wanted, and under which names sources are found: neither changes a byte of the code. */
const WITHOUT_EFFECT = ["outputSelection", "remappings"];

/**
 * Reads what the contracts were built with.
 *
 * @param contracts - Names of contracts in the build.
 * @throws {CatalogError} they are not all built alike, or not built at all.
 */
export async function readCompiler(contracts: readonly string[]): Promise<Compiler> {
  const compilers = await Promise.all([...new Set(contracts)].map(async (contract) => compilerOf(contract)));
  const [compiler, ...others] = compilers;
  if (compiler === undefined) throw new CatalogError("No contract is deployed.");
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(compiler))) {
    throw new CatalogError("The contracts are not all built with one compiler and one set of settings. Build again.");
  }
  return compiler;
}

async function compilerOf(contract: string): Promise<Compiler> {
  const id = await hre.artifacts.getBuildInfoId(contract);
  const path = id === undefined ? undefined : await hre.artifacts.getBuildInfoPath(id);
  if (path === undefined) throw new CatalogError(`${contract} has no build. Run \`npx --no -- hardhat build\` first.`);
  const { solcLongVersion, input } = JSON.parse(await readFile(path, "utf8")) as BuildInfo;
  const settings = Object.entries(input.settings)
    .filter(([name]) => !WITHOUT_EFFECT.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { version: solcLongVersion, settings: Object.fromEntries(settings) };
}
