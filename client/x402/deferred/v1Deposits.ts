import type { Address } from "viem";
import { createSerial } from "../../seller/core/serial.ts";
import type { TypedDataSigner } from "../../voucher/index.ts";
import { sum, tightest } from "../core/amounts.ts";
import { openBuyerAccount, type BuyerAccount } from "./buyerAccount.ts";
import { signDeposit, sizeDeposit, toDepositRequest, type DepositPolicy } from "./buyerDeposits.ts";
import { buyerAccountKey } from "./buyerStorage.ts";
import type { BuyerEvent, BuyerLimits, BuyerOptions, PaymentTerms } from "./buyerTypes.ts";
import { decideWithReview, reviewDeposits } from "./depositReview.ts";
import { DepositNeededError } from "./errors.ts";
import type { Deposit } from "./types.ts";

const DAY = 86_400n;
/** The scheme's facilitators refuse deposits that run for less than seven days. */
const DEFAULT_LIFETIME = 8n * DAY;
/** Seconds for which a deposit is on its way when the offer does not say how long an answer takes. */
const DEFAULT_TIMEOUT = 300n;

/** Who deposits, and how. */
export interface DepositsV1Options {
  readonly signer: TypedDataSigner;
  /** Lower case. */
  readonly buyer: Address;
  readonly policy: DepositPolicy | false;
  readonly limits: BuyerLimits;
  readonly wasDepositUsed: BuyerOptions["wasDepositUsed"];
  readonly now: () => bigint;
  readonly emit: (event: BuyerEvent) => void;
}

/**
 * Decides on the deposit of a payment. Undefined when the account covers the price, as far as is known.
 *
 * @throws {DepositNeededError} it does not, and nothing may be deposited.
 */
export type DepositsV1 = (terms: PaymentTerms, spendCap: bigint | undefined) => Promise<Deposit | undefined>;

interface AccountV1 {
  /** Its pending deposit is the latest one, the others count as denied: nobody says what became of them. */
  readonly state: BuyerAccount;
  /** Prices of the payments since the pending deposit was signed, its own included, token base units. */
  promised: bigint;
  /** Unix seconds after which the pending deposit is no longer on its way. */
  until: bigint;
}

/**
 * Makes the deposits of a version 1 client, which learns what a seller says in a 402 and nothing else. While a deposit is on its way,
 * requests of the same account carry it again as far as it goes: one copy is executed, and a seller that has executed it takes the others for
 * what they are. It is on its way until the time for an answer is over.
 */
export function createDepositsV1(options: DepositsV1Options): DepositsV1 {
  const { signer, buyer, policy, limits, wasDepositUsed, now: clock, emit } = options;
  const accounts = new Map<string, AccountV1>();
  // One after the other: a deposit that is being signed counts for the next decision, whoever the seller is.
  const inTurn = createSerial();

  function accountOf({ chainId, seller, asset, offer: { escrow } }: PaymentTerms): AccountV1 {
    const id = { chainId, escrow, seller, asset, buyer };
    const key = buyerAccountKey(id);
    const account = accounts.get(key) ?? { state: openBuyerAccount(id), promised: 0n, until: 0n };
    accounts.set(key, account);
    return account;
  }

  function review(): Promise<boolean> {
    const states = [...accounts.values()].map(({ state }) => state);
    return reviewDeposits({ wasDepositUsed, accounts: states, now: clock(), emit });
  }

  /** Most that may be deposited now; undefined when the buyer has set no limit. */
  function capOf({ id, exposure }: BuyerAccount, spendCap: bigint | undefined): bigint | undefined {
    const { maxDeposit, maxExposure, maxTotalExposure } = limits;
    const states = [...accounts.values()].map(({ state }) => state);
    const inAsset = states.filter((other) => other.id.asset === id.asset && other.id.chainId === id.chainId);
    const total = sum(inAsset.map((other) => other.exposure));
    return tightest([
      spendCap,
      maxDeposit,
      maxExposure === undefined ? undefined : maxExposure - exposure,
      maxTotalExposure === undefined ? undefined : maxTotalExposure - total,
    ]);
  }

  async function deposit(account: AccountV1, terms: PaymentTerms, shortfall: bigint, spendCap: bigint | undefined) {
    if (policy === false) throw new DepositNeededError(shortfall, "this client makes no deposits");
    const { state } = account;
    const { price, offer, timeout = DEFAULT_TIMEOUT } = terms;
    const request = toDepositRequest(state.id, { price, shortfall, terms: offer.deposit });
    const size = () => sizeDeposit({ policy, request, cap: capOf(state, spendCap) });
    const amount = await decideWithReview(size, review);
    const now = clock();
    const lasting = { lifetime: DEFAULT_LIFETIME, ...policy };
    const signed = await signDeposit({ signer, account: state.id, offer, policy: lasting, amount, now });
    state.pendingDeposit = signed;
    account.promised = price;
    account.until = now + timeout;
    emit({ kind: "depositSigned", account: state.id, deposit: signed });
    return signed;
  }

  /** What the account holds. Without a balance in the offer only a first payment counts as uncovered. */
  function balanceOf({ state }: AccountV1, { price, offer }: PaymentTerms): bigint {
    return offer.account?.balance ?? (state.exposure > 0n ? price : 0n);
  }

  async function decide(terms: PaymentTerms, spendCap: bigint | undefined): Promise<Deposit | undefined> {
    const { price } = terms;
    const account = accountOf(terms);
    const { state } = account;
    const now = clock();
    for (const other of accounts.values()) other.state.sweep(now);
    const balance = balanceOf(account, terms);
    if (balance >= price) return undefined;
    const { pendingDeposit } = state;
    const isEnough = account.promised + price <= (pendingDeposit?.authorization.amount ?? 0n);
    if (isEnough && now <= account.until) {
      account.promised += price;
      return pendingDeposit;
    }
    // Used up or lost: whichever it is, it counts against the limits.
    if (pendingDeposit !== undefined) state.dropDeposit(pendingDeposit);
    return deposit(account, terms, price - balance, spendCap);
  }

  return async (terms, spendCap) => {
    const account = accountOf(terms);
    if (balanceOf(account, terms) < terms.price) return inTurn(() => decide(terms, spendCap));
    // Nothing is signed, so a wallet that is busy with another deposit holds up nothing.
    account.promised += terms.price;
    return undefined;
  };
}
