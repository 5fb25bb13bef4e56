import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Abi } from "viem";
import { ROOT } from "../check/command.ts";

/** What this project reads of the compiler's syntax tree. */
export interface AstNode {
  readonly id: number;
  readonly nodeType: string;
  readonly name?: string;
  readonly canonicalName?: string;
  readonly kind?: string;
  readonly visibility?: string;
  readonly stateMutability?: string;
  readonly contractKind?: string;
  readonly abstract?: boolean;
  readonly indexed?: boolean;
  readonly documentation?: { readonly text: string; readonly src?: string };
  readonly parameters?: { readonly parameters: readonly AstNode[] };
  readonly returnParameters?: { readonly parameters: readonly AstNode[] };
  readonly members?: readonly AstNode[];
  readonly nodes?: readonly AstNode[];
  readonly linearizedBaseContracts?: readonly number[];
  readonly usedErrors?: readonly number[];
  readonly usedEvents?: readonly number[];
  readonly functionSelector?: string;
  readonly eventSelector?: string;
  readonly errorSelector?: string;
  readonly typeDescriptions?: { readonly typeString?: string };
}

/** One contract, interface or library of `contracts/`, as it was built. */
export interface BuiltContract {
  readonly name: string;
  /** Path under the project's root. */
  readonly source: string;
  readonly abi: Abi;
  readonly node: AstNode;
  /** Every definition that was compiled with it, from imported packages too. */
  readonly definitions: ReadonlyMap<number, AstNode>;
}

interface Artifact {
  readonly contractName: string;
  readonly sourceName: string;
  readonly inputSourceName: string;
  readonly buildInfoId: string;
  readonly abi: Abi;
}

interface BuildInput {
  readonly input: { readonly sources: Readonly<Record<string, { readonly content: string }>> };
}

interface BuildOutput {
  readonly output: {
    readonly sources: Readonly<Record<string, { readonly ast: { readonly nodes: readonly AstNode[] } }>>;
  };
}

interface Build {
  readonly sources: BuildOutput["output"]["sources"];
  readonly definitions: ReadonlyMap<number, AstNode>;
}

/** No build, or one that does not match its artifacts. */
class MissingBuildError extends Error {
  override readonly name = "MissingBuildError";
  constructor(missing: string) {
    super(`The build has no ${missing}. Run \`npx --no -- hardhat build\` first.`);
  }
}

/**
 * Reads everything of `contracts/` from the build, in the order of their paths.
 *
 * @throws {MissingBuildError} nothing is built.
 */
export function readBuiltContracts(): readonly BuiltContract[] {
  const builds = new Map<string, Build>();
  const contracts = globSync("artifacts/contracts/**/*.json", { cwd: ROOT })
    .sort()
    .map((path) => toContract(readJson<Artifact>(path), builds));
  if (contracts.length === 0) throw new MissingBuildError("contract");
  return contracts;
}

function toContract(artifact: Artifact, builds: Map<string, Build>): BuiltContract {
  const { contractName: name, sourceName: source, inputSourceName, buildInfoId, abi } = artifact;
  const build = builds.get(buildInfoId) ?? readBuild(buildInfoId);
  builds.set(buildInfoId, build);
  const node = build.sources[inputSourceName]?.ast.nodes.find((each) => each.name === name);
  if (node === undefined) throw new MissingBuildError(name);
  return { name, source, abi, node, definitions: build.definitions };
}

function readBuild(id: string): Build {
  const { input } = readJson<BuildInput>(`artifacts/build-info/${id}.json`);
  const { output } = readJson<BuildOutput>(`artifacts/build-info/${id}.output.json`);
  const sources = Object.fromEntries(
    Object.entries(output.sources).map(([name, { ast }]) => {
      const content = Buffer.from(input.sources[name]?.content ?? "");
      return [name, { ast: { nodes: ast.nodes.map((node) => withComment(node, content)) } }];
    }),
  );
  const all = Object.values(sources).flatMap(({ ast }) => ast.nodes.flatMap((node) => [node, ...(node.nodes ?? [])]));
  return { sources, definitions: new Map(all.map((node) => [node.id, node])) };
}

/** Takes comments from the source that was compiled: the compiler leaves out the empty lines between their paragraphs. */
function withComment(node: AstNode, content: Buffer): AstNode {
  const nodes = node.nodes?.map((each) => withComment(each, content));
  const [start = 0, length = 0] = (node.documentation?.src ?? "").split(":").map(Number);
  const comment = content.subarray(start, start + length).toString();
  return {
    ...node,
    ...(nodes === undefined ? {} : { nodes }),
    ...(comment === "" ? {} : { documentation: { text: withoutSlashes(comment) } }),
  };
}

function withoutSlashes(comment: string): string {
  return comment.replaceAll(/^\s*(?:\/\/\/|\/\*\*|\*\/|\*)/gm, "").replace(/\*\/\s*$/, "");
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
}
