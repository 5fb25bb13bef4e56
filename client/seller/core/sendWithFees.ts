import type { Hash, TransactionReceipt } from "viem";
import { TransactionReceiptNotFoundError } from "viem";
import { estimateFeesPerGas, getTransactionReceipt } from "viem/actions";
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
}

/** Nodes ask for a tenth more before they replace a transaction. */
const RAISE_PERCENT = 125n;

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
    send: (nonce) => {
      fees = { ...fees, nonce };
      return send(fees);
    },
    wait: (hash) => {
      onSent?.(hash);
      return waitOrReplace(parameters, fees, hash);
    },
  });
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
