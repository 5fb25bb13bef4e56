import type { Address, Hash, Hex } from "viem";
import type { TokenDomain } from "../../core/funding.ts";
import type { SignedOpening, SignedTopUp } from "../../flash/sign.ts";
import type { ExtendEscrow } from "../../flash/types.ts";
import type { FlashLane, PresentedItem } from "../../seller/flash/types.ts";
import type { Parsed as ParsedOf, WireInteger } from "../core/fields.ts";
import type { FlashCode } from "./codes.ts";
import type { OPEN_METHODS, PAYLOAD_TYPES } from "./constants.ts";

/**
 * The wire of the scheme `flash`, twice: as JSON (`Wire…`), and as the values this library works with.
 *
 * On the wire amounts, nonces and lanes are decimal strings, amounts in token base units. Times, delays and epochs are JSON numbers, as the
 * scheme has them, and decimal strings only where a number would lose digits; both are read everywhere but for amounts. Addresses and
 * 32-byte values are `0x` hex of any case; parsed ones are lower case. Server, token, chain and contract of what is signed are those of the
 * requirements that the payment accepts; they are not repeated.
 */

export type { WireInteger };

/** What a payment may be. */
export type PayloadType = (typeof PAYLOAD_TYPES)[number];

/** How an opening is funded; the payer is always the client. A permit of ERC-2612 goes with the allowance. */
export type OpenMethod = (typeof OPEN_METHODS)[number];

/** How a top-up is funded: its signature acts once, which an allowance would not see to. */
export type TopUpMethod = Exclude<OpenMethod, "allowance">;

/* PAYLOAD */

/** A signed `Payment` on the wire. */
export interface WireNumberedPayment {
  /** Client of the escrow. */
  readonly client: string;
  /** Token base units. */
  readonly amount: string;
  readonly nonce: WireInteger;
  readonly deadline: WireInteger;
  readonly epoch: WireInteger;
}

/** A signed `Tab` on the wire. */
export interface WireTab {
  /** Client of the escrow. */
  readonly client: string;
  /** Cumulative total of the lane, token base units. */
  readonly total: string;
  readonly lane: WireInteger;
  readonly deadline: WireInteger;
  readonly epoch: WireInteger;
}

/** An `OpenEscrow` on the wire. */
export interface WireOpenEscrow {
  /** Client of the escrow. */
  readonly client: string;
  /** Server of the escrow. */
  readonly server: string;
  /** ERC-20 contract. */
  readonly token: string;
  /** Token base units. */
  readonly amount: string;
  readonly ttlSeconds: WireInteger;
  readonly closeDelay: WireInteger;
  /** Key that signs payments and tabs. */
  readonly signer: string;
  readonly epoch: WireInteger;
  readonly deadline: WireInteger;
}

/** An ERC-2612 permit of the client to FlashSettlement, on the wire. It may exceed the opening: what is left is the working allowance. */
export interface WirePermit {
  /** Allowance, token base units. */
  readonly value: string;
  readonly deadline: WireInteger;
  /** The client's. */
  readonly signature: string;
}

/** A `TopUp` on the wire. */
export interface WireTopUp {
  /** Client of the escrow. */
  readonly client: string;
  /** Server of the escrow. */
  readonly server: string;
  /** ERC-20 contract. */
  readonly token: string;
  /** Token base units. */
  readonly amount: string;
  readonly epoch: WireInteger;
  /** Decimal string. */
  readonly salt: string;
  readonly deadline: WireInteger;
}

/** An `ExtendEscrow` on the wire. */
export interface WireExtension {
  /** Client of the escrow. */
  readonly client: string;
  /** Server of the escrow. */
  readonly server: string;
  /** ERC-20 contract. */
  readonly token: string;
  readonly epoch: WireInteger;
  readonly newUnlockAt: WireInteger;
  readonly deadline: WireInteger;
}

/** What a payment brings for an escrow that is open: more tokens, more time, or both. Sent when the payment needs it, and only then. */
export interface WireRenewal {
  readonly topUp?: WireTopUp;
  /** With `topUp`. */
  readonly funding?: { readonly method: TopUpMethod; readonly signature: string };
  readonly extend?: WireExtension;
  /** With `extend`: the client's. */
  readonly extendSignature?: string;
}

/** One payment. */
export interface WirePaymentPayload {
  readonly type: "payment";
  readonly payment: WireNumberedPayment;
  /** The signer's. */
  readonly signature: string;
  /** Ours. */
  readonly renewal?: WireRenewal;
}

