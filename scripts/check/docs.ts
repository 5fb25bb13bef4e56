/**
 * Writes the generated parts of the documents: what stands between `<!-- generated: NAME ARGUMENTS -->` and `<!-- /generated -->`.
 * Numbers come from `snapshots/`, addresses from `deployments/`.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import type { Address } from "viem";
import { getEscrowDeployment } from "../../client/auth-capture/addresses.ts";
import { canonical } from "../../deployments/index.ts";
import type { CanonicalRecord } from "../deployments/types.ts";
import { readCanonical, readDeployments } from "../deployments/write.ts";
import { authCaptureExampleLines, exampleLines, flashExampleLines } from "../example.ts";
import type { SubPathSize } from "../package/sizes.ts";
import { ROOT } from "./command.ts";
import { LIFECYCLE_HEAD, lifecycleRows } from "./lifecycleTable.ts";

interface GasRow {
  readonly id: string;
  readonly n: number;
  readonly gas: number;
  readonly perItem: number;
  readonly peer: string | null;
  readonly peerGas: number | null;
}

type Snapshot<T> = Readonly<Record<string, T>>;

const BLOCK = /(<!-- generated: (\w+)([^>]*?) -->)[\s\S]*?(<!-- \/generated -->)/g;

const RENDERERS: Readonly<Record<string, (parameters: readonly string[]) => Promise<string>>> = {
  addresses,
  chains,
  example,
  gas,
  lifecycle: async () => table(LIFECYCLE_HEAD, lifecycleRows()),
  sizes,
  subPaths,
  source,
};

// The reference has a generator of its own.
const documents = globSync(["README.md", "docs/**/*.md"], { cwd: ROOT, exclude: ["docs/reference/**"] });
for (const document of documents.sort()) {
  const file = join(ROOT, document);
  const before = readFileSync(file, "utf8");
  const after = await fill(document, before);
  const options = await resolveConfig(file);
  writeFileSync(file, await format(after, { ...options, filepath: file }));
}
console.log("Wrote the generated parts of the documents.");

async function fill(document: string, text: string): Promise<string> {
  let result = text;
  for (const [block, open = "", name = "", rest = "", close = ""] of text.matchAll(BLOCK)) {
    const render = RENDERERS[name];
    if (render === undefined) throw new Error(`${document} asks for "${name}"; there is no such generated part.`);
    const content = await render(rest.trim().split(/\s+/).filter(Boolean));
    result = result.replace(block, () => `${open}\n\n${content}\n\n${close}`);
  }
  return result;
}

/** Where the contracts are, by `deployments/canonical.json`. */
async function addresses(): Promise<string> {
  return table(
    ["contract", "address on every chain", "hash of the initcode with its arguments"],
    (await readCanonical()).contracts.map((contract) => [
      titleOf(contract),
      `\`${contract.address}\``,
      `\`${contract.initcodeHash}\``,
    ]),
  );
}

/** The contract's name, with the escrow that it is for where there is one of it for each. */
function titleOf({ contract, constructorArguments: [argument] }: CanonicalRecord): string {
  if (contract !== "SignedRefundCollector" || argument === undefined) return `\`${contract}\``;
  return `\`${contract}\`, escrow ${getEscrowDeployment(argument as Address).generation}`;
}

/** What is recorded of single chains. */
async function chains(): Promise<string> {
  const deployments = await readDeployments();
  if (deployments.length === 0)
    return "No deployment is recorded yet: `deployments/` has a file for each chain that has one.";
  return table(
    ["chain", "chain id", "contracts"],
    deployments.map(({ chain, chainId, contracts }) => [
      `[${chain}](deployments/${chain}.json)`,
      String(chainId),
      contracts.map(({ name }) => `\`${name}\``).join(", "),
    ]),
  );
}

