import type { Address, Hex } from "viem";

/**
 * The structs of the canonical escrow and of our operators, field for field.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, contracts/interfaces/ITermsOperator.sol
 * - Every whole number is a `bigint`: amounts in token base units, times in unix seconds, spans in seconds, fees in basis points.
 */

/** What a payment is. The payer's signature commits to all of it. */
export interface PaymentInfo {
  /** Who may authorize, capture, void and refund: one of our operators, or a facilitator's account. */
  readonly operator: Address;
  /** Whose tokens are held. */
  readonly payer: Address;
  /** Who is paid by a capture. */
  readonly receiver: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** The most that may be held or charged, token base units, 120 bits. */
  readonly maxAmount: bigint;
  /** First second at which the payer's signature no longer counts. */
  readonly preApprovalExpiry: bigint;
  /** First second at which nothing can be captured and the rest is the payer's. */
  readonly authorizationExpiry: bigint;
  /** First second at which nothing can be refunded. */
  readonly refundExpiry: bigint;
  /** Least fee, basis points. */
  readonly minFeeBps: bigint;
  /** Greatest fee, basis points. */
  readonly maxFeeBps: bigint;
  /** Who takes the fee; zero lets the operator name anybody. */
  readonly feeReceiver: Address;
  /** Tells payments apart, 256 bits; it can commit to a receiver's authorizer, see `bindSalt`. */
  readonly salt: bigint;
}

/** The rules of an operator. Its address is made of them, so that a payer who signs for the operator signs for the rules. */
export interface Terms {
  /** Whose signature captures, voids and refunds; zero for the receiver of each payment. */
  readonly authorizer: Address;
  /** Who splits a disputed hold; zero for none. */
  readonly arbiter: Address;
  /** Who takes the fee; zero if and only if there is none. */
  readonly feeReceiver: Address;
  /** Fee on captures and charges, basis points, below 10,000. */
  readonly feeBps: bigint;
  /** Seconds before the authorization's expiry from which an undisputed hold may be pushed to the receiver. */
  readonly releaseLead: bigint;
  /** Seconds before the authorization's expiry at which an unruled dispute falls to the receiver; zero: it falls to the payer. */
  readonly ruleLead: bigint;
  /** Least time the payer has to dispute after collection, seconds. */
  readonly disputeWindow: bigint;
  /** Longest hold, from collection to the authorization's expiry, seconds. */
  readonly maxHold: bigint;
  /** Bits of {@link TERMS_FLAGS}. */
  readonly flags: bigint;
  /** Gives a seller several operators with the same rules, 32 bytes. */
  readonly salt: Hex;
}

/** Bits of a terms' `flags`. */
export const TERMS_FLAGS = {
  /** Payments are charged at once; nothing is held. */
  chargeFlow: 1n,
  /** A dispute that nobody rules falls to the receiver instead of the payer. */
  disputeDefaultReceiver: 2n,
} as const;

/** What terms allow: a charge at once, a hold, or a hold whose disputes an arbiter splits. */
export type TermsKind = "charge" | "hold" | "arbitrated";

/** What the escrow keeps of a payment. */
export interface PaymentState {
  /** The payment was collected, which happens once. */
  readonly collected: boolean;
  /** Held: what can be captured or voided, token base units. */
  readonly capturable: bigint;
  /** Captured and not refunded: what can be refunded, token base units. */
  readonly refundable: bigint;
}

/** The amounts an authorizer's signature is bound to, as the chain shows them. Token base units. */
export interface Balances {
  /** Held, token base units. */
  readonly capturable: bigint;
  /** Captured and not refunded, token base units. */
  readonly refundable: bigint;
}

/** A payment, its escrow and the chain. */
export interface PaymentReference {
  /** Chain of the escrow. */
  readonly chainId: number | bigint;
  /** Address of the canonical escrow; it decides the generation. */
  readonly escrow: `0x${string}`;
  readonly paymentInfo: PaymentInfo;
}

/** What a fee is taken by. */
export type FeeTerms = Pick<Terms, "feeBps" | "feeReceiver">;

/** By whom a payment was released: its payer, anybody after the dispute window, or anybody by the dispute's default. */
export const RELEASED_BY = ["Payer", "Due", "DisputeDefault"] as const;

/** A member of {@link RELEASED_BY}. */
export type ReleasedBy = (typeof RELEASED_BY)[number];
