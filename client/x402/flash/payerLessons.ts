import { verifyTab } from "../../flash/verify.ts";
import type { FlashLane } from "../../seller/flash/types.ts";
import type { Claim, Outcome, PayerAccount } from "./payerAccount.ts";
import { readStanding } from "./payerChain.ts";
import type { PayerContext } from "./payerContext.ts";
import { mayOpen, type OpenAccount } from "./payerEntry.ts";
import { FalseLaneError } from "./payerErrors.ts";
import { isShort, mayExtend, topUpFunding } from "./payerRenewals.ts";
import type { PayerEvent } from "./payerTypes.ts";
import { reactionTo, type Reaction } from "./reactions.ts";
import type { Corrective, Offer, Opening, Renewal, Settlement } from "./types.ts";

/** Wait before another attempt where the server does not say how long, and the least wait where it does. Milliseconds. */
const DEFAULT_WAIT = 1_000;
const MIN_WAIT = 100;

/** Seconds for which nothing is brought after the server denied a top-up or an extension. */
const DENIED_FOR = 60n;

/** A payment that was answered. */
export interface AnsweredPayment {
  readonly account: OpenAccount;
  readonly claim: Claim;
  /** What it carried. */
  readonly opening: Opening | undefined;
  readonly renewal: Renewal | undefined;
}

/** Takes what the answer to a served request says of the escrow. */
export async function learnFromAnswer(
  context: PayerContext,
  { account: { state }, claim, renewal }: AnsweredPayment,
  settlement: Settlement | undefined,
): Promise<void> {
  if (claim.epoch !== state.epoch) return;
  state.isOpen = true;
  if (renewal?.topUp !== undefined) state.locks.leaveTopUp(renewal.topUp);
  if (settlement === undefined || settlement.escrow.epoch !== claim.epoch) return;
  const { available, unlockAt } = settlement.escrow;
  state.standing = { available, at: context.now(), ...(unlockAt !== undefined && { unlockAt }) };
  if (settlement.otherLane !== undefined) await learnOtherLane(context, state, settlement.otherLane);
}

/** A lane that this payer has forgotten is used again, if the server shows what this payer signed in it. */
async function learnOtherLane(context: PayerContext, state: PayerAccount, lane: FlashLane): Promise<void> {
  const { lane: id, authorised, consumed, proof } = lane;
  if (proof === undefined || authorised <= state.promisedIn(id)) return;
  const isOurs = (await findFalsehood(context, state, lane)) === undefined;
  tell(context, state.escrow, isOurs, { what: "lane", value: consumed });
  // Others may have been signed in the lane meanwhile.
  if (isOurs && authorised > state.promisedIn(id)) state.adoptLane(id, authorised, consumed);
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
  refused: AnsweredPayment,
  code: string,
  offer: Offer | undefined,
): Promise<boolean> {
  const { account, claim, opening } = refused;
  const reaction = reactionTo(code);
  if (opening !== undefined && isDenied(code, reaction)) account.state.locks.denyOpening(opening);
  if (offer === undefined || offer.settlement !== account.state.escrow.settlement) return false;
  const { corrective } = offer;
  switch (reaction) {
    case "wait":
      return waitFor(context, offer);
    case "topUp":
      return learnShortage(context, refused, code, offer);
    case "extend":
      return learnEnd(context, refused, offer);
    case "unaided":
      leaveRenewal(refused);
      // Another one will do where this one was too late.
      if (code !== "flash_renewal_expired") account.state.avoidsRenewalsUntil = context.now() + DENIED_FOR;
      return refused.renewal !== undefined;
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
      return claim.kind === "tab" && learnPublic(context, refused, corrective);
    case "none":
      return false;
  }
}

/** More is brought once; where that does not help, or nothing may be brought, something has to be settled first. */
async function learnShortage(
  context: PayerContext,
  refused: AnsweredPayment,
  code: string,
  offer: Offer,
): Promise<boolean> {
  const { account, claim, opening, renewal } = refused;
  const { state } = account;
  const { corrective } = offer;
  // Whoever is corrected has an escrow, whatever it brought to open one.
  if (opening !== undefined && corrective?.epoch === state.epoch) state.isOpen = true;
  const isTooSmall = code === "flash_escrow_too_small";
  // What is wrong is the opening.
  if (isTooSmall && opening !== undefined) return false;
  const at = context.now();
  const { available: _before, ...known } = state.standing;
  state.standing = known;
  if (renewal?.topUp !== undefined) {
    state.locks.leaveTopUp(renewal.topUp);
    return !isTooSmall && waitFor(context, offer);
  }
  const isOurs = corrective === undefined || corrective.epoch === state.epoch;
  const available = isTooSmall ? -1n : isOurs ? corrective?.available : undefined;
  if (available !== undefined) state.standing = { ...known, available, at };
  const mayBring = at >= state.avoidsRenewalsUntil && topUpFunding(context, offer) !== undefined;
  if (mayBring && state.isOpen && claim.kind !== "transaction" && isShort(state.standing, claim.price, at)) return true;
  return !isTooSmall && waitFor(context, offer);
}