/** Lines that run the seller or the buyer of an example on the chain of `npm run chain`; of vouchers, or of the family that is named. */
async function example(names: readonly string[]): Promise<string> {
  const rpcUrl = "http://127.0.0.1:8545";
  const [part = "", family = "voucher"] = names.toReversed();
  if (part !== "seller" && part !== "buyer") throw new Error(`The example has no "${part}".`);
  const families: Readonly<Record<string, () => Promise<{ readonly seller: string; readonly buyer: string }>>> = {
    voucher: async () => exampleLines({ rpcUrl, escrow: canonical.VoucherEscrow }),
    flash: async () => flashExampleLines({ rpcUrl, settlement: canonical.FlashSettlement }),
    authCapture: async () => authCaptureExampleLines({ rpcUrl, factory: canonical.TermsOperatorFactory }),
  };
  const lines = await families[family]?.();
  if (lines === undefined) throw new Error(`There is no example of "${family}".`);
  return `\`\`\`sh\n${lines[part]}\n\`\`\``;
}

async function sizes(): Promise<string> {
  const snapshot =
    readJson<Snapshot<{ readonly runtimeBytes: number; readonly marginBytes: number }>>("snapshots/size.json");
  return table(
    ["contract", "runtime code, bytes", "left of the limit, bytes"],
    Object.entries(snapshot).map(([name, { runtimeBytes, marginBytes }]) => [
      `\`${name}\``,
      number(runtimeBytes),
      number(marginBytes),
    ]),
  );
}

/** What a bundler makes of each sub-path of the package. */
async function subPaths(): Promise<string> {
  const snapshot = readJson<Snapshot<SubPathSize>>("snapshots/package.json");
  return table(
    ["import", "packages", "minified, bytes", "and gzipped, bytes"],
    Object.entries(snapshot).map(([subPath, { packages, minifiedBytes, gzipBytes }]) => [
      `\`x402-escrow/${subPath}\``,
      packages.map((name) => (name === "node" ? "Node" : `\`${name}\``)).join(", "),
      number(minifiedBytes),
      number(gzipBytes),
    ]),
  );
}

/** The parts of a source file that stand between `// #region README` and `// #endregion`, so that what is shown is also run. */
async function source([path = ""]: readonly string[]): Promise<string> {
  const regions = [
    ...readFileSync(join(ROOT, path), "utf8").matchAll(/^ *\/\/ #region README\n([\s\S]*?)^ *\/\/ #endregion$/gm),
  ];
  if (regions.length === 0) throw new Error(`${path} has no region README.`);
  const code = regions.map(([, text = ""]) => withoutIndentation(text).trim()).join("\n\n");
  // Whoever copies the code has the contracts in the package.
  if (path.endsWith(".sol"))
    return block("solidity", code.replaceAll(/"(?:\.\.\/)+contracts\//g, '"x402-escrow/contracts/'));
  return block("ts", code);
}

function block(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}

function withoutIndentation(text: string): string {
  const indentation = /^ */.exec(text)?.[0] ?? "";
  return text
    .split("\n")
    .map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line))
    .join("\n");
}

/** Gas of the named rows, or of all. */
async function gas(ids: readonly string[]): Promise<string> {
  const rows = readJson<readonly GasRow[]>("snapshots/gas.json");
  const missing = ids.filter((id) => !rows.some((row) => row.id === id));
  if (missing.length > 0) throw new Error(`snapshots/gas.json has no row ${missing.join(", ")}.`);
  const chosen = rows.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const withPeers = chosen.some(({ peerGas }) => peerGas !== null);
  return table(
    ["operation", "items", "gas", "each", ...(withPeers ? ["peer", "its gas", "ratio"] : [])],
    chosen.map((row) => [
      `\`${row.id}\``,
      number(row.n),
      number(row.gas),
      number(row.perItem),
      ...(withPeers ? peerCells(row) : []),
    ]),
  );
}

function peerCells({ gas: own, peer, peerGas }: GasRow): string[] {
  if (peer === null || peerGas === null) return ["", "", ""];
  return [peer, number(peerGas), `${(own / peerGas).toFixed(2)}x`];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
}
