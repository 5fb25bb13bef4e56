import type { Hex } from "viem";
import type { SettleFirst } from "../../seller/flash/settleFirst.ts";
import type { FlashAcceptResult } from "../../seller/flash/types.ts";
import type { ServerDesk } from "./desk.ts";
import { refuse, toRefusal, type Refusal } from "./refusals.ts";
import { RETRY_MS, type Accepted, type ReadPayment } from "./take.ts";

/** Milliseconds that a request waits for its transaction unless the desk says otherwise, the confirmations included. */
const DEFAULT_WAIT_MS = 60_000;
/** Transactions that may be waited for at once. */
const MAX_WAITING = 64;

/** Transactions that a request waits for, by what waits for them. */
const waiting = new WeakMap<SettleFirst, Set<Hex>>();

/**
 * Takes the original transaction of three arguments: it is settled on-chain first, and accepted then. Everybody can see a transaction once
 * it is broadcast, so copies of one that a request waits for are refused.
 *
 * @returns Undefined when the server takes none.
 */
export async function takeOriginal(payment: ReadPayment, rawTransaction: Hex): Promise<Accepted | Refusal | undefined> {
  const { settleFirst } = payment.desk;
  if (settleFirst === undefined) return undefined;
  const held = waiting.get(settleFirst) ?? new Set<Hex>();
  waiting.set(settleFirst, held);
  if (held.has(rawTransaction) || held.size >= MAX_WAITING) return pending();
  held.add(rawTransaction);
  try {
    return toAnswer(await settle(payment, settleFirst, rawTransaction));
  } finally {
    held.delete(rawTransaction);
  }
}

/** Undefined when it took too long. */
async function settle(
  { desk, token, price }: ReadPayment,
  settleFirst: SettleFirst,
  rawTransaction: Hex,
): Promise<FlashAcceptResult | undefined> {
  const signal = AbortSignal.timeout(waitOf(desk));
  try {
    return await settleFirst.accept({ rawTransaction, token, price, signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function toAnswer(result: FlashAcceptResult | undefined): Accepted | Refusal {
  if (result === undefined) return pending();
  if (result.isAccepted) return result;
  // A mined transaction proves nothing about whoever presents it.
  const { corrective: _corrective, ...rejection } = result;
  return toRefusal(rejection);
}

function waitOf({ settleFirstWait = DEFAULT_WAIT_MS }: ServerDesk): number {
  return settleFirstWait;
}

function pending(): Refusal {
  return refuse("flash_transaction_pending", { retryAfterMs: RETRY_MS });
}
