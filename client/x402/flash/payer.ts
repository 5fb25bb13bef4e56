import { signNumberedPayment, signPayment, signTab } from "../../flash/sign.ts";
import type { FlashEscrowId } from "../../seller/flash/types.ts";
import { untilDone } from "../core/once.ts";
import { createWaitingRoom } from "../core/waitingRoom.ts";
import { openPayerAccount, type Claim, type Outcome } from "./payerAccount.ts";
import { decideWithReview, readAllowance, reviewLocks, startFromChain } from "./payerChain.ts";
import { createPayerContext, type PayerContext } from "./payerContext.ts";
import { enter, leave, WAIT_MILLISECONDS, type EnterParameters, type Entry, type OpenAccount } from "./payerEntry.ts";
import { EscrowNeededError, NoRoomForTopUpError, PriceLimitError, UnreadableOfferError } from "./payerErrors.ts";
import { learnFromAnswer, learnFromRefusal, outcomeOf } from "./payerLessons.ts";
import { signOpening } from "./payerOpenings.ts";
import { signExtension, signRenewingTopUp } from "./payerRenewals.ts";
import { payerKey, type PayerRecord } from "./payerStorage.ts";
import type { Payer, PayerOptions, PaymentKey, PaymentTerms } from "./payerTypes.ts";
import type { FlashPayload, Opening, Renewal, SignedItem, TransactionItem } from "./types.ts";

interface Payment {
  readonly account: OpenAccount;
  readonly claim: Claim;
  /** What it carries. */
  readonly opening: Opening | undefined;
  readonly renewal: Renewal | undefined;
  readonly isResent: boolean;
}

/**
 * Creates a payer. What it knows starts with what the storage holds.
 *
 * @param options - {@link PayerOptions}; limits in token base units.
 * @returns The payer, for whoever speaks another transport than {@link FlashEvmScheme}.
 * @throws {FlashConfigurationError} no contract is trusted, or no key signs payments.
 *
 * @example
 * const payer = createPayer({ client: account, settlements: [settlement], limits: { maxEscrow: 1_000_000n } });
 */
