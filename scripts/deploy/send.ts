import { formatEther, type Hash } from "viem";
import type { Provider } from "../../test/base/provider.ts";
import { RpcError } from "../chains/node.ts";
import { readSalt } from "../deployments/catalog.ts";
import type { DeployedEntry } from "../deployments/run.ts";
import { writeDeployment } from "../deployments/write.ts";
import { placeCreateX } from "./createX.ts";
import { NoCreateXError, NotConfirmedError, StoppedError } from "./errors.ts";
import { deployByIgnition } from "./ignition.ts";
import { readJournalTransactions, settleJournal, waitForEarlier } from "./journal.ts";
import { missingOf, readPlan } from "./plan.ts";
import { describeDeployment, readCommit } from "./record.ts";
import type { DeployContext, DeployOptions, Prepared } from "./run.ts";
import { readReceipt, type Receipt } from "./transactions.ts";
import { outcomeTable, type Outcome } from "./words.ts";

/** What Ignition waits for on a chain that does not mine at once, in blocks. */
const CONFIRMATIONS = 5;

/**
 * Sends what is missing, once the user has agreed, and writes the record.
 *
 * @throws {DeployError} nobody agreed, or a transaction failed.
 */
export async function send(
  context: DeployContext,
  prepared: Prepared,
  options: DeployOptions,
): Promise<readonly Outcome[]> {
  const { display } = context;
  const { chain, plan } = prepared;
  const commit = readCommit();
  const isNew = missingOf(plan).length > 0;
  if (isNew) await agree(context, prepared, options);
  const createX = isNew ? await ensureCreateX(context, prepared) : [];
  const sent = await deployMissing(context, prepared);
  await requireEverything(prepared);

  const known = readJournalTransactions(prepared.journal);
  const mined = new Map<string, Receipt>();
  for (const { name, address } of plan.wanted) {
    const hash = sent.get(name) ?? known.get(address.toLowerCase());
    const receipt = hash === undefined ? undefined : await readReceipt(prepared.node, hash);
    if (receipt !== undefined) mined.set(name, receipt);
  }
  const deployment = await describeDeployment(chain, plan.wanted, { mined, commit });
  const path = await writeDeployment(deployment, context.records);
  const outcomes = plan.wanted.map((entry) => outcomeOf(entry, sent, mined));
  display.end();
  if (sent.size === 0 && createX.length === 0) display.say("Everything is there: nothing was sent.");
  else display.say(outcomeTable(chain, outcomes, createX));
  display.say(`The record is ${path}.`);
  return outcomes;
}

function outcomeOf(
  entry: DeployedEntry,
  sent: ReadonlyMap<string, Hash>,
  mined: ReadonlyMap<string, Receipt>,
): Outcome {
  return { entry, receipt: sent.has(entry.name) ? mined.get(entry.name) : undefined };
}

async function agree({ confirm }: DeployContext, prepared: Prepared, options: DeployOptions): Promise<void> {
  const { chain, createX, total } = prepared;
  if (createX !== undefined && !options.mayPlaceCreateX) {
    const isPlaced = confirm !== undefined && (await confirm(`Place CreateX on ${chain.name}?`));
    if (!isPlaced) throw new NoCreateXError(chain.name, `Nothing was sent. ${createX.words}`);
  }
  if (options.hasAgreed) return;
  if (confirm === undefined) {
    throw new NotConfirmedError(
      "Nothing was sent: nobody is there to ask. Run again with --yes to agree to this cost.",
    );
  }
  const question = `Send ${missingOf(prepared.plan).length} transactions to ${chain.name} for at most ${formatEther(total.most)} ${chain.coin}?`;
  if (!(await confirm(question))) throw new NotConfirmedError("Nothing was sent.");
}

async function ensureCreateX(
  { connection, display }: DeployContext,
  { node, chain, deployer, createX, patience }: Prepared,
): Promise<readonly Receipt[]> {
  if (createX === undefined) return [];
  display.say(`Placing CreateX on ${chain.name} ...`);
  return placeCreateX({ provider: node, wallet: connection.provider, chain, from: deployer }, createX, patience);
}

/** Sends what is missing, and has Ignition bring to an end what an interrupted run has begun. */
async function deployMissing(context: DeployContext, prepared: Prepared): Promise<ReadonlyMap<string, Hash>> {
  const { connection, display, ignition } = context;
  const { node, deployer, plan, fees, journal, patience } = prepared;
  const unfinished = await settleJournal(journal, plan.wanted, plan.present);
  const entries = plan.wanted.filter(({ name }) => !plan.present.has(name) || unfinished.has(name));
  if (entries.length === 0) return new Map();
  if (unfinished.size === 0 && !(await isAutomined(node))) await waitForEarlier(journal, CONFIRMATIONS, patience);
  let done = 0;
  const say = (text: string) => display.progress({ done, total: entries.length, text });
  const { directory, artifacts } = journal;
  return deployByIgnition(
    {
      wallet: connection.provider,
      artifacts,
      deployer,
      salt: readSalt(),
      offer: fees.offer,
      directory,
      config: { ...ignition },
    },
    entries,
    {
      sent: (name, hash) => say(`${name}: sent ${hash}`),
      done: (name) => {
        done += 1;
        say(`${name}: deployed`);
      },
    },
  );
}

/** Nodes for development mine each transaction at once; Ignition then waits for no further block. */
async function isAutomined(node: Provider): Promise<boolean> {
  try {
    return (await node.request({ method: "hardhat_getAutomine" })) === true;
  } catch (error) {
    if (error instanceof RpcError) return false;
    throw error;
  }
}

async function requireEverything({ node, plan }: Prepared): Promise<void> {
  const families = [...new Set(plan.wanted.map(({ family }) => family))];
  const missing = missingOf(await readPlan(node, plan.wanted, families)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new StoppedError(`The chain does not show ${missing.join(", ")} yet. Run again: what is done stays done.`);
}
