import type { Claim, Outcome } from "./payerAccount.ts";
import { readStanding } from "./payerChain.ts";
import type { PayerContext } from "./payerContext.ts";
import { mayOpen, type OpenAccount } from "./payerEntry.ts";
import type { PayerEvent } from "./payerTypes.ts";
import { reactionTo, type Reaction } from "./reactions.ts";
import type { Corrective, Offer, Opening } from "./types.ts";

/** Wait before another attempt where the server does not say how long, and the least wait where it does. Milliseconds. */
const DEFAULT_WAIT = 1_000;
const MIN_WAIT = 100;

/** A refused payment. */
export interface RefusedPayment {
  readonly account: OpenAccount;
  readonly claim: Claim;
  /** What it carried. */
  readonly opening: Opening | undefined;
}

/** What becomes of a payment that was refused with a code. */
export function outcomeOf(code: string, { kind }: Claim): Outcome {
  const reaction = reactionTo(code);
  // A nonce that is used or below the price is of no more use; a tab goes on as it is.
  const isSpent = reaction === "nonce" || reaction === "window" || reaction === "epoch" || reaction === "amount";
  return { kind: isSpent && kind !== "tab" ? "spent" : "spare" };
}

/**
 * Takes what a refusal teaches, as far as it may be believed: nothing that is adopted makes the next payment promise more than its price.
 *
 * @param offer - The new offer of the same terms; undefined when there is none.
 * @returns Whether another payment may succeed.
 */
export async function learnFromRefusal(
  context: PayerContext,
  refused: RefusedPayment,
  code: string,
  offer: Offer | undefined,
): Promise<boolean> {
  const { account, claim, opening } = refused;
  const reaction = reactionTo(code);
  if (opening !== undefined && isDenied(code, reaction)) account.state.denyOpening(opening);
  if (offer === undefined || offer.settlement !== account.state.escrow.settlement) return false;
  const { corrective } = offer;
  switch (reaction) {
    case "wait":
      return waitFor(context, offer);
    case "open":
      // One that brought an opening is refused by what is wrong with it.
      if (opening === undefined) account.state.isOpen = false;
      return opening === undefined && mayOpen(context, offer);
    case "reopen":
      return opening !== undefined;
    case "epoch":
      return learnEpoch(context, refused, corrective);
    case "nonce":
      learnNonce(context, refused, corrective);
      return true;
    case "window":
      return learnWindow(context, refused, corrective);
    case "amount":
      return claim.kind === "tab" && learnLane(context, refused, corrective);
    case "higher":
      return claim.kind === "tab" && learnPublic(refused, corrective);
    case "none":
      return false;
  }
}

/** Whether another opening has to be signed: the relayer's own limits say nothing about this one. */
function isDenied(code: string, reaction: Reaction): boolean {
  return reaction === "reopen" || (code.startsWith("flash_opening_") && code !== "flash_opening_unsupported");
}

async function waitFor({ maxWait }: PayerContext, { retryAfterMs = DEFAULT_WAIT }: Offer): Promise<boolean> {
  if (retryAfterMs > maxWait) return false;
  await new Promise((resolve) => setTimeout(resolve, Math.max(MIN_WAIT, retryAfterMs)));
  return true;
}

/**
 * An epoch that the server names is believed when the chain shows it. Where nobody can ask the chain, one below the epoch in which the
 * server has accepted is not: epochs only grow, and what was signed in that one could be settled besides.
 */
async function learnEpoch(
  context: PayerContext,
  { account: { state }, claim }: RefusedPayment,
  corrective: Corrective | undefined,
): Promise<boolean> {
  if (corrective === undefined) return false;
  const { epoch: value, nonceBase, available } = corrective;
  // A payment that came before this one has learned it.
  if (value === state.epoch) return claim.epoch !== value;
  const facts = await readStanding(context, state.escrow);
  const isBelievable = facts === undefined ? value > state.epoch || !state.isOpen : facts.epoch === value;
  tell(context, state.escrow, isBelievable, { what: "epoch", value });
  if (!isBelievable) return false;
  state.enterEpoch(value, facts !== undefined);
  state.raiseNonce(nonceBase);
  state.isOpen = facts?.isOpen ?? available > 0n;
  return true;
}

/** Nonces below the base are of no more use; nothing else is believed of them. */
function learnNonce(
  context: PayerContext,
  { account: { state }, claim }: RefusedPayment,
  corrective: Corrective | undefined,
): void {
  if (corrective === undefined || corrective.epoch !== state.epoch || claim.kind !== "payment") return;
  const { nonceBase: value } = corrective;
  state.raiseNonce(value);
  if (value > claim.number) tell(context, state.escrow, true, { what: "nonce", value });
}

/** A server that keeps no more lanes for this client still takes its payments. */
function learnWindow(context: PayerContext, refused: RefusedPayment, corrective: Corrective | undefined): boolean {
  const { account, claim } = refused;
  if (claim.kind === "tab") {
    account.state.avoidsTabs = true;
    return true;
  }
  learnNonce(context, refused, corrective);
  return corrective !== undefined && corrective.nonceBase > claim.number;
}

/** Everybody has the total, so a higher one is signed. A lane in which more was settled than this payer knows of is left alone. */
function learnPublic({ account: { state }, claim }: RefusedPayment, corrective: Corrective | undefined): boolean {
  const settled = corrective?.lanes.find((other) => other.lane === claim.number)?.settled ?? 0n;
  if (settled > state.promisedIn(claim.number)) state.avoidLane(claim.number);
  else state.passTotal(claim.number, claim.amount);
  return true;
}

/** A total is believed as far as this payer's own signatures reach; beyond them the lane is left alone for a fresh one. */
function learnLane(
  context: PayerContext,
  { account: { state }, claim }: RefusedPayment,
  corrective: Corrective | undefined,
): boolean {
  const lane = corrective?.lanes.find((other) => other.lane === claim.number);
  if (lane === undefined || corrective?.epoch !== state.epoch) return false;
  const { consumed: value } = lane;
  const isOwn = value <= state.promisedIn(lane.lane);
  tell(context, state.escrow, isOwn, { what: "lane", value });
  if (isOwn) state.rebaseLane(lane.lane, value);
  else state.avoidLane(lane.lane);
  return true;
}

function tell(
  { emit }: PayerContext,
  escrow: Extract<PayerEvent, { readonly kind: "corrected" }>["escrow"],
  isAdopted: boolean,
  correction: Pick<Extract<PayerEvent, { readonly kind: "corrected" }>, "what" | "value">,
): void {
  emit({ kind: isAdopted ? "corrected" : "correctionRefused", escrow, ...correction });
}
