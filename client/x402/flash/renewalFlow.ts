import type { FlashEscrowState } from "../../seller/flash/types.ts";
import type { FlashCode } from "./codes.ts";
import { retryOf } from "./openingFlow.ts";
import { isRefusal, refuse, toRefusal, type Refusal } from "./refusals.ts";
import { gainOf, refuseExtension, refuseRenewal } from "./renewals.ts";
import { escrowOf, refreshEscrow, RETRY_MS, type Accepted, type Ask, type ReadPayment } from "./take.ts";
import type { Renewal, SignedItem } from "./types.ts";

/** Refusals that more tokens or more time may heal. */
const HEALED: ReadonlySet<FlashCode> = new Set<FlashCode>([
  "flash_exposure_exceeded",
  "flash_escrow_too_small",
  "flash_lock_too_short",
]);

/** A payment with what it brings for its open escrow. */
interface Renewing {
  readonly item: SignedItem;
  readonly renewal: Renewal;
}

/**
 * Takes a payment that brings a top-up or an extension. They are sent only if the payment needs them and would be accepted with them; it is
 * refused as pending until they are final.
 */
export async function takeRenewal(
  payment: ReadPayment,
  { item, renewal }: Renewing,
  ask: Ask,
): Promise<Accepted | Refusal | undefined> {
  const unaided = await ask(item);
  if (unaided === undefined || !isRefusal(unaided) || !HEALED.has(unaided.code)) return unaided;
  const { desk, token } = payment;
  const { client: payer } = item;
  const escrow = escrowOf(desk, payer, token);
  const state = await desk.store.getEscrow(escrow);
  if (state === undefined) return unaided;
  const code = refuseRenewal(renewal, { desk, token, item });
  if (code !== undefined) return refuse(code, { payer });
  const needed = await findNeeded(payment, { item, renewal }, state);
  if (isRefusal(needed)) return needed;
  // What was mined and is not final yet need not be tried again.
  if (isOnItsWay(needed, state)) return pending(payer);
  const result = await desk.relayer?.renew(needed);
  if (result?.isRelayed !== true) {
    const code = result?.code ?? "flash_renewal_unsupported";
    return refuse(code, { payer, ...retryOf(code) });
  }
  await refreshEscrow(desk, escrow);
  const again = await ask(item);
  if (again === undefined || !isRefusal(again) || !HEALED.has(again.code)) return again;
  const now = await desk.store.getEscrow(escrow);
  // What was executed long ago is used up like the rest.
  return result.transaction === undefined && (now === undefined || !isOnItsWay(needed, now)) ? again : pending(payer);
}

/** The least of a renewal with which the payment would be accepted, or why there is none. */
async function findNeeded(
  { desk, token, price }: ReadPayment,
  { item, renewal }: Renewing,
  state: FlashEscrowState,
): Promise<Renewal | Refusal> {
  let refusal: Refusal | undefined;
  for (const part of partsOf(renewal)) {
    const rejection = await desk.acceptor.check({ item, token, price }, gainOf(part));
    if (rejection !== undefined) {
      refusal = toRefusal(rejection, item.client);
      continue;
    }
    const code = refuseExtension(part, state, { desk, token, item });
    return code === undefined ? part : refuse(code, { payer: item.client });
  }
  return refusal ?? refuse("flash_renewal_malformed", { payer: item.client });
}

/** A renewal's parts, the least first. */
function partsOf({ topUp, extension }: Renewal): readonly Renewal[] {
  const parts: Renewal[] = [];
  if (topUp !== undefined) parts.push({ topUp });
  if (extension !== undefined) parts.push({ extension });
  if (topUp !== undefined && extension !== undefined) parts.push({ topUp, extension });
  return parts;
}

/** Whether the head shows already what does not count yet: more that the escrow covers, or a later end. */
function isOnItsWay({ topUp, extension }: Renewal, { confirmed, head }: FlashEscrowState): boolean {
  if (!head.isOpen || head.epoch !== confirmed.epoch) return false;
  const isMore = head.balance + head.settled > confirmed.balance + confirmed.settled;
  const isLater = head.unlockAt > confirmed.unlockAt;
  return (topUp === undefined || isMore) && (extension === undefined || isLater);
}

function pending(payer: SignedItem["client"]): Refusal {
  return refuse("flash_escrow_pending", { payer, retryAfterMs: RETRY_MS });
}
