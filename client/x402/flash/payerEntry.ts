import type { WaitingRoom } from "../core/waitingRoom.ts";
import { largest } from "../../core/amounts.ts";
import { sum, tightest } from "../core/amounts.ts";
import type { SignedTopUp, TokenFundingChoice } from "../../flash/sign.ts";
import { EscrowNeededError, NoRoomForTopUpError, UnreadableOfferError, UnservedLimitError } from "./payerErrors.ts";
import type { Claim, PayerAccount } from "./payerAccount.ts";
import type { PayerContext } from "./payerContext.ts";
import { sizeOpening } from "./payerOpenings.ts";
import { isEnding, isShort, isUsable, mayExtend, newUnlockAt, topUpFunding } from "./payerRenewals.ts";
import type { PaymentTerms } from "./payerTypes.ts";
import type { Offer, Opening, SignedExtension } from "./types.ts";

/**
 * What a server may hold of payments that it did not serve, unless the limits say otherwise: a few prices, so that failures now and then stop
 * nothing, and a share of what it has served, so that one that has earned more may fail more often. One that takes payments and never
 * answers gets the few prices, whatever the escrow holds.
 */
const UNSERVED_PRICES = 8n;
const SERVED_SHARE = 10n;
/** Seconds for which an answer is expected when the offer says nothing. */
const DEFAULT_TIMEOUT = 300n;
/** Seconds after which a request no longer waits for the answer about an opening, but brings a copy of it: one of them is executed. */
const PATIENCE = 20n;
/** Milliseconds after which a waiting request looks again, since an answer may never come. */
export const WAIT_MILLISECONDS = 500;

/** An account with the requests that are under way in it. */
export interface OpenAccount {
  readonly state: PayerAccount;
  /** Wakes whoever waits for the escrow. */
  readonly waiting: WaitingRoom;
  /** The latest unanswered payment that carries an opening or a top-up; no other does for a while. */
  opening: Claim | undefined;
  /** Token base units of the opening or top-up that is being signed. */
  signing: bigint;
  /** The chain is or was asked where this account stands. */
  reading: Promise<void> | undefined;
}

/** A top-up to sign. */
export interface PlannedTopUp {
  /** Token base units. */
  readonly amount: bigint;
  readonly funding: TokenFundingChoice;
}

/** A claim, and what the payment must bring. */
export interface Entry {
  readonly claim: Claim;
  /** `none`, one to send again, or how much to lock, token base units. */
  readonly opening: "none" | Opening | bigint;
  /** `none`, one to send again, or one to sign. */
  readonly topUp: "none" | SignedTopUp | PlannedTopUp;
  /** `none`, one to send again, or until when to lock, unix seconds. */
  readonly extension: "none" | SignedExtension | bigint;
}

/** What an entry asks. */
export interface EnterParameters {
  readonly account: OpenAccount;
  readonly terms: PaymentTerms;
  /** Most that an opening may lock for this payment, token base units. */
  readonly spendCap: bigint | undefined;
  /** All accounts of the payer, for the limit on all of them; gone through again after each wait. */
  readonly accounts: ReadonlyMap<string, OpenAccount>;
  /** Ends what is overdue in the account. */
  readonly sweep: (now: bigint) => void;
  /** False where no room is left for a top-up. */
  readonly mayTopUp: boolean;
}

/**
 * Claims what to pay with and decides what to bring, in one step: nothing happens in between that could make the decision wrong. Waits while
 * another payment brings the opening or the top-up that this one needs.
 *
 * @throws {EscrowNeededError} there is no escrow, and none may be opened.
 * @throws {NoRoomForTopUpError} the escrow is used up, and the limits allow no top-up.
 * @throws {UnservedLimitError} the server holds too much that it did not serve.
 * @throws {UnreadableOfferError} the server takes no payment that this payer can sign.
 */
export async function enter(context: PayerContext, parameters: EnterParameters): Promise<Entry> {
  const { account, sweep } = parameters;
  for (;;) {
    const now = context.now();
    sweep(now);
    const entry = tryToEnter(context, parameters, now);
    if (entry !== undefined) return entry;
    await account.waiting.wait();
  }
}

/** Undefined while another payment brings what this one needs. */
function tryToEnter(context: PayerContext, parameters: EnterParameters, now: bigint): Entry | undefined {
  const { account, terms } = parameters;
  const { state } = account;
  const kind = kindOf(context, state, terms.offer);
  const { lane: suggestedLane, nonceBase: suggestedNonce } = terms.offer;
  const until = now + (terms.timeout ?? DEFAULT_TIMEOUT);
  const claim = state.plan({ kind, price: terms.price, since: now, until, suggestedLane, suggestedNonce });
  const needsOpening = !state.isOpen && kind !== "transaction" && mayOpen(context, terms.offer);
  const funding = needsOpening ? undefined : neededFunding(context, parameters, claim);
  if ((needsOpening || funding !== undefined) && isAnswerDue(account, now)) return undefined;
  const entry: Entry = {
    claim,
    opening: needsOpening ? decideOpening(context, parameters, now) : "none",
    topUp: funding === undefined ? "none" : decideTopUp(context, parameters, { funding, now }),
    extension: needsOpening ? "none" : decideExtension(context, parameters, claim),
  };
  requireServed(context, state, claim, terms);
  state.take(claim);
  if (entry.opening !== "none" || entry.topUp !== "none") account.opening = claim;
  const amount = amountToSign(entry);
  if (amount > 0n) account.signing = amount;
  return entry;
}

/** What an entry has to sign to be locked, token base units. */
function amountToSign({ opening, topUp }: Entry): bigint {
  if (typeof opening === "bigint") return opening;
  return topUp !== "none" && "amount" in topUp ? topUp.amount : 0n;
}

