import { explainMoves } from "../check/addresses.ts";
import { readDependencies } from "../chains/dependencies.ts";
import { readTarget, type Connection } from "../deploy/target.ts";
import { computeCanonical } from "../deployments/canonical.ts";
import { buildContracts, readCatalog } from "../deployments/catalog.ts";
import { runCatalog, type DeployedEntry } from "../deployments/run.ts";
import type { Family } from "../deployments/types.ts";
import { readCanonical } from "../deployments/write.ts";
import type { Provider } from "../../test/base/provider.ts";
import { compareContracts, type Comparison } from "./compare.ts";
import { UnknownExplorerError, VerifyError } from "./errors.ts";
import {
  openExplorer,
  withoutKeys,
  type Explorer,
  type ExplorerChain,
  type ExplorerConfig,
  type ExplorerName,
} from "./explorers.ts";
import { describeSubmission, submit, writeInput } from "./send.ts";
import { readSubmissions, type Submission } from "./sources.ts";
import { readSpendPermissionCollectors } from "./spendPermission.ts";
import { consequenceLines, isWrong, reportTable, summaryLine } from "./words.ts";

/** What the user asks for. */
export interface VerifyOptions {
  readonly families: readonly Family[];
  /** Send the sources to explorers, or show what would be sent. */
  readonly hasSources: boolean;
  /** Show what would be sent instead of sending it. */
  readonly isDryRun: boolean;
  readonly explorers: readonly ExplorerName[];
  /** The explorers were named: one that does not serve the chain is a failure. */
  readonly isEachExplorerNeeded: boolean;
  /** Folder for the standard-JSON inputs of a dry run; they are said when there is none. */
  readonly output?: string;
}

/** What the command works with. */
export interface VerifyContext {
  readonly connection: Connection;
  readonly explorerConfig: ExplorerConfig;
  readonly say: (text: string) => void;
  /** Milliseconds before each request to an explorer. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 500;

/**
 * Compares what stands on a chain with the build, and verifies the sources of what is right.
 *
 * @returns Whether everything of ours that can work there is there with the right code, and every source that was sent is verified.
 * @throws {VerifyError} the build is not the recorded one.
 * @throws {DeployError} the network is no chain, or another one than configured.
 * @throws {NodeError} the node does not answer.
 */
export async function runVerify(context: VerifyContext, options: VerifyOptions): Promise<boolean> {
  const { connection, say } = context;
  const { node, chain } = await readTarget(connection);
  const entries = await readEntries(options.families, chain.chainId);
  say(`${chain.name} (chain id ${chain.chainId}), compared with this build byte for byte:`);
  const comparisons = await compareContracts(node, entries);
  const dependencies = [
    ...(await readDependencies(node, chain.chainId)),
    ...(await readSpendPermissionCollectors(node)),
  ];
  say(reportTable(comparisons, dependencies));
  for (const line of consequenceLines(connection.networkName, comparisons, dependencies)) say(line);
  const wrong = comparisons.filter((comparison) => isWrong(comparison, dependencies));
  say(summaryLine(comparisons, wrong.length));
  const hasAllSources =
    options.hasSources || options.isDryRun
      ? await verifySources(context, options, { node, chainId: chain.chainId, entries, comparisons })
      : true;
  return wrong.length === 0 && hasAllSources;
}

/** The recorded build, and no other: a changed file would make every address another. */
async function readEntries(families: readonly Family[], chainId: number): Promise<readonly DeployedEntry[]> {
  await buildContracts();
  const catalog = await readCatalog();
  const moves = explainMoves(await readCanonical(), await computeCanonical(catalog));
  if (moves.length > 0) {
    throw new VerifyError(`This build is not that of deployments/canonical.json.\n${moves.join("\n")}`);
  }
  const entries = await runCatalog(catalog, chainId);
  return entries.filter(({ family }) => families.includes(family));
}

interface Compared {
  readonly node: Provider;
  readonly chainId: number;
  readonly entries: readonly DeployedEntry[];
  readonly comparisons: readonly Comparison[];
}

async function verifySources(
  context: VerifyContext,
  options: VerifyOptions,
  { node, chainId, entries, comparisons }: Compared,
): Promise<boolean> {
  const right = new Set(comparisons.filter(({ state }) => state === "ok").map(({ name }) => name));
  const submissions = (await readSubmissions(entries)).filter(({ name }) => options.isDryRun || right.has(name));
  const { networkName } = context.connection;
  const { explorers, hasFailed } = await openExplorers(context, options, { provider: node, networkName, chainId });
  if (options.isDryRun) {
    for (const submission of submissions) await show(context, options, { submission, explorers });
    context.say("Dry run: nothing was sent.");
    return true;
  }
  let isEverythingVerified = !hasFailed && explorers.length > 0;
  for (const explorer of explorers) {
    for (const submission of submissions) {
      const { isVerified, line } = await submit(explorer, submission, context.pauseMs ?? PAUSE_MS);
      context.say(line);
      isEverythingVerified &&= isVerified;
    }
  }
  return isEverythingVerified;
}

/** Those that can be used; of another one it says why not. */
async function openExplorers(
  { explorerConfig, say }: VerifyContext,
  { explorers: names, isDryRun, isEachExplorerNeeded }: VerifyOptions,
  chain: ExplorerChain,
): Promise<{ readonly explorers: readonly Explorer[]; readonly hasFailed: boolean }> {
  const config = isDryRun ? withoutKeys(explorerConfig) : explorerConfig;
  const explorers: Explorer[] = [];
  let hasFailed = false;
  for (const name of names) {
    try {
      explorers.push(await openExplorer(name, config, chain));
    } catch (error) {
      say(`${name} cannot be used: ${error instanceof Error ? error.message : error}`);
      hasFailed ||= isEachExplorerNeeded || !(error instanceof UnknownExplorerError);
    }
  }
  return { explorers, hasFailed };
}

async function show(
  { say }: VerifyContext,
  { output }: VerifyOptions,
  { submission, explorers }: { readonly submission: Submission; readonly explorers: readonly Explorer[] },
): Promise<void> {
  say(describeSubmission(submission, explorers));
  say(
    `  standard-JSON input: ${output === undefined ? JSON.stringify(submission.input) : await writeInput(submission, output)}`,
  );
}
