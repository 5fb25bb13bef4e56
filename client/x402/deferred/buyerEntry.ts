import type { WaitingRoom } from "../core/waitingRoom.ts";
import { largest } from "../../core/amounts.ts";
import { sum, tightest } from "../core/amounts.ts";
import type { BuyerAccount, LaneClaim } from "./buyerAccount.ts";
import type { BuyerContext } from "./buyerContext.ts";
import { chooseMethod, sizeDeposit, toDepositRequest } from "./buyerDeposits.ts";
import { neededSessionEnd } from "./buyerSession.ts";
import type { PaymentTerms } from "./buyerTypes.ts";
import { DepositNeededError } from "./errors.ts";
import type { AccountDetails, Deposit, Offer } from "./types.ts";

/** Seconds for which an answer is expected when the offer says nothing. */
const DEFAULT_TIMEOUT = 300n;
/** Seconds after which a request no longer waits for the answer about a deposit, but brings a copy of it: one of them is executed. */
const PATIENCE = 20n;
/** Milliseconds after which a waiting request looks again, since an answer may never come. */
export const WAIT_MILLISECONDS = 1000;

/** An account with the requests that are under way in it. */
export interface OpenAccount {
  readonly state: BuyerAccount;
  /** Most lanes to use, as far as the seller has said. */
  maxLanes: number;
  /** Wakes whoever waits for a lane or a deposit. */
  readonly waiting: WaitingRoom;
  /** The latest unanswered payment that carries a deposit; no other does for a while. */
  depositing: LaneClaim | undefined;
  /** Token base units of the deposit that is being signed. */
  signing: bigint;
  /** What the seller last said about the buyer's tokens; forgotten once a deposit has changed it. */
  facts: AccountDetails | undefined;
  /** A deposit that the seller did not execute because the account covered the price without it. */
  unneeded: Deposit | undefined;
}

/** A claimed lane, and what the payment must bring. */
export interface Entry {
  readonly claim: LaneClaim;
  /** `none`, `pending` to send an unanswered deposit again, or how much to deposit, token base units. */
  readonly deposit: "none" | "pending" | bigint;
}

/** What an entry asks. */
export interface EnterParameters {
  readonly account: OpenAccount;
  readonly terms: PaymentTerms;
  /** Most that may leave the wallet by this payment, token base units. */
  readonly spendCap: bigint | undefined;
  /** All accounts of the buyer, for the limit on all of them; gone through again after each wait. */
  readonly accounts: ReadonlyMap<string, OpenAccount>;
  /** Ends what is overdue in the account. */
  readonly sweep: (now: bigint) => void;
}

/**
 * Claims a lane and decides on a deposit, in one step: nothing happens in between that could make the decision wrong. Waits while another
 * payment brings the deposit that this one needs, or no lane is idle.
 *
 * @throws {DepositNeededError} the account does not cover the price and nothing may be deposited.
 */
export async function enter(context: BuyerContext, parameters: EnterParameters): Promise<Entry> {
  const { account, terms, sweep } = parameters;
  const lifetime = context.lifetimeFor(terms);
  for (;;) {
    const now = context.now();
    sweep(now);
    const shortfall = shortfallOf(context, account, terms);
    const mayEnter = shortfall === 0n || !isAnswerDue(account, now);
    const deposit = mayEnter ? decideDeposit(context, parameters, shortfall) : "none";
    const claim = mayEnter
      ? account.state.claimLane({
          price: terms.price,
          now,
          until: now + (terms.timeout ?? DEFAULT_TIMEOUT),
          expiry: now + lifetime,
          offeredId: terms.offer.id,
          maxLanes: Math.min(account.maxLanes, terms.offer.maxLanes ?? account.maxLanes),
        })
      : undefined;
    if (claim === undefined) {
      await account.waiting.wait();
      continue;
    }
    if (deposit !== "none") account.depositing = claim;
    if (typeof deposit === "bigint") account.signing = deposit;
    return { claim, deposit };
  }
}