/** Frees what a payment held, and wakes whoever waits. */
export function leave(account: OpenAccount, claim: Claim): void {
  if (account.opening === claim) {
    account.opening = undefined;
    account.signing = 0n;
  }
  account.waiting.wakeAll();
}

/** Whether another payment brings an opening or a top-up, and its answer may still come soon. */
function isAnswerDue({ opening, state }: OpenAccount, now: bigint): boolean {
  if (opening === undefined) return false;
  const pending = state.isOpen
    ? state.locks.pendingTopUp(state.epoch, now)
    : state.locks.pendingOpening(state.epoch, now);
  return pending === undefined || now <= opening.since + PATIENCE;
}

function kindOf(context: PayerContext, { avoidsTabs }: PayerAccount, { payloadTypes }: Offer): Claim["kind"] {
  const kind = context.kinds.find((wanted) => payloadTypes.includes(wanted) && !(wanted === "tab" && avoidsTabs));
  if (kind !== undefined) return kind;
  if (context.transactionSigner !== undefined && payloadTypes.includes("transaction")) return "transaction";
  throw new UnreadableOfferError(`the server takes ${payloadTypes.join(", ")}, and this client signs none of it.`);
}

/** Whether this payer opens escrows, and the server relays openings. */
export function mayOpen({ openings }: PayerContext, { payloadTypes, openMethods }: Offer): boolean {
  return openings !== undefined && payloadTypes.includes("open") && openMethods.length > 0;
}

function decideOpening(context: PayerContext, parameters: EnterParameters, now: bigint): Entry["opening"] {
  const { account, terms } = parameters;
  const { state } = account;
  const { price, offer, token, server } = terms;
  const pending = state.locks.pendingOpening(state.epoch, now);
  if (pending !== undefined && pending.terms.amount >= price) return pending;
  const policy = context.openings?.policy;
  const least = largest(offer.minEscrow, price);
  if (policy === undefined) throw new EscrowNeededError(least, "this client opens no escrows");
  const cap = openingCap(context, parameters, state.locks.lockedBesides(state.epoch));
  return sizeOpening({ policy, request: { token, server, price, least }, cap });
}

/** How to fund a top-up that this payment needs; undefined when it needs none, or none may be brought. */
function neededFunding(
  context: PayerContext,
  { account: { state }, terms: { offer }, mayTopUp }: EnterParameters,
  { kind, price, since }: Claim,
): TokenFundingChoice | undefined {
  const isBarred = !mayTopUp || kind === "transaction" || since < state.avoidsRenewalsUntil;
  return isBarred || !isShort(state.standing, price, since) ? undefined : topUpFunding(context, offer);
}

function decideTopUp(
  context: PayerContext,
  parameters: EnterParameters,
  { funding, now }: { readonly funding: TokenFundingChoice; readonly now: bigint },
): Entry["topUp"] {
  const { account, terms } = parameters;
  const { locks, epoch } = account.state;
  const { price, offer, token, server } = terms;
  const pending = locks.pendingTopUp(epoch, now);
  if (pending !== undefined && pending.authorization.amount >= price) return pending;
  const { locked } = locks;
  const least = largest(offer.minEscrow, price);
  const request = { token, server, price, least, locked };
  const cap = openingCap(context, parameters, locked);
  try {
    return { amount: sizeOpening({ policy: context.openings?.policy ?? {}, request, cap }), funding };
  } catch (error) {
    throw error instanceof EscrowNeededError ? new NoRoomForTopUpError(least, error) : error;
  }
}

function decideExtension(
  context: PayerContext,
  { account: { state }, terms: { offer } }: EnterParameters,
  { kind, since: now }: Claim,
): Entry["extension"] {
  const isBarred = kind === "transaction" || now < state.avoidsRenewalsUntil || !mayExtend(context, offer);
  if (isBarred || !isEnding(state.standing, offer, now)) return "none";
  const { extension, epoch } = state;
  if (extension !== undefined && isUsable(extension, { epoch, now }, offer)) return extension;
  return newUnlockAt(offer, context.openings?.policy ?? {}, now);
}

/** Most that may be locked now beside what the own account locks; undefined when the payer has set no limit. */
function openingCap(context: PayerContext, { account, accounts, terms, spendCap }: EnterParameters, own: bigint) {
  const { maxEscrow, maxTotalEscrow } = context.limitsFor(terms);
  const { token, chainId } = terms;
  const inToken = [...accounts.values()].filter(
    ({ state: { escrow } }) => escrow.token === token && escrow.chainId === chainId,
  );
  const others = sum(inToken.filter((other) => other !== account).map(lockedOf));
  return tightest([
    spendCap,
    maxEscrow === undefined ? undefined : maxEscrow - own,
    maxTotalEscrow === undefined ? undefined : maxTotalEscrow - own - others,
  ]);
}

function lockedOf({ state, signing }: OpenAccount): bigint {
  return state.locks.locked + signing;
}

/** @throws {UnservedLimitError} the server holds more than it may. */
function requireServed(context: PayerContext, state: PayerAccount, { increase }: Claim, terms: PaymentTerms): void {
  const { maxUnserved } = context.limitsFor(terms);
  const { unserved, underWay, served } = state;
  // Unless somebody says how much, requests that run together are no reason to stop: their number is the application's.
  const held = maxUnserved === undefined ? unserved - underWay : unserved + increase;
  const limit = maxUnserved ?? UNSERVED_PRICES * terms.price + served / SERVED_SHARE;
  if (held > limit) throw new UnservedLimitError(held, limit);
}