/** The lock ends too soon for this server: an extension is brought once. */
function learnEnd(context: PayerContext, refused: AnsweredPayment, offer: Offer): boolean {
  const { account, claim, opening, renewal } = refused;
  const { state } = account;
  if (opening !== undefined) return false;
  if (renewal?.extension !== undefined) {
    // It is not the end of the lock that the server minds.
    leaveRenewal(refused);
    state.avoidsRenewalsUntil = context.now() + DENIED_FOR;
    return false;
  }
  state.standing = { ...state.standing, unlockAt: 0n };
  return claim.kind !== "transaction" && context.now() >= state.avoidsRenewalsUntil && mayExtend(context, offer);
}

function leaveRenewal({ account: { state }, renewal }: AnsweredPayment): void {
  if (renewal?.topUp !== undefined) state.locks.leaveTopUp(renewal.topUp);
  if (renewal?.extension !== undefined) state.extension = undefined;
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
  { account: { state }, claim }: AnsweredPayment,
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
  { account: { state }, claim }: AnsweredPayment,
  corrective: Corrective | undefined,
): void {
  if (corrective === undefined || corrective.epoch !== state.epoch || claim.kind !== "payment") return;
  const { nonceBase: value } = corrective;
  state.raiseNonce(value);
  if (value > claim.number) tell(context, state.escrow, true, { what: "nonce", value });
}

/** A server that keeps no more lanes for this client still takes its payments. */
function learnWindow(context: PayerContext, refused: AnsweredPayment, corrective: Corrective | undefined): boolean {
  const { account, claim } = refused;
  if (claim.kind === "tab") {
    account.state.avoidsTabs = true;
    return true;
  }
  learnNonce(context, refused, corrective);
  return corrective !== undefined && corrective.nonceBase > claim.number;
}

/** Everybody has the total, so a higher one is signed. Where more was settled than this payer knows of, the lane is learned as any other. */
async function learnPublic(
  context: PayerContext,
  answered: AnsweredPayment,
  corrective: Corrective | undefined,
): Promise<boolean> {
  const { state } = answered.account;
  const { number, amount } = answered.claim;
  const settled = corrective?.lanes.find((other) => other.lane === number)?.settled ?? 0n;
  if (settled > state.promisedIn(number)) return learnLane(context, answered, corrective);
  state.passTotal(number, amount);
  return true;
}

/**
 * A total is believed as far as this payer's own signatures reach: those it remembers, and the one that the server shows. Beyond them the
 * lane is left alone for a fresh one.
 *
 * @throws {FalseLaneError} what the server shows is not signed by this payer, or promises less than the server claims.
 */
async function learnLane(
  context: PayerContext,
  { account: { state }, claim }: AnsweredPayment,
  corrective: Corrective | undefined,
): Promise<boolean> {
  const lane = corrective?.lanes.find((other) => other.lane === claim.number);
  if (lane === undefined || corrective?.epoch !== state.epoch) return false;
  const { lane: id, consumed: value, authorised } = lane;
  const isRemembered = value <= state.promisedIn(id);
  const falsehood = isRemembered ? undefined : await findFalsehood(context, state, lane);
  const isProven = !isRemembered && lane.proof !== undefined && falsehood === undefined;
  tell(context, state.escrow, isRemembered || isProven, { what: "lane", value });
  if (isRemembered) state.rebaseLane(id, value);
  else if (isProven) state.adoptLane(id, authorised, value);
  else state.avoidLane(id);
  if (falsehood !== undefined) throw new FalseLaneError(id, falsehood);
  return true;
}

/** What is wrong with the tab that a server shows; undefined when it shows none. */
async function findFalsehood(
  { itemSigner }: PayerContext,
  { escrow, epoch }: PayerAccount,
  { lane, authorised: total, consumed, proof }: FlashLane,
): Promise<FalseLaneError["reason"] | undefined> {
  if (proof === undefined) return undefined;
  const { chainId, settlement, client, server, token } = escrow;
  const { deadline, signature } = proof;
  const tab = { client, server, token, total, lane, deadline, epoch };
  const isOurs =
    itemSigner !== undefined && (await verifyTab({ chainId, settlement, tab, signature, signer: itemSigner.address }));
  if (!isOurs) return "notOurs";
  return consumed > total ? "aboveSigned" : undefined;
}

function tell(
  { emit }: PayerContext,
  escrow: Extract<PayerEvent, { readonly kind: "corrected" }>["escrow"],
  isAdopted: boolean,
  correction: Pick<Extract<PayerEvent, { readonly kind: "corrected" }>, "what" | "value">,
): void {
  emit({ kind: isAdopted ? "corrected" : "correctionRefused", escrow, ...correction });
}
