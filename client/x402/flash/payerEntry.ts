import { largest } from "../../core/amounts.ts";
import { sum, tightest } from "../core/amounts.ts";
import { EscrowNeededError, UnreadableOfferError, UnservedLimitError } from "./payerErrors.ts";
import type { Claim, PayerAccount } from "./payerAccount.ts";
import type { PayerContext } from "./payerContext.ts";
import { sizeOpening } from "./payerOpenings.ts";
import type { PaymentTerms } from "./payerTypes.ts";
import type { Offer, Opening } from "./types.ts";

/** Seconds for which an answer is expected when the offer says nothing. */
const DEFAULT_TIMEOUT = 300n;
/** Seconds after which a request no longer waits for the answer about an opening, but brings a copy of it: one of them is executed. */
const PATIENCE = 20n;
/** Milliseconds after which a waiting request looks again, since an answer may never come. */
const WAIT_MILLISECONDS = 500;

/** An account with the requests that are under way in it. */
export interface OpenAccount {
  readonly state: PayerAccount;
  /** Wakes whoever waits for the escrow. */
  readonly waiting: Set<() => void>;
  /** The latest unanswered payment that carries an opening; no other does for a while. */
  opening: Claim | undefined;
  /** Token base units of the opening that is being signed. */
  signing: bigint;
  /** The chain is or was asked where this account stands. */
  reading: Promise<void> | undefined;
}

/** A claim, and the opening that the payment must bring. */
export interface Entry {
  readonly claim: Claim;
  /** `none`, one to send again, or how much to lock, token base units. */
  readonly opening: "none" | Opening | bigint;
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
}

/**
 * Claims what to pay with and decides on an opening, in one step: nothing happens in between that could make the decision wrong. Waits while
 * another payment brings the opening that this one needs.
 *
 * @throws {EscrowNeededError} there is no escrow, and none may be opened.
 * @throws {UnservedLimitError} the server holds too much that it did not serve.
 * @throws {UnreadableOfferError} the server takes no payment that this payer can sign.
 */
export async function enter(context: PayerContext, parameters: EnterParameters): Promise<Entry> {
  const { account, terms, sweep } = parameters;
  const { state } = account;
  for (;;) {
    const since = context.now();
    sweep(since);
    const kind = kindOf(context, state, terms.offer);
    const needsOpening = !state.isOpen && kind !== "transaction" && mayOpen(context, terms.offer);
    if (needsOpening && isAnswerDue(account, since)) {
      await changeOf(account);
      continue;
    }
    const opening = needsOpening ? decideOpening(context, parameters, since) : "none";
    const { lane: suggestedLane, nonceBase: suggestedNonce } = terms.offer;
    const until = since + (terms.timeout ?? DEFAULT_TIMEOUT);
    const claim = state.plan({ kind, price: terms.price, since, until, suggestedLane, suggestedNonce });
    requireServed(context, state, claim, terms);
    state.take(claim);
    if (opening !== "none") account.opening = claim;
    if (typeof opening === "bigint") account.signing = opening;
    return { claim, opening };
  }
}

/** Frees what a payment held, and wakes whoever waits. */
export function leave(account: OpenAccount, claim: Claim): void {
  if (account.opening === claim) {
    account.opening = undefined;
    account.signing = 0n;
  }
  for (const wake of [...account.waiting]) wake();
}

/** Whether another payment brings an opening, and its answer may still come soon. */
function isAnswerDue({ opening, state }: OpenAccount, now: bigint): boolean {
  if (opening === undefined) return false;
  return state.pendingOpening(now) === undefined || now <= opening.since + PATIENCE;
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
  const pending = state.pendingOpening(now);
  if (pending !== undefined && pending.terms.amount >= price) return pending;
  const policy = context.openings?.policy;
  const least = largest(offer.minEscrow, price);
  if (policy === undefined) throw new EscrowNeededError(least, "this client opens no escrows");
  return sizeOpening({ policy, request: { token, server, price, least }, cap: openingCap(context, parameters) });
}

/** Most that may be locked now; undefined when the payer has set no limit. */
function openingCap(context: PayerContext, { account, accounts, terms, spendCap }: EnterParameters) {
  const { maxEscrow, maxTotalEscrow } = context.limitsFor(terms);
  const { token, chainId } = terms;
  const inToken = [...accounts.values()].filter(
    ({ state: { escrow } }) => escrow.token === token && escrow.chainId === chainId,
  );
  const own = account.state.lockedElsewhere;
  const others = sum(inToken.filter((other) => other !== account).map(lockedOf));
  return tightest([
    spendCap,
    maxEscrow === undefined ? undefined : maxEscrow - own,
    maxTotalEscrow === undefined ? undefined : maxTotalEscrow - own - others,
  ]);
}

function lockedOf({ state, signing }: OpenAccount): bigint {
  return state.locked + signing;
}

function requireServed(context: PayerContext, { unserved }: PayerAccount, { increase }: Claim, terms: PaymentTerms) {
  const { maxUnserved } = context.limitsFor(terms);
  const held = unserved + increase;
  if (maxUnserved !== undefined && held > maxUnserved) throw new UnservedLimitError(held, maxUnserved);
}

/** Resolves at the next answer of the account, or after a while. */
function changeOf({ waiting }: OpenAccount): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, WAIT_MILLISECONDS);
    waiting.add(wake);
  });
}
