import type { Address, Hash } from "viem";
import type { FlashCode } from "./codes.ts";
import { refuseOpening, refusePayment, type OpeningContext } from "./openings.ts";
import { isRefusal, refuse, type Refusal } from "./refusals.ts";
import { escrowOf, refreshEscrow, RETRY_MS, type Accepted, type Ask, type ReadPayment } from "./take.ts";
import type { Opening, SignedItem } from "./types.ts";

/** An opening that is mined. */
export interface Opened {
  readonly isAdmitted: true;
  /** Absent when the escrow was opened before. */
  readonly transaction?: Hash;
}

/** Takes a payment that brings its escrow along: it is refused as pending until the opening is final, and then accepted like any other. */
export async function takeOpening(
  { desk, token, price }: ReadPayment,
  { opening, item }: { readonly opening: Opening; readonly item: SignedItem },
  ask: Ask,
): Promise<Accepted | Refusal | undefined> {
  // Sent again once the escrow is open, the payment is one like any other.
  const unaided = await ask(item);
  if (unaided === undefined || !isRefusal(unaided) || unaided.code !== "flash_escrow_not_found") return unaided;
  const payer = item.client;
  const code = refuseOpening(opening, { desk, token }) ?? (await refusePayment(opening, { desk, token, item, price }));
  if (code !== undefined) return refuse(code, { payer });
  const opened = await bringOpening(opening, { desk, token });
  if (isRefusal(opened)) return opened;
  const again = await ask(item);
  return isWaiting(again) ? toPending(payer, opened) : again;
}

/** Has an opening mined. */
export async function bringOpening(opening: Opening, { desk, token }: OpeningContext): Promise<Refusal | Opened> {
  const { client: payer } = opening.terms;
  const code = refuseOpening(opening, { desk, token });
  if (code !== undefined || desk.relayer === undefined) {
    return refuse(code ?? "flash_opening_unsupported", { payer });
  }
  const result = await desk.relayer.relay(opening);
  if (!result.isRelayed) return refuse(result.code, { payer, ...correctEpoch(result.epoch), ...retryOf(result.code) });
  await refreshEscrow(desk, escrowOf(desk, payer, token));
  return { isAdmitted: true, ...(result.transaction !== undefined && { transaction: result.transaction }) };
}

/** Trials are free again in a moment. */
export function retryOf(code: FlashCode): Pick<Refusal, "retryAfterMs"> {
  return code === "flash_relay_busy" ? { retryAfterMs: RETRY_MS } : {};
}

/** Anybody can read the epoch on-chain, and there is no more to know of an escrow that is not open. */
function correctEpoch(epoch: bigint | undefined): Pick<Refusal, "corrective"> {
  return epoch === undefined ? {} : { corrective: { epoch, nonceBase: 0n, available: 0n, lanes: [] } };
}

/** The chain may show the opening later than its receipt does. */
function isWaiting(answer: Accepted | Refusal | undefined): boolean {
  if (answer === undefined || !isRefusal(answer)) return false;
  return answer.code === "flash_escrow_not_found" || answer.code === "flash_escrow_pending";
}

function toPending(payer: Address, { transaction }: Opened): Refusal {
  const openTransaction = transaction === undefined ? {} : { openTransaction: transaction };
  return refuse("flash_escrow_pending", { payer, retryAfterMs: RETRY_MS, ...openTransaction });
}
