import type { Address } from "viem";
import type { TypedDataSigner } from "../../core/signer.ts";
import type { NumberedPaymentTransaction, SignedTopUp, TransactionSigner } from "../../flash/sign.ts";
import type { FlashEscrowId } from "../../seller/flash/types.ts";
import type { EscrowReader } from "./escrowReader.ts";
import type { OpeningPolicy } from "./payerOpenings.ts";
import type { PayerStorage } from "./payerStorage.ts";
import type { FlashPayload, Offer, Opening, Settlement, SignedExtension } from "./types.ts";

/** Limits of a payer, token base units. Absent means no limit of its own, unless a default is named; the SDK's spend controls still hold. */
export interface PayerLimits {
  /** Most one request may cost. */
  readonly maxPrice?: bigint;
  /** Most that escrows of one server may lock. A signed opening or top-up counts until the chain says that it is over. */
  readonly maxEscrow?: bigint;
  /** Most that the escrows of all servers in one token may lock together. */
  readonly maxTotalEscrow?: bigint;
  /**
   * Most that one server may hold of payments that are on their way or were not served: it can settle what was signed. By default those on
   * their way do not count, and the others may be 8 prices of the request and a tenth of what the server has served in the epoch.
   */
  readonly maxUnserved?: bigint;
}

/** What a payer tells the application, for logs and tests. */
export type PayerEvent =
  | { readonly kind: "openingSigned"; readonly escrow: FlashEscrowId; readonly opening: Opening }
  | { readonly kind: "topUpSigned"; readonly escrow: FlashEscrowId; readonly topUp: SignedTopUp }
  | { readonly kind: "extensionSigned"; readonly escrow: FlashEscrowId; readonly extension: SignedExtension }
  /** The server, or the chain, showed what this payer had not known; it goes on from there. */
  | {
      readonly kind: "corrected";
      readonly escrow: FlashEscrowId;
      /** What the server corrected. */
      readonly what: "epoch" | "nonce" | "lane";
      /** What it says. */
      readonly value: bigint;
    }
  /** The server claimed what this payer did not sign, or what the chain denies. Nothing was adopted. */
  | {
      readonly kind: "correctionRefused";
      readonly escrow: FlashEscrowId;
      /** What the server corrected. */
      readonly what: "epoch" | "nonce" | "lane";
      /** What it says. */
      readonly value: bigint;
    }
  /** What an answer taught could not be kept; it is in memory. */
  | { readonly kind: "storageFailed"; readonly error: unknown }
  /** The chain did not answer; what it was asked counts as unknown. */
  | { readonly kind: "chainFailed"; readonly error: unknown };

/** How a transaction that pays would be mined; the server can settle it even if it never is. */
export type TransactionTerms = Pick<
  NumberedPaymentTransaction,
  "nonce" | "gas" | "maxFeePerGas" | "maxPriorityFeePerGas"
>;

/** Whoever pays, and how. */
export interface PayerOptions {
  /**
   * The payer: its wallet is pulled from first. Without `signTypedData` it can open no escrow; `signTransaction` is for payments by
   * signed transactions.
   */
  readonly client: { readonly address: Address } & Partial<TypedDataSigner> & Partial<TransactionSigner>;
  /** Key that signs payments instead of the client; openings name it, and it is frozen for their epoch. */
  readonly signer?: { readonly address: Address } & TypedDataSigner;
  /**
   * FlashSettlement contracts to pay through, on every chain that is paid on; at least one. A 402 can name any contract, and whoever holds
   * an escrow or an allowance decides what becomes of it, so nothing is signed for another one.
   *
   * Whatever a 402 says, what is signed moves tokens to its `payTo` through one of these contracts, or locks them there by their rules,
   * and nowhere else. What it says about the rest is bounded by limits alone: `limits` and the SDK's spend controls.
   */
  readonly settlements: readonly Address[];
  /** How to open escrows; `false` opens none. */
  readonly opening?: OpeningPolicy | false;
  /**
   * How to pay, where the server takes it: `tab` (the default) settles cheapest, `payment` promises each request by itself, `transaction`
   * is for wallets that sign no typed data.
   */
  readonly payBy?: "tab" | "payment" | "transaction";
  /** One object for every token, or one for each. */
  readonly limits?: PayerLimits | ((token: Address, chainId: bigint) => PayerLimits);
  /** Asks the chain about escrows and allowances: {@link createEscrowReader}. Without it the server's word is taken within the limits. */
  readonly chain?: EscrowReader;
  /** How a signed transaction would be mined; by default it never is, and the server settles it. */
  readonly transactionTerms?: (escrow: FlashEscrowId) => Promise<TransactionTerms>;
  /** Most milliseconds to wait where a server says to try again, 30,000 by default. */
  readonly maxWait?: number;
  /** Where to keep what is known over a restart; nowhere by default. */
  readonly storage?: PayerStorage;
  /** Told what happens, for logs and alarms. */
  readonly onEvent?: (event: PayerEvent) => void;
  /** Unix seconds; the system's by default. */
  readonly now?: () => bigint;
}

/** An offer of a 402, with the terms around it. */
export interface PaymentTerms {
  /** Chain that is paid on. */
  readonly chainId: bigint;
  /** Who is paid. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Token base units. */
  readonly price: bigint;
  /** Seconds the server may take to answer. */
  readonly timeout?: bigint;
  readonly offer: Offer;
}

/** Names a payment by what was sent. Payments of one name are interchangeable. */
export type PaymentKey = string;

/** A payment to send. */
export interface SignedRequest {
  readonly key: PaymentKey;
  readonly payload: FlashPayload;
}

/** Pays by flash payments and keeps track of them. */
export interface Payer {
  /** Lower case. */
  readonly address: Address;
  /**
   * Signs a payment, with an opening when there is no escrow, a top-up when it is used up and an extension when its term ends. Waits while
   * another payment brings that opening or top-up.
   *
   * @param spendCap - Most that an opening may lock for this payment, token base units; undefined without a cap.
   * @throws {UntrustedSettlementError} the offer names a contract that the payer does not trust.
   * @throws {PriceLimitError} the price is above the limit.
   * @throws {EscrowNeededError} {@link LockLimitError} there is no escrow, and the limits allow none that the server takes.
   * @throws {UnservedLimitError} the server holds too much that it did not serve.
   * @throws {UnreadableOfferError} the server takes no payment that this payer can sign.
   */
  pay(terms: PaymentTerms, spendCap?: bigint): Promise<SignedRequest>;
  /** Whether everything in a payment was sent before: sending it promises nothing new. Asked before its answer. */
  isResent(key: PaymentKey): boolean;
  /** The server served the request; undefined when the details of its answer could not be read. */
  accepted(key: PaymentKey, settlement: Settlement | undefined): Promise<void>;
  /**
   * The server refused with a new 402. Waits where the server says when to try again.
   *
   * @param offer - The new offer of the same terms; undefined when there is none.
   * @returns Whether another attempt may succeed.
   * @throws {FalseLaneError} the offer shows a tab of this payer's lane that it did not sign. Nothing was adopted.
   */
  refused(key: PaymentKey, code: string, offer?: Offer): Promise<boolean>;
  /** No answer came, or one that does not say whether the payment was accepted: its amount counts as spent. */
  unanswered(key: PaymentKey): Promise<void>;
}
