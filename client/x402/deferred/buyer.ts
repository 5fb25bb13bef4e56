import type { Hex } from "viem";
import { largest } from "../../core/amounts.ts";
import { signSignerAuthorization, signVoucher, type SignedVoucher, type Voucher } from "../../voucher/index.ts";
import { untilDone } from "../core/once.ts";
import { createWaitingRoom } from "../core/waitingRoom.ts";
import { openBuyerAccount, type LaneClaim, type Outcome } from "./buyerAccount.ts";
import { createBuyerContext, type BuyerContext } from "./buyerContext.ts";
import { signDeposit } from "./buyerDeposits.ts";
import { enter, leave, WAIT_MILLISECONDS, withFacts, type Entry, type OpenAccount } from "./buyerEntry.ts";
import { learnFromRefusal, learnLane } from "./buyerLessons.ts";
import { neededSessionEnd } from "./buyerSession.ts";
import { buyerAccountKey, type BuyerAccountId, type BuyerAccountRecord } from "./buyerStorage.ts";
import type { Buyer, BuyerOptions, PaymentTerms } from "./buyerTypes.ts";
import { decideWithReview, reviewDeposits } from "./depositReview.ts";
import { PriceLimitError } from "./errors.ts";
import { reactionTo } from "./reactions.ts";
import type { Deposit, SignedSignerAuthorization } from "./types.ts";

/** Seconds a signer authorization can be relayed. */
const AUTHORIZATION_SECONDS = 3600n;

interface Payment {
  readonly account: OpenAccount;
  readonly claim: LaneClaim;
  /** What it carries. */
  readonly deposit: Deposit | undefined;
  /** End of the session signer that the payment authorizes, unix seconds. */
  readonly authorizesUntil: bigint | undefined;
}

/**
 * Creates a buyer. What it knows starts with what the storage holds.
 *
 * @param options - {@link BuyerOptions}; limits in token base units.
 * @returns The buyer, for whoever speaks another transport than {@link DeferredEvmScheme}.
 * @throws {DeferredConfigurationError} no escrow is trusted, no key signs vouchers, or the session signer is the buyer.
 *
 * @example
 * const buyer = createBuyer({ buyer: account, escrows: [escrow], limits: { maxDeposit: 1_000_000n } });
 */
