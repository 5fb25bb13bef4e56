import type { Hash, TransactionReceipt } from "viem";
import { getBlockNumber } from "viem/actions";
import { authCaptureEscrowAbi, authCaptureEscrowV1_0Abi } from "../../abi/index.ts";
import { getEvents } from "../../core/events.ts";
import type { Desk } from "./desk.ts";
import {
  findMissingEvent,
  findWrongMovement,
  hasReached,
  isSameState,
  readMovements,
  type Effects,
} from "./effects.ts";
import type { Step } from "./plan.ts";
import { refuse, RefusalError } from "./refusals.ts";
import { explainTrial } from "./reverts.ts";
import { conclude, spend } from "./spending.ts";
import { readState } from "./state.ts";
import { isCollect, type Work } from "./work.ts";

/** How many blocks back the transaction of somebody who was faster is looked for. */
const FRONT_RUN_BLOCKS = 50n;

/** How far a settlement has come. */
interface Progress {
  readonly desk: Desk;
  readonly work: Work;
  /** Transactions that are under way or mined, in the order of the steps. */
  transactions: readonly Hash[];
}

/**
 * Tries work, and refuses it unless it would do exactly what it must.
 *
 * @throws {RefusalError} why not.
 */
export async function tryWork(desk: Desk, work: Work): Promise<void> {
  if (isCollect(work) && (await readState(desk, work)).collected) refuse("payment_already_collected");
  const trial = await desk.trials.run(work.steps);
  if (!trial.isFine) throw await explainTrial(desk, trial, work);
}

/**
 * Settles work whose key the caller has taken, and leaves the key as it then stands. What was sent before and not seen mined is waited for
 * instead of sent again.
 *
 * @param sent - Transactions that were sent for it before.
 * @returns The last transaction; undefined when somebody else's collected the payment and could not be found.
 * @throws {RefusalError} `settlement_pending` while a transaction is not mined; `transaction_reverted` when one did not do what it must.
 */
export async function settleWork(desk: Desk, work: Work, sent: readonly Hash[]): Promise<Hash | undefined> {
  const progress: Progress = { desk, work, transactions: sent };
  try {
    if (sent.length === 0) await verifyAgain(() => tryWork(desk, work));
    let last: Hash | undefined;
    for (const [index, step] of work.steps.entries()) last = await settleStep(progress, step, index);
    await desk.settlements.put(work.key, { status: "settled", transactions: progress.transactions });
    return last;
  } catch (error) {
    const { transactions } = progress;
    const rest = transactions.length === 0 ? undefined : ({ status: "sent", transactions } as const);
    await desk.settlements.put(work.key, rest);
    const transaction = transactions.at(-1);
    if (error instanceof RefusalError || transaction === undefined) throw error;
    // It has left, and nobody knows what became of it.
    throw new RefusalError("settlement_pending", { transaction, cause: error });
  }
}

/**
 * Verifies what is about to be settled.
 *
 * @throws {RefusalError} `verification_failed` when the chain does not answer.
 */
export async function verifyAgain<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof RefusalError) throw error;
    return refuse("verification_failed", { cause: error });
  }
}

async function settleStep(progress: Progress, step: Step, index: number): Promise<Hash | undefined> {
  const { desk } = progress;
  const known = progress.transactions[index];
  const receipt = known === undefined ? await send(progress, step) : await desk.wait(known);
  if (receipt === undefined) {
    const transaction = progress.transactions.at(-1);
    throw new RefusalError("settlement_pending", transaction === undefined ? {} : { transaction });
  }
  const sent = progress.transactions[index];
  if (sent !== undefined) conclude(desk, sent, receipt);
  const fault = findFault(step.effects, receipt) ?? (await findWrongState(progress, step, receipt));
  if (fault === undefined) return receipt.transactionHash;
  // It is not under way any more, and may be sent anew.
  progress.transactions = progress.transactions.slice(0, index);
  const transaction = receipt.transactionHash;
  const isOwn = findMissingEvent(step.effects, receipt.logs) === undefined;
  if (!isOwn && isCollect(progress.work) && (await isCollected(progress, step))) return findCollection(desk, step);
  return refuse("transaction_reverted", { detail: fault, transaction });
}

async function send(progress: Progress, step: Step): Promise<TransactionReceipt | undefined> {
  const { desk, work } = progress;
  const spending = await spend(desk, work, (receipt) => findFault(step.effects, receipt) === undefined);
  let isSent = false;
  try {
    return await desk.send(step, async (hash) => {
      isSent = true;
      desk.spendings.set(hash, spending);
      progress.transactions = [...progress.transactions, hash];
      await desk.settlements.put(work.key, { status: "sending", transactions: progress.transactions });
    });
  } catch (error) {
    if (!isSent) spending.unsent();
    throw error;
  }
}

/** Says what a mined transaction did not do; undefined when it did all it must. */
function findFault(effects: Effects, { status, logs }: TransactionReceipt): string | undefined {
  if (status !== "success") return "It reverted.";
  const missing = findMissingEvent(effects, logs);
  if (missing !== undefined) return `The escrow did not emit ${missing} as it should.`;
  const account = findWrongMovement(effects, readMovements(effects, logs));
  return account === undefined ? undefined : `The balance of ${account} did not change as it should.`;
}

/** Says that a payment does not stand as it must; it may have moved on within the block. */
async function findWrongState(
  { desk, work }: Progress,
  { effects }: Step,
  { blockNumber }: TransactionReceipt,
): Promise<string | undefined> {
  const state = await readState(desk, work, { blockNumber });
  return hasReached(state, effects.after) ? undefined : "The payment does not stand as it should.";
}

/** A collect fails when somebody else was faster with the same signature: then the tokens are where they should be. */
async function isCollected({ desk, work }: Progress, { effects }: Step): Promise<boolean> {
  return isSameState(await readState(desk, work), effects.after);
}

async function findCollection({ client }: Desk, { effects }: Step): Promise<Hash | undefined> {
  const { deployment, paymentInfoHash, events } = effects;
  const [event] = events;
  if (event === undefined) return undefined;
  const abi = deployment.generation === "v1.0" ? authCaptureEscrowV1_0Abi : authCaptureEscrowAbi;
  const latest = await getBlockNumber(client, { cacheTime: 0 });
  const logs = await getEvents(
    client,
    { abi: abi as typeof authCaptureEscrowAbi, address: deployment.escrow },
    {
      eventName: event.name,
      args: { paymentInfoHash },
      fromBlock: latest > FRONT_RUN_BLOCKS ? latest - FRONT_RUN_BLOCKS : 0n,
    },
  );
  return logs.at(-1)?.transactionHash;
}