/** The next total of a lane. */
export interface WireTabPayload {
  readonly type: "tab";
  readonly tab: WireTab;
  /** The signer's. */
  readonly signature: string;
  /** Ours. */
  readonly renewal?: WireRenewal;
}

/** An escrow to be opened, and the first payment or tab against it: `signature` is the payment's or tab's. */
export interface WireOpenPayload {
  readonly type: "open";
  readonly open: WireOpenEscrow;
  /** The client's, of the opening, when it is funded by the allowance; else `0x`. */
  readonly openSignature: string;
  /** Where the tokens come from, and the signature for it. */
  readonly funding: { readonly method: OpenMethod; readonly signature: string };
  /** With the method `allowance` only. */
  readonly permit?: WirePermit;
  readonly payment?: WireNumberedPayment;
  /** Ours: instead of `payment`. */
  readonly tab?: WireTab;
  /** The client's. */
  readonly signature: string;
}

/** A signed transaction that calls `settleNumberedPayment`, from the type byte on. In x402 v1 the payload may be the bare string. */
export interface WireTransactionPayload {
  readonly type: "transaction";
  /** The signed transaction, from the type byte on. */
  readonly transaction: string;
}

/** What a payment carries: `PaymentPayload.payload`. */
export type WirePayload = WirePaymentPayload | WireTabPayload | WireOpenPayload | WireTransactionPayload;

/** A payment or a tab, as the acceptor takes it. */
export type SignedItem = Extract<PresentedItem, { readonly kind: "payment" | "tab" }>;

/** A signed transaction, as the acceptor takes it. */
export type TransactionItem = Extract<PresentedItem, { readonly kind: "transaction" }>;

/** An ERC-2612 permit of the client to FlashSettlement. */
export interface Permit {
  /** Token base units. */
  readonly value: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
  /** The client's. */
  readonly signature: Hex;
}

/** An opening with everything that executes it; `signOpenEscrow` makes all but the permit. */
export interface Opening extends SignedOpening {
  /** With the method `Allowance` only. */
  readonly permit?: Permit;
}

/** An extension of the lock with the client's signature. */
export interface SignedExtension {
  readonly authorization: ExtendEscrow;
  /** The client's. */
  readonly signature: Hex;
}

/** What a payment brings for an escrow that is open. One of the two at least. */
export interface Renewal {
  readonly topUp?: SignedTopUp;
  readonly extension?: SignedExtension;
}

/** {@link WirePayload}, parsed. */
export type FlashPayload =
  | { readonly type: "payment" | "tab"; readonly item: SignedItem; readonly renewal?: Renewal }
  | { readonly type: "transaction"; readonly item: TransactionItem }
  | { readonly type: "open"; readonly opening: Opening; readonly item: SignedItem };

/* OFFER */

/** A lane on the wire, as a corrective 402 and a settlement have it. */
export interface WireLane {
  /** Lane of tabs. */
  readonly lane: string;
  /** Highest accepted total. */
  readonly authorised: string;
  /** Charged so far. The next tab's total is at least this plus the price. */
  readonly consumed: string;
  /** Settled on-chain. */
  readonly settled: string;
  /** Ours, of a corrective 402: the tab of `authorised` as the client signed it, so that a client that lost it can go on in the lane. */
  readonly tab?: { readonly deadline: WireInteger; readonly signature: string };
}

/**
 * `extra` of an offer with scheme `flash`.
 *
 * The keys of `DYNAMIC_KEYS` change from one 402 to the next, and a payment need not echo them; the others are the same for every request of
 * a route and are echoed. `epoch`, `available` and `lanes` are there only for whoever has proven to hold the escrow's key.
 */
export interface WireOffer {
  /** Address of FlashSettlement. */
  readonly settlementContractAddress: string;
  /** `name` of FlashSettlement's EIP-712 domain. */
  readonly name: string;
  /** `version` of FlashSettlement's EIP-712 domain. */
  readonly version: string;
  readonly payloadTypes: readonly PayloadType[];
  /** Least balance of an escrow. */
  readonly minEscrow: string;
  /** Least `ttlSeconds` of an opening that is not zero. */
  readonly minTtlSeconds: WireInteger;
  readonly minCloseDelay: WireInteger;
  /** Lowest nonce to use. */
  readonly nonceBase: string;
  /** Lane that suits the server. */
  readonly lane: string;
  /** Absent when the server relays no openings. */
  readonly openMethods?: readonly OpenMethod[];
  /** EIP-712 name and version of the token. */
  readonly tokenName?: string;
  /** `version` of the token's EIP-712 domain. */
  readonly tokenVersion?: string;
  /** Who relays openings: an address or a URL. */
  readonly facilitatorOpen?: string;
  /** Ours: true when the server takes the original transaction of three arguments, which it settles before it serves. */
  readonly settleBeforeServe?: boolean;
  /** Epoch of the escrow. */
  readonly epoch?: WireInteger;
  /** What may still be accepted before something is settled. */
  readonly available?: string;
  readonly lanes?: readonly WireLane[];
  /** When to send the same payment again. */
  readonly retryAfterMs?: number;
  /** Transaction of the opening that the payment brought. */
  readonly openTransaction?: string;
}