/** Whether another payment brings a deposit, and its answer may still come soon. */
function isAnswerDue({ depositing, state }: OpenAccount, now: bigint): boolean {
  if (depositing === undefined) return false;
  return state.pendingDeposit === undefined || now <= depositing.timestamp + PATIENCE;
}

/** Frees what a payment held, but not its lane, and wakes whoever waits. */
export function leave(account: OpenAccount, claim: LaneClaim): void {
  if (account.depositing === claim) {
    account.depositing = undefined;
    account.signing = 0n;
  }
  account.waiting.wakeAll();
}

/** What the account lacks. One of which nothing is known counts as empty when it was never used, and as covered otherwise. */
function shortfallOf(context: BuyerContext, account: OpenAccount, { price, offer }: PaymentTerms): bigint {
  const { state } = account;
  if (offer.account !== undefined) account.facts = offer.account;
  const isFirst = state.spendable === undefined && !state.isUsed;
  if (isFirst && offer.account !== undefined) state.setAvailable(offer.account.balance);
  const { spendable } = state;
  // A deposit that was not answered goes again with the next payment: only then does anybody know whether it was executed.
  const isUnanswered = state.pendingDeposit !== undefined && state.pendingDeposit !== account.unneeded;
  const mayBeEmpty = isFirst ? context.deposits !== undefined : isUnanswered;
  if (spendable === undefined) return mayBeEmpty ? price : 0n;
  const needed = largest(price, leastForSession(context, account, offer));
  return spendable >= needed ? 0n : needed - spendable;
}

/** A session signer is authorized only for an account that holds the least deposit. */
function leastForSession(context: BuyerContext, { state }: OpenAccount, offer: Offer): bigint {
  const isAuthorizing = context.deposits !== undefined && neededSessionEnd(context, state, offer) !== undefined;
  return isAuthorizing ? (offer.deposit?.minimum ?? 0n) : 0n;
}

function decideDeposit(context: BuyerContext, parameters: EnterParameters, shortfall: bigint): Entry["deposit"] {
  if (shortfall === 0n) return "none";
  const { account, terms } = parameters;
  if (account.state.pendingDeposit !== undefined) return "pending";
  if (context.deposits === undefined) throw new DepositNeededError(shortfall, "this client makes no deposits");
  const { price, offer } = terms;
  const { policy } = context.deposits;
  const request = toDepositRequest(account.state.id, { price, shortfall, terms: offer.deposit });
  const amount = sizeDeposit({ policy, request, cap: depositCap(context, parameters) });
  const known = withFacts(offer, account);
  // A payment without a deposit is refused, and the refusal tells the facts that the deposit needs.
  const isBlind = known.account === undefined && chooseMethod(known, policy, amount) === undefined;
  return isBlind ? "none" : amount;
}

/** An offer with what the seller has said before about the buyer's tokens. */
export function withFacts(offer: Offer, { facts }: OpenAccount): Offer {
  return facts === undefined || offer.account !== undefined ? offer : { ...offer, account: facts };
}

/** Most that may be deposited now; undefined when the buyer has set no limit. */
function depositCap(context: BuyerContext, parameters: EnterParameters): bigint | undefined {
  const { account, accounts, terms, spendCap } = parameters;
  const { maxDeposit, maxExposure, maxTotalExposure } = context.limitsFor(terms);
  const total = sum(
    [...accounts.values()]
      .filter(({ state }) => state.id.asset === terms.asset && state.id.chainId === terms.chainId)
      .map(exposureOf),
  );
  return tightest([
    spendCap,
    maxDeposit,
    maxExposure === undefined ? undefined : maxExposure - exposureOf(account),
    maxTotalExposure === undefined ? undefined : maxTotalExposure - total,
  ]);
}

function exposureOf({ state, signing }: OpenAccount): bigint {
  return state.exposure + signing;
}
