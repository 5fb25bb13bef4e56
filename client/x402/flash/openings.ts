import { zeroAddress, type Address } from "viem";
import { verifyPayment, verifyTab } from "../../flash/verify.ts";
import { amountOf } from "../core/assets.ts";
import type { FlashCode } from "./codes.ts";
import { leastEscrowOf, minTtlOf, type ServerDesk } from "./desk.ts";
import type { Opening, SignedItem } from "./types.ts";
import { toOpenMethod } from "./wire.ts";

/** What an opening must suit. */
export interface OpeningContext {
  readonly desk: ServerDesk;
  readonly token: Address;
}

/** The payment that an opening comes with. */
export interface OpeningPayment extends OpeningContext {
  readonly item: SignedItem;
  /** Token base units. */
  readonly price: bigint;
}

/**
 * Says why nobody sends an opening for a server; undefined when somebody would. No gas is spent on an escrow that the server would not
 * accept payments against.
 */
export function refuseOpening(opening: Opening, { desk, token }: OpeningContext): FlashCode | undefined {
  const { terms, funding } = opening;
  const { relayer, server, acceptor } = desk;
  const least = relayer && amountOf(relayer.minimumOpenings, token);
  if (relayer === undefined || least === undefined) return "flash_opening_unsupported";
  if (!relayer.methods.includes(toOpenMethod(funding.method))) return "flash_opening_unsupported";
  // The sender itself needs no signature to open, so an opening in its name would spend its own tokens.
  if (terms.client === relayer.name.toLowerCase()) return "flash_opening_unsupported";
  if (!isWellSigned(opening)) return "flash_opening_malformed";
  if (terms.server !== server.toLowerCase() || terms.token !== token) return "flash_opening_mismatch";
  if (terms.amount === 0n || terms.amount < leastEscrowOf(desk, token)) return "flash_escrow_too_small";
  const hasEnd = terms.ttlSeconds !== 0n;
  const isShort = hasEnd && (terms.ttlSeconds < minTtlOf(desk) || terms.ttlSeconds < terms.closeDelay);
  if (isShort || terms.closeDelay < acceptor.limits.minCloseDelay) return "flash_lock_too_short";
  return terms.deadline < acceptor.now() ? "flash_opening_expired" : undefined;
}

/** Says why the payment of an opening would not be accepted once the escrow is open; undefined when it would. */
export async function refusePayment(
  { terms }: Opening,
  { desk, token, item, price }: OpeningPayment,
): Promise<FlashCode | undefined> {
  if (item.client !== terms.client || item.epoch !== terms.epoch) return "flash_opening_mismatch";
  const amount = item.kind === "payment" ? item.amount : item.total;
  if (amount < price) return "flash_amount_insufficient";
  if (amount > terms.amount) return "flash_exposure_exceeded";
  const { limits, now } = desk.acceptor;
  if (item.deadline !== 0n && now() + limits.settleSeconds >= item.deadline) return "flash_deadline_too_soon";
  const signer = terms.signer === zeroAddress ? terms.client : terms.signer;
  return (await isSigned(item, { signer, desk, token })) ? undefined : "flash_signature_invalid";
}

/** Each method has the signatures that the contract takes with it, and no others. */
function isWellSigned({ terms, signature, funding, permit }: Opening): boolean {
  if (funding.method !== "Allowance") return signature === "0x" && funding.signature !== "0x" && permit === undefined;
  const isCovered = permit === undefined || permit.value >= terms.amount;
  return signature !== "0x" && funding.signature === "0x" && isCovered;
}

function isSigned(
  item: SignedItem,
  { signer, desk, token }: OpeningContext & { readonly signer: Address },
): Promise<boolean> {
  const { settlement, server } = desk;
  const reference = { ...settlement, signer, signature: item.signature };
  return item.kind === "payment"
    ? verifyPayment({ ...reference, payment: { ...item, server, token } })
    : verifyTab({ ...reference, tab: { ...item, server, token } });
}
