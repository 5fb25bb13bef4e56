import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "viem";
import { ROOT } from "./command.ts";

/** A contract that is deployed: neither abstract nor an interface nor a library. */
export interface DeployableContract {
  readonly name: string;
  /** Path under the project's root. */
  readonly source: string;
  readonly runtime: Hex;
  readonly storageLayout: StorageLayout;
}

/** The compiler's description of a contract's storage. */
export interface StorageLayout {
  readonly storage: readonly StorageMember[];
  readonly types: Readonly<Record<string, StorageType>> | null;
}

export interface StorageMember {
  readonly label: string;
  readonly slot: string;
  readonly offset: number;
  readonly type: string;
}

export interface StorageType {
  readonly label: string;
  readonly numberOfBytes: string;
  readonly members?: readonly StorageMember[];
  readonly value?: string;
}

interface Artifact {
  readonly contractName: string;
  readonly sourceName: string;
  readonly inputSourceName: string;
  readonly buildInfoId: string;
  readonly deployedBytecode: Hex;
}

interface BuildOutput {
  readonly output: {
    readonly sources: Readonly<Record<string, { readonly ast: { readonly nodes: readonly AstNode[] } }>>;
    readonly contracts: Readonly<Record<string, Readonly<Record<string, { readonly storageLayout: StorageLayout }>>>>;
  };
}

interface AstNode {
  readonly nodeType: string;
  readonly name?: string;
  readonly contractKind?: string;
  readonly abstract?: boolean;
}

/** No build, or one that does not match: the snapshots would be of something else. */
class MissingBuildError extends Error {
  override readonly name = "MissingBuildError";
  constructor() {
    super("There is no build with a deployable contract. Run `npx --no -- hardhat build` first.");
  }
}

/**
 * Reads every deployable contract of `contracts/` from the build, in alphabetical order.
 *
 * @throws {MissingBuildError} nothing is built.
 */
export function readDeployableContracts(): readonly DeployableContract[] {
  const contracts = globSync("artifacts/contracts/**/*.json", { cwd: ROOT })
    .map((path) => readJson<Artifact>(path))
    .filter(({ deployedBytecode }) => deployedBytecode !== "0x")
    .flatMap((artifact) => readContract(artifact))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (contracts.length === 0) throw new MissingBuildError();
  return contracts;
}

function readContract(artifact: Artifact): DeployableContract[] {
  const { contractName, sourceName, inputSourceName, deployedBytecode } = artifact;
  const { output } = readJson<BuildOutput>(`artifacts/build-info/${artifact.buildInfoId}.output.json`);
  const node = output.sources[inputSourceName]?.ast.nodes.find(({ name }) => name === contractName);
  const layout = output.contracts[inputSourceName]?.[contractName]?.storageLayout;
  if (node === undefined || layout === undefined) throw new MissingBuildError();
  if (node.contractKind !== "contract" || node.abstract === true) return [];
  return [
    {
      name: contractName,
      source: sourceName,
      runtime: deployedBytecode,
      storageLayout: layout,
    },
  ];
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
}