export function createBuyer(options: BuyerOptions): Buyer {
  const { storage } = options;
  const context = createBuyerContext(options);
  const { address } = context;
  const accounts = new Map<string, OpenAccount>();
  const payments = new Map<Hex, Payment>();

  function open(id: BuyerAccountId, record?: BuyerAccountRecord): OpenAccount {
    const { maxLanes } = context;
    const state = openBuyerAccount(id, record);
    const idle = {
      waiting: createWaitingRoom(WAIT_MILLISECONDS),
      depositing: undefined,
      signing: 0n,
      facts: undefined,
      unneeded: undefined,
    };
    const account: OpenAccount = { state, maxLanes, ...idle };
    accounts.set(buyerAccountKey(id), account);
    return account;
  }

  const load = untilDone(async () => {
    const records = (await storage?.load()) ?? [];
    for (const record of records) if (record.account.buyer === address) open(record.account, record);
  });

  async function accountOf({ chainId, asset, seller, offer: { escrow } }: PaymentTerms): Promise<OpenAccount> {
    await load();
    const id = { chainId, escrow, seller, asset, buyer: address };
    return accounts.get(buyerAccountKey(id)) ?? open(id);
  }

  function sweep(account: OpenAccount, now: bigint): void {
    for (const [key, { account: other, claim }] of payments) {
      if (other !== account || claim.until >= now) continue;
      payments.delete(key);
      if (account.depositing === claim) account.depositing = undefined;
    }
    account.state.sweep(now);
  }

  /** Finds out what became of deposits, all sellers' because one limit is on them all. */
  function review(): Promise<boolean> {
    const now = context.now();
    for (const account of accounts.values()) sweep(account, now);
    const states = [...accounts.values()].map(({ state }) => state);
    return reviewDeposits({ ...context, accounts: states, now });
  }

  /** Ends a payment; undefined when it is not one of ours, or has ended before. */
  function end(key: Hex, outcome: Outcome): Payment | undefined {
    const payment = payments.get(key);
    if (payment === undefined) return undefined;
    payments.delete(key);
    payment.account.state.endClaim(payment.claim, outcome);
    return payment;
  }

  async function keep({ account, claim }: Payment): Promise<void> {
    leave(account, claim);
    try {
      await storage?.save(account.state.toRecord());
    } catch (error) {
      // The answer is in: a full disk must not turn a served request into a failed one.
      context.emit({ kind: "storageFailed", error });
    }
  }

  async function signPayment(account: OpenAccount, entry: Entry, terms: PaymentTerms) {
    const { claim } = entry;
    const deposit = await completeDeposit(context, account, entry, terms);
    const signerAuthorization = await authorizeSession(context, account, terms);
    const signed = await signClaim(context, claim, terms);
    // Before the voucher leaves: what is signed must not be forgotten.
    await storage?.save(account.state.toRecord());
    const authorizesUntil = signerAuthorization?.authorization.validUntil;
    payments.set(signed.signature, { account, claim, deposit, authorizesUntil });
    return {
      ...signed,
      ...(deposit !== undefined && { deposit }),
      ...(signerAuthorization !== undefined && { signerAuthorization }),
    };
  }

  return {
    address,

    async pay(terms, spendCap) {
      context.requireTrusted(terms.offer.escrow);
      const { maxPrice } = context.limitsFor(terms);
      if (maxPrice !== undefined && terms.price > maxPrice) throw new PriceLimitError(terms.price, maxPrice);
      const account = await accountOf(terms);
      const { latest, id } = terms.offer;
      if (latest !== undefined && !account.state.knows(id)) await learnLane(context, account, terms.offer);
      const request = { account, terms, spendCap, accounts, sweep: (now: bigint) => sweep(account, now) };
      const entry = await decideWithReview(() => enter(context, request), review);
      try {
        return await signPayment(account, entry, terms);
      } catch (error) {
        account.state.endClaim(entry.claim, { kind: "refused" });
        leave(account, entry.claim);
        throw error;
      }
    },

    async accepted(key, settlement) {
      const payment = payments.get(key);
      if (payment === undefined) return;
      const { state } = payment.account;
      const { deposit } = payment;
      if (deposit !== undefined && settlement?.isDepositUnused === true) {
        payment.account.unneeded = deposit;
      } else if (deposit !== undefined) {
        state.confirmDeposit(deposit);
        payment.account.facts = undefined;
      }
      if (payment.authorizesUntil !== undefined) state.signerValidUntil = payment.authorizesUntil;
      end(key, { kind: "charged", charged: settlement?.charged });
      await keep(payment);
    },

    async refused(key, code, offer) {
      const payment = end(key, { kind: reactionTo(code) === "lane" ? "stale" : "refused" });
      if (payment === undefined) return false;
      const refused = { ...payment, authorizesSigner: payment.authorizesUntil !== undefined };
      try {
        return await learnFromRefusal(context, refused, code, offer);
      } finally {
        await keep(payment);
      }
    },

    async unanswered(key) {
      const payment = end(key, { kind: "unknown" });
      if (payment !== undefined) await keep(payment);
    },
  };
}

async function completeDeposit(
  { deposits, now, emit }: BuyerContext,
  account: OpenAccount,
  { deposit: wanted }: Entry,
  { offer }: PaymentTerms,
): Promise<Deposit | undefined> {
  const { state } = account;
  if (wanted === "none") return undefined;
  if (wanted === "pending" || deposits === undefined) return state.pendingDeposit;
  const { owner: signer, policy } = deposits;
  const known = withFacts(offer, account);
  const deposit = await signDeposit({ signer, policy, account: state.id, offer: known, amount: wanted, now: now() });
  account.signing = 0n;
  state.pendingDeposit = deposit;
  emit({ kind: "depositSigned", account: state.id, deposit });
  return deposit;
}

/** Authorizes the session signer, unless the seller knows it for long enough. */
async function authorizeSession(
  context: BuyerContext,
  { state }: OpenAccount,
  { offer }: PaymentTerms,
): Promise<SignedSignerAuthorization | undefined> {
  const { address, session } = context;
  const needed = neededSessionEnd(context, state, offer);
  if (session === undefined || needed === undefined) return undefined;
  const now = context.now();
  const { chainId, escrow } = state.id;
  const authorization = {
    buyer: address,
    signer: session.signer,
    validUntil: largest(now + session.validFor, needed),
    expiry: now + AUTHORIZATION_SECONDS,
  };
  return { authorization, signature: await signSignerAuthorization(session.owner, { chainId, escrow, authorization }) };
}

async function signClaim(
  { address, voucherSigner }: BuyerContext,
  claim: LaneClaim,
  { seller, asset, chainId, offer }: PaymentTerms,
): Promise<SignedVoucher> {
  const voucher: Voucher = {
    id: claim.id,
    buyer: address,
    seller,
    valueAggregate: claim.ceiling,
    asset,
    timestamp: claim.timestamp,
    nonce: claim.nonce,
    escrow: offer.escrow,
    chainId,
    expiry: claim.expiry,
  };
  return { voucher, signature: await signVoucher(voucherSigner, voucher) };
}