export function createPayer(options: PayerOptions): Payer {
  const { storage } = options;
  const context = createPayerContext(options);
  const { address } = context;
  const accounts = new Map<string, OpenAccount>();
  /** By name, the oldest first: payments of one name are interchangeable. */
  const payments = new Map<PaymentKey, readonly Payment[]>();

  function open(escrow: FlashEscrowId, record?: PayerRecord): OpenAccount {
    const state = openPayerAccount(escrow, record);
    const account = {
      state,
      waiting: createWaitingRoom(WAIT_MILLISECONDS),
      opening: undefined,
      signing: 0n,
      reading: undefined,
    };
    accounts.set(payerKey(escrow), account);
    return account;
  }

  const load = untilDone(async () => {
    const records = (await storage?.load()) ?? [];
    for (const record of records) if (record.escrow.client === address) open(record.escrow, record);
  });

  async function accountOf({ chainId, token, server, offer: { settlement } }: PaymentTerms): Promise<OpenAccount> {
    await load();
    const escrow = { chainId, settlement, client: address, server, token };
    const account = accounts.get(payerKey(escrow)) ?? open(escrow);
    account.reading ??= startFromChain(context, account.state);
    await account.reading;
    return account;
  }

  function put(key: PaymentKey, payment: Payment): void {
    payments.set(key, [...(payments.get(key) ?? []), payment]);
  }

  function drop(key: PaymentKey, payment: Payment): void {
    const left = (payments.get(key) ?? []).filter((other) => other !== payment);
    if (left.length === 0) payments.delete(key);
    else payments.set(key, left);
  }

  /** Ends what is overdue: its amount counts as spent. */
  function sweep(account: OpenAccount, now: bigint): void {
    for (const [key, named] of payments) {
      for (const payment of named) {
        if (payment.account !== account || payment.claim.until >= now) continue;
        drop(key, payment);
        account.state.endClaim(payment.claim, { kind: "unknown" });
        leave(account, payment.claim);
      }
    }
  }

  /** Ends a payment; undefined when it is not one of ours, or has ended before. */
  function end(key: PaymentKey, outcome: (claim: Claim) => Outcome): Payment | undefined {
    const payment = payments.get(key)?.[0];
    if (payment === undefined) return undefined;
    drop(key, payment);
    payment.account.state.endClaim(payment.claim, outcome(payment.claim));
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

  async function decide(request: EnterParameters): Promise<Entry> {
    const review = () =>
      reviewLocks(
        context,
        [...accounts.values()].map(({ state }) => state),
      );
    try {
      return await decideWithReview(() => enter(context, request), review);
    } catch (error) {
      if (!(error instanceof NoRoomForTopUpError)) throw error;
      // The server may have settled something by now.
      return enter(context, { ...request, mayTopUp: false });
    }
  }

  async function signRequest(account: OpenAccount, entry: Entry, terms: PaymentTerms) {
    const { claim } = entry;
    const { state } = account;
    const opening = await completeOpening(context, account, entry, terms);
    const renewal = await completeRenewal(context, account, entry);
    const item = await signItem(context, state.escrow, claim);
    // Before the signature leaves: what is signed must not be forgotten.
    await storage?.save(state.toRecord());
    const payload = toPayload(item, opening, renewal);
    const key = paymentKey(item.kind === "transaction" ? item.rawTransaction : item.signature, terms.price);
    const isResent = claim.increase === 0n && !isSomethingNew(entry);
    put(key, { account, claim, opening, renewal, isResent });
    return { key, payload };
  }

  return {
    address,

    async pay(terms, spendCap) {
      context.requireTrusted(terms.offer.settlement);
      const { maxPrice } = context.limitsFor(terms);
      if (maxPrice !== undefined && terms.price > maxPrice) throw new PriceLimitError(terms.price, maxPrice);
      const account = await accountOf(terms);
      const entry = await decide({
        account,
        terms,
        spendCap,
        accounts,
        sweep: (now) => sweep(account, now),
        mayTopUp: true,
      });
      try {
        return await signRequest(account, entry, terms);
      } catch (error) {
        account.state.undo(entry.claim);
        leave(account, entry.claim);
        throw error;
      }
    },

    isResent: (key) => payments.get(key)?.at(-1)?.isResent ?? false,

    async accepted(key, settlement) {
      const payment = end(key, () => ({ kind: "served", lane: settlement?.lane }));
      if (payment === undefined) return;
      await learnFromAnswer(context, payment, settlement);
      await keep(payment);
    },

    async refused(key, code, offer) {
      const payment = end(key, (claim) => outcomeOf(code, claim));
      if (payment === undefined) return false;
      try {
        return await learnFromRefusal(context, payment, code, offer);
      } finally {
        await keep(payment);
      }
    },

    async unanswered(key) {
      const payment = end(key, () => ({ kind: "unknown" }));
      if (payment !== undefined) await keep(payment);
    },
  };
}

/** Names a payment of a price by its signature, or by the raw transaction. */
export function paymentKey(signature: unknown, price: bigint | string): PaymentKey {
  return `${String(signature)} ${price}`;
}

async function completeOpening(
  context: PayerContext,
  account: OpenAccount,
  { opening: wanted, claim: { epoch } }: Entry,
  { offer }: PaymentTerms,
): Promise<Opening | undefined> {
  if (wanted === "none") return undefined;
  if (typeof wanted !== "bigint") return wanted;
  const { openings, itemSigner } = context;
  if (openings === undefined || itemSigner === undefined) throw new EscrowNeededError(wanted, "no key signs openings");
  const { owner, policy } = openings;
  const { escrow } = account.state;
  const facts = await readAllowance(context, escrow);
  const { address: signer } = itemSigner;
  const now = context.now();
  const opening = await signOpening({ owner, escrow, epoch, signer, offer, policy, amount: wanted, facts, now });
  account.signing = 0n;
  account.state.locks.addOpening(opening);
  context.emit({ kind: "openingSigned", escrow, opening });
  return opening;
}

async function completeRenewal(
  context: PayerContext,
  account: OpenAccount,
  { topUp: wantedTopUp, extension: wantedExtension, claim: { epoch } }: Entry,
): Promise<Renewal | undefined> {
  const { openings } = context;
  if (openings === undefined || (wantedTopUp === "none" && wantedExtension === "none")) return undefined;
  const { state } = account;
  const { escrow, locks } = state;
  const parameters = { ...openings, escrow, epoch, now: context.now() };
  let topUp = wantedTopUp;
  if (topUp !== "none" && "amount" in topUp) {
    topUp = await signRenewingTopUp(parameters, topUp);
    account.signing = 0n;
    locks.addTopUp(topUp);
    context.emit({ kind: "topUpSigned", escrow, topUp });
  }
  let extension = wantedExtension;
  if (typeof extension === "bigint") {
    extension = await signExtension(parameters, extension);
    state.extension = extension;
    context.emit({ kind: "extensionSigned", escrow, extension });
  }
  return { ...(topUp !== "none" && { topUp }), ...(extension !== "none" && { extension }) };
}

/** Whether something was signed for this request that no server has seen. */
function isSomethingNew({ opening, topUp, extension }: Entry): boolean {
  const isNewTopUp = topUp !== "none" && "amount" in topUp;
  return typeof opening === "bigint" || isNewTopUp || typeof extension === "bigint";
}

async function signItem(
  context: PayerContext,
  { chainId, settlement, client, server, token }: FlashEscrowId,
  { kind, number, amount, epoch }: Claim,
): Promise<SignedItem | TransactionItem> {
  const { itemSigner, transactionSigner, transactionTerms } = context;
  const reference = { chainId, settlement } as const;
  // Valid for the epoch: a deadline would only give the server less time to settle.
  const common = { client, deadline: 0n, epoch } as const;
  if (kind === "transaction" && transactionSigner !== undefined) {
    const payment = { server, token, amount, nonce: number, deadline: 0n, epoch };
    const transaction = await transactionTerms({ ...reference, client, server, token });
    return {
      kind,
      rawTransaction: await signNumberedPayment(transactionSigner, { ...reference, payment, transaction }),
    };
  }
  if (kind === "payment" && itemSigner !== undefined) {
    const payment = { ...common, server, token, amount, nonce: number };
    const signature = await signPayment(itemSigner, { ...reference, payment });
    return { kind, ...common, amount, nonce: number, signature };
  }
  if (kind === "tab" && itemSigner !== undefined) {
    const tab = { ...common, server, token, total: amount, lane: number };
    const signature = await signTab(itemSigner, { ...reference, tab });
    return { kind, ...common, total: amount, lane: number, signature };
  }
  throw new UnreadableOfferError(`no key of this client signs a ${kind}.`);
}

function toPayload(
  item: SignedItem | TransactionItem,
  opening: Opening | undefined,
  renewal: Renewal | undefined,
): FlashPayload {
  if (item.kind === "transaction") return { type: "transaction", item };
  if (opening !== undefined) return { type: "open", opening, item };
  return { type: item.kind, item, ...(renewal !== undefined && { renewal }) };
}