/** What a corrective 402 tells whoever holds the escrow's key. */
export interface Corrective {
  /** Epoch to pay in. */
  readonly epoch: bigint;
  /** Lowest nonce that is taken. */
  readonly nonceBase: bigint;
  /** Token base units. */
  readonly available: bigint;
  readonly lanes: readonly FlashLane[];
}

/** What is the same for every request of a route. */
export interface ServerTerms {
  /** Address of FlashSettlement. */
  readonly settlement: Address;
  readonly payloadTypes: readonly PayloadType[];
  /** Token base units. */
  readonly minEscrow: bigint;
  /** Seconds. */
  readonly minTtlSeconds: bigint;
  /** Seconds. */
  readonly minCloseDelay: bigint;
  /** Empty when no openings are relayed. */
  readonly openMethods: readonly OpenMethod[];
  readonly tokenDomain?: TokenDomain;
  /** Who relays openings: an address or a URL. */
  readonly facilitatorOpen?: string;
  /** True when the server takes the original transaction of three arguments, which it settles before it serves. */
  readonly isSettledBeforeServed: boolean;
}

/** {@link WireOffer}, parsed. Nothing here is proven. */
export interface Offer extends ServerTerms {
  /** Lowest nonce that is taken. */
  readonly nonceBase: bigint;
  /** Lane that suits the server. */
  readonly lane: bigint;
  /** Present when the server told what it holds of the escrow. */
  readonly corrective?: Corrective;
  /** When to send the same payment again, milliseconds. */
  readonly retryAfterMs?: number;
  /** Transaction of the opening that the payment brought. */
  readonly openTransaction?: Hash;
}

/* SETTLEMENT */

/** `extra` of a settlement answer. */
export interface WireSettlement {
  /** Digest of what was accepted, 32 bytes: names the payment. */
  readonly paymentId: string;
  /** `settled` when the transaction was mined before the request was served. */
  readonly status: "accepted" | "settled";
  /** What the escrow covers after this request. */
  readonly escrow: {
    /** Token base units. */
    readonly balance: string;
    /** Accepted and not settled. */
    readonly pending: string;
    /** What may still be accepted, token base units. */
    readonly available: string;
    /** First second at which nothing is accepted any more without a newer view of the chain. */
    readonly safeUntil: WireInteger;
    readonly epoch: WireInteger;
    /** Ours: first second at which the client can withdraw. */
    readonly unlockAt?: WireInteger;
  };
  /** Of a payment: lowest nonce to use. */
  readonly nextNonceBase?: string;
  /** Of a tab. */
  readonly lane?: WireLane;
  /** Ours, of the first tab of a lane beside others: the one with the highest total, for a client that lost it. */
  readonly otherLane?: WireLane;
}

/** {@link WireSettlement}, parsed. */
export interface Settlement {
  /** Names the payment, 32 bytes. */
  readonly paymentId: Hash;
  /** `settled` when the transaction was mined before the request was served. */
  readonly status: "accepted" | "settled";
  /** What the escrow covers after this request. */
  readonly escrow: {
    /** Token base units. */
    readonly balance: bigint;
    /** Token base units. */
    readonly pending: bigint;
    /** Token base units. */
    readonly available: bigint;
    /** Unix seconds. */
    readonly safeUntil: bigint;
    /** Epoch of the escrow. */
    readonly epoch: bigint;
    /** First second at which the client can withdraw, unix seconds; absent when the server does not say. */
    readonly unlockAt?: bigint;
  };
  /** Lowest nonce that is taken from now on. */
  readonly nextNonceBase?: bigint;
  readonly lane?: FlashLane;
  /** Of the first tab of a lane beside others: the one with the highest total, for a client that lost it. */
  readonly otherLane?: FlashLane;
}

/** A value read from the wire, or why it could not be read. */
export type Parsed<T> = ParsedOf<T, FlashCode>;
