import type { Address, Hex } from "viem";
import type { TypedDataSigner } from "../../core/signer.ts";
import type { DepositPolicy } from "./buyerDeposits.ts";
import type { BuyerAccountId, BuyerStorage } from "./buyerStorage.ts";
import type { DeferredPayload, Deposit, Offer, Settlement } from "./types.ts";

/** Limits of a buyer, token base units. Absent means no limit of its own; the SDK's spend controls still hold. */
export interface BuyerLimits {
  /** Most one request may cost. */
  readonly maxPrice?: bigint;
  /** Most one deposit may be. */
  readonly maxDeposit?: bigint;
  /** Most that one seller may hold of this client's deposits, not yet charged. A deposit that it denies counts too, see {@link BuyerOptions.wasDepositUsed}. */
  readonly maxExposure?: bigint;
  /** Most that all sellers together may hold of them in one asset. */
  readonly maxTotalExposure?: bigint;
}

/** What a buyer tells the application, for logs and tests. */
export type BuyerEvent =
  | { readonly kind: "depositSigned"; readonly account: BuyerAccountId; readonly deposit: Deposit }
  /** The seller showed what this client had not known, within what it had signed; the lane goes on from there. */
  | { readonly kind: "corrected"; readonly account: BuyerAccountId; readonly id: Hex; readonly charged: bigint }
  /** The seller showed a voucher that is not ours, or claimed more than was signed. Nothing was adopted. */
  | {
      readonly kind: "correctionRefused";
      readonly account: BuyerAccountId;
      /** Lane, 32 bytes. */
      readonly id: Hex;
      /** The voucher is signed by somebody else, or the total is above what was signed. */
      readonly reason: "notOurs" | "aboveSigned";
    }
  /** What an answer taught could not be kept; it is in memory. */
  | { readonly kind: "storageFailed"; readonly error: unknown }
  /** `wasDepositUsed` failed; the deposit goes on counting against the limits. */
  | { readonly kind: "depositCheckFailed"; readonly error: unknown };

/** Whoever pays, and how. */
export interface BuyerOptions {
  /** The buyer. Without `signTypedData` it can neither deposit nor authorize a session signer. */
  readonly buyer: { readonly address: Address } & Partial<TypedDataSigner>;
  /** Key that signs vouchers instead of the buyer. */
  readonly session?: {
    /** The key. */
    readonly signer: { readonly address: Address } & TypedDataSigner;
    /** Seconds it is authorized for with the first payment, 30 days by default; `false` when it was authorized before, on-chain. */
    readonly validFor?: bigint | false;
    /** Earlier session signers, whose vouchers are still ours. */
    readonly formerSigners?: readonly Address[];
  };
  /**
   * Escrows to pay through, on every chain that is paid on; at least one. A 402 can name any contract as its escrow, and whoever receives
   * a deposit decides what becomes of it, so nothing is signed for another one.
   *
   * Whatever a 402 says, what is signed for a payment moves tokens into the account of its `payTo` in one of these escrows, or out of it
   * by their rules, and nowhere else. What it says about the rest is bounded by limits alone:
   *
   * - Who is paid, how much, in which asset and on which chain: `limits` and the SDK's spend controls. A plain object of limits counts
   *   base units of any asset; give a function where they differ in worth.
   * - How much is deposited, and how often: `limits` and {@link DepositPolicy.amount}. The seller cannot take more of it than vouchers
   *   promise, but what is not spent is back a thawing period after the buyer asks for it.
   * - How long vouchers and a session signer last: `maxVoucherLifetime` and `session.validFor`.
   * - Name and version of the asset, nonces, balances: a lie makes a signature useless or a payment fail.
   */
  readonly escrows: readonly Address[];
  /** How to deposit; `false` never deposits. */
  readonly deposit?: DepositPolicy | false;
  /** One object for every asset, or one for each. */
  readonly limits?: BuyerLimits | ((asset: Address, chainId: bigint) => BuyerLimits);
  /** Seconds a voucher can be collected; a week by default, more when the seller demands it. */
  readonly voucherLifetime?: bigint;
  /** Most seconds a seller may demand, 90 days by default. */
  readonly maxVoucherLifetime?: bigint;
  /** Most lanes to use at one seller, 32 by default; further requests wait. */
  readonly maxLanes?: number;
  /**
   * Says whether a deposit was executed that has expired and that the seller denied or never answered: {@link createDepositCheck} asks the
   * chain. The seller could have executed it all the same, so it counts against the limits on exposure for good until this says `false`.
   * Asked when those limits leave no room; `undefined` means that nobody can say yet.
   */
  readonly wasDepositUsed?: (deposit: Deposit, account: BuyerAccountId) => Promise<boolean | undefined>;
  /** Where to keep what is known over a restart; nowhere by default. */
  readonly storage?: BuyerStorage;
  /** Told what happens, for logs and alarms. */
  readonly onEvent?: (event: BuyerEvent) => void;
  /** Unix seconds; the system's by default. */
  readonly now?: () => bigint;
}

/** An offer of a 402, with the terms around it. */
export interface PaymentTerms {
  /** Chain that is paid on. */
  readonly chainId: bigint;
  /** Who is paid. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly price: bigint;
  /** Seconds the seller may take to answer. */
  readonly timeout?: bigint;
  readonly offer: Offer;
}

/** Pays by vouchers and keeps track of them. A payment is named by its voucher's signature. */
export interface Buyer {
  /** Lower case. */
  readonly address: Address;
  /**
   * Signs a payment, with a deposit when the account needs one. Waits while another payment brings that deposit, or all lanes are in use.
   *
   * @param spendCap - Most that may leave the wallet by this payment, token base units; undefined without a cap.
   * @throws {UntrustedEscrowError} the offer names an escrow that the buyer does not trust.
   * @throws {PriceLimitError} the price is above the limit.
   * @throws {DepositNeededError} the account does not cover the price and nothing may be deposited.
   * @throws {VoucherLifetimeError} the seller demands vouchers that last too long.
   */
  pay(terms: PaymentTerms, spendCap?: bigint): Promise<DeferredPayload>;
  /** The seller answered with a settlement; undefined when its details could not be read. */
  accepted(payment: Hex, settlement: Settlement | undefined): Promise<void>;
  /**
   * The seller refused with a new 402.
   *
   * @param offer - The new offer of the same terms; undefined when there is none.
   * @returns Whether another payment may succeed.
   */
  refused(payment: Hex, code: string, offer?: Offer): Promise<boolean>;
  /** No answer came, or one that does not say whether the payment was charged. */
  unanswered(payment: Hex): Promise<void>;
}
