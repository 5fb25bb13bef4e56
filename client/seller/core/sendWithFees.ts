import type { Hash, TransactionReceipt } from "viem";
import { TransactionReceiptNotFoundError } from "viem";
import { estimateFeesPerGas, getTransactionCount, getTransactionReceipt } from "viem/actions";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { ChainUnavailableError } from "./errors.ts";
import { sendInTurn } from "./sendInTurn.ts";

/** Nonce and fees of one attempt to send a transaction. */
export interface SendFees {
  /** Undefined when the wallet picks its own. */
  readonly nonce: number | undefined;
  /** Wei a gas. */
  readonly maxFeePerGas: bigint;
  /** Wei a gas. */
  readonly maxPriorityFeePerGas: bigint;
}

/** How a transaction is brought into a block. */
export interface SendWithFeesParameters {
  readonly client: ReadClient;
  readonly wallet: WriteClient;
  readonly send: (fees: SendFees) => Promise<Hash>;
  /** Milliseconds without a receipt after which it is sent again with the same nonce and higher fees. */
  readonly replaceAfter: number;
  /** Milliseconds after which nobody waits any longer. */
  readonly timeout: number;
  /** Milliseconds between two looks. */
  readonly pollingInterval: number;
  readonly signal: AbortSignal;
  readonly onSent?: (hash: Hash) => void;
  readonly onReplaced?: (hash: Hash, by: Hash) => void;
  /** Told about a transaction that nothing here has sent or waits for, and that is replaced because it is not mined. */
  readonly onStuck?: (nonce: number) => void;
}

/** Nodes ask for a tenth more before they replace a transaction. */
const RAISE_PERCENT = 125n;
/** What another process has bid is not known: up to a hundred times what is usual is found out. */
const MAX_RAISES = 20;
/** Nodes have only words to say so. */
const UNDERPRICED = /underpriced|replacement (transaction|fee)/i;

/**
 * Sends a transaction and waits for the receipt of whichever of its versions lands.
 *
 * @throws {ChainUnavailableError} none landed in time, with what the last attempt failed with.
 * @throws whatever the first `send` throws.
 */
export async function sendWithFees(parameters: SendWithFeesParameters): Promise<TransactionReceipt> {
  const { client, wallet, send, onSent } = parameters;
  const { maxFeePerGas, maxPriorityFeePerGas } = await estimateFeesPerGas(client);
  let fees: SendFees = { nonce: undefined, maxFeePerGas, maxPriorityFeePerGas };
  return sendInTurn(wallet, {
    send: async (nonce, isReplacement) => {
      fees = { ...fees, nonce };
      if (!isReplacement) return send(fees);
      const replaced = await outbid(send, fees);
      ({ fees } = replaced);
      return replaced.hash;
    },
    isStuck: (nonce) => isStuck(parameters, nonce),
    wait: (hash) => {
      onSent?.(hash);
      return waitOrReplace(parameters, fees, hash);
    },
  });
}

/** Whether a transaction of another process is still not mined after the time that its own would have. */
async function isStuck(
  { wallet, replaceAfter, pollingInterval, signal, onStuck }: SendWithFeesParameters,
  nonce: number,
): Promise<boolean> {
  const { account } = wallet;
  if (account === undefined) return false;
  const started = performance.now();
  const isMined = async () => (await getTransactionCount(wallet, { address: account.address })) > nonce;
  while (performance.now() - started < replaceAfter) {
    if (await isMined()) return false;
    await sleep(pollingInterval, undefined, { signal });
  }
  if (await isMined()) return false;
  onStuck?.(nonce);
  return true;
}

/** Raises fees until the node takes a transaction in place of another one. */
async function outbid(
  send: SendWithFeesParameters["send"],
  first: SendFees,
): Promise<{ readonly hash: Hash; readonly fees: SendFees }> {
  let fees = raise(first);
  for (let raises = 1; ; raises += 1) {
    try {
      return { hash: await send(fees), fees };
    } catch (error) {
      const isTooLow = error instanceof Error && UNDERPRICED.test(error.message);
      if (!isTooLow || raises === MAX_RAISES) throw error;
      fees = raise(fees);
    }
  }
}

async function waitOrReplace(
  { client, send, replaceAfter, timeout, pollingInterval, signal, onReplaced }: SendWithFeesParameters,
  first: SendFees,
  hash: Hash,
): Promise<TransactionReceipt> {
  const hashes = [hash];
  const started = performance.now();
  let fees = first;
  let sentAt = started;
  let failure: unknown;
  while (performance.now() - started < timeout) {
    for (const sent of hashes) {
      const receipt = await findReceipt(client, sent);
      if (receipt !== undefined) return receipt;
    }
    signal.throwIfAborted();
    if (fees.nonce !== undefined && performance.now() - sentAt >= replaceAfter) {
      sentAt = performance.now();
      fees = raise(fees);
      try {
        const next = await send(fees);
        onReplaced?.(hashes.at(-1) ?? hash, next);
        hashes.push(next);
      } catch (error) {
        // A version that has just landed cannot be replaced: its receipt says so. Anything else is told when time is over.
        failure = error;
      }
    }
    await sleep(pollingInterval, undefined, { signal });
  }
  throw new ChainUnavailableError(`no receipt of ${hash} after ${timeout} milliseconds`, failure);
}

function raise({ nonce, maxFeePerGas, maxPriorityFeePerGas }: SendFees): SendFees {
  return {
    nonce,
    maxFeePerGas: (maxFeePerGas * RAISE_PERCENT) / 100n + 1n,
    maxPriorityFeePerGas: (maxPriorityFeePerGas * RAISE_PERCENT) / 100n + 1n,
  };
}

async function findReceipt(client: ReadClient, hash: Hash): Promise<TransactionReceipt | undefined> {
  try {
    return await getTransactionReceipt(client, { hash });
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return undefined;
    throw new ChainUnavailableError(`the receipt of ${hash}`, error);
  }
}
