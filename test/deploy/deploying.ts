import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { network } from "hardhat";
import { hexToNumber, type Hex } from "viem";
import { lineDisplay } from "../../scripts/deploy/display.ts";
import { runDeploy, type DeployContext, type DeployOptions } from "../../scripts/deploy/run.ts";
import type { Outcome } from "../../scripts/deploy/words.ts";
import { FAMILIES } from "../../scripts/deployments/types.ts";
import type { Provider } from "../base/provider.ts";
import { actorKey, actors } from "../helpers/actors.ts";

/** Folders of one team's deployments. */
export interface Folders {
  readonly root: string;
  readonly journals: string;
  readonly records: string;
  remove(): Promise<void>;
}

/** Makes empty folders. The caller removes them. */
export async function makeFolders(): Promise<Folders> {
  const root = await mkdtemp(join(tmpdir(), "x402-escrow-deploy-"));
  const remove = () => rm(root, { recursive: true, force: true });
  return { root, journals: join(root, "journals"), records: join(root, "records"), remove };
}

/** Everything that a command has written, by path. */
export async function readAll({ root }: Folders): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, "utf8")] as const)));
}

/** One run of the command. */
export interface Run {
  readonly lines: readonly string[];
  readonly outcomes: readonly Outcome[];
  readonly error: unknown;
}

/** What a test says of a run; the rest is as a team in CI has it. */
export interface RunOptions extends Partial<DeployOptions> {
  readonly confirm?: DeployContext["confirm"];
  readonly accounts?: readonly string[];
  readonly ignition?: DeployContext["ignition"];
}

/** Runs the command against a node. It never throws. */
export async function run(
  { url, chainId }: { readonly url: string; readonly chainId: number },
  { journals, records }: Folders,
  { confirm, ignition = {}, accounts = [actorKey("deployer")], ...options }: RunOptions = {},
): Promise<Run> {
  const lines: string[] = [];
  const connection = await network.create({ network: "generic", override: { url, chainId, accounts: [...accounts] } });
  const context: DeployContext = {
    connection,
    display: lineDisplay((line) => lines.push(line)),
    journals,
    records,
    patience: { pollMs: 20, timeoutMs: 20_000 },
    ignition: { blockPollingInterval: 20, retryInterval: 20, maxRetries: 2, ...ignition },
    ...(confirm === undefined ? {} : { confirm }),
  };
  try {
    const agreed = { families: FAMILIES, isDryRun: false, mayPlaceCreateX: false, hasAgreed: true, ...options };
    return { lines, outcomes: await runDeploy(context, agreed), error: undefined };
  } catch (error) {
    return { lines, outcomes: [], error };
  } finally {
    await connection.close();
  }
}

/** Runs the command and gives its error on; for what should succeed. */
export async function runWell(...parameters: Parameters<typeof run>): Promise<Run> {
  const result = await run(...parameters);
  if (result.error !== undefined) throw result.error;
  return result;
}

/** What changes when somebody sends something: the deployer's transactions, and blocks. */
export async function stateOf(provider: Provider): Promise<{ sent: number; block: number }> {
  const params = [actors.deployer.address, "latest"];
  const sent = (await provider.request({ method: "eth_getTransactionCount", params })) as Hex;
  const block = (await provider.request({ method: "eth_blockNumber" })) as Hex;
  return { sent: hexToNumber(sent), block: hexToNumber(block) };
}
