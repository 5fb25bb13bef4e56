import type { Address, Hex } from "viem";
import type { DepositAuthorization, SignerAuthorization, TokenDomain, Voucher } from "../../voucher/index.ts";
import type { Parsed as ParsedOf, WireInteger } from "../core/fields.ts";
import type { DeferredCode } from "./codes.ts";

/**
 * The wire of the scheme `deferred`, twice: as JSON (`Wire…`), and as the values this library works with.
 *
 * On the wire amounts are decimal strings in token base units. `timestamp`, `nonce`, `chainId` and `expiry` are JSON numbers, as the scheme
 * has them, and decimal strings only where a number would lose digits; both are read everywhere. Addresses and 32-byte values are
 * `0x` hex of any case; parsed ones are lower case.
 */

export type { WireInteger };

/** {@link Voucher} on the wire. */
export interface WireVoucher {
  /** Lane, 32 bytes. */
  readonly id: string;
  /** Buyer of the account. */
  readonly buyer: string;
  /** Seller of the account. */
  readonly seller: string;
  /** Cumulative ceiling, token base units. */
  readonly valueAggregate: string;
  /** ERC-20 contract. */
  readonly asset: string;
  readonly timestamp: WireInteger;
  readonly nonce: WireInteger;
  /** Address of VoucherEscrow. */
  readonly escrow: string;
  readonly chainId: WireInteger;
  readonly expiry: WireInteger;
}

/** How the tokens of a deposit reach the escrow. `eip2612` is an allowance that a permit sets first. */
export type DepositMethod = "eip3009" | "permit2" | "eip2612" | "allowance";

/* PAYLOAD */

/** {@link DepositAuthorization} on the wire, with the signature that its method demands. */
export interface WireDepositAuthorization {
  /** Buyer of the account. */
  readonly buyer: string;
  /** Seller of the account. */
  readonly seller: string;
  /** ERC-20 contract. */
  readonly asset: string;
  /** Token base units. */
  readonly amount: string;
  /** 32 bytes. */
  readonly nonce: string;
  readonly expiry: WireInteger;
  /** What the deposit's method signs. */
  readonly signature: string;
}

/** An ERC-2612 permit on the wire. */
export interface WirePermit {
  /** Holder of the tokens; signs. */
  readonly owner: string;
  /** Address of VoucherEscrow. */
  readonly spender: string;
  /** Allowance, token base units. */
  readonly value: string;
  readonly nonce: WireInteger;
  readonly deadline: WireInteger;
  /** EIP-712 domain of the asset. */
  readonly domain: { readonly name: string; readonly version: string };
  /** The owner's. */
  readonly signature: string;
}

/** A deposit that comes with a payment. */
export interface WireDeposit {
  /** Ours: whose message `signature` signs, the token's (`eip3009`) or Permit2's. Absent in the scheme's form, which pulls an allowance. */
  readonly method?: "eip3009" | "permit2";
  /** Sets the allowance that the scheme's form pulls. */
  readonly permit?: WirePermit;
  readonly depositAuthorization: WireDepositAuthorization;
}

/** Ours: the buyer lets `signer` sign vouchers. The buyer is the voucher's. */
export interface WireSignerAuthorization {
  /** The session signer. */
  readonly signer: string;
  readonly validUntil: WireInteger;
  readonly expiry: WireInteger;
  /** The buyer's. */
  readonly signature: string;
}

/** What a payment carries: `PaymentPayload.payload`, the same in v1 and v2. */
export interface WirePayload {
  /** Of the voucher. */
  readonly signature: string;
  readonly voucher: WireVoucher;
  readonly depositAuthorization?: WireDeposit;
  readonly signerAuthorization?: WireSignerAuthorization;
}

/** An ERC-2612 permit. */
export interface Permit {
  /** Holder of the tokens; signs. */
  readonly owner: Address;
  /** Address of VoucherEscrow. */
  readonly spender: Address;
  /** Token base units. */
  readonly value: bigint;
  /** ERC-2612 nonce of the owner. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
  readonly domain: TokenDomain;
  /** The owner's. */
  readonly signature: Hex;
}

/** A deposit that comes with a payment. */
export interface Deposit {
  readonly method: DepositMethod;
  readonly authorization: DepositAuthorization;
  /** Over the message that the method demands. */
  readonly signature: Hex;
  /** Present when the method is `eip2612`. */
  readonly permit?: Permit;
}

/** A session signer that the buyer authorizes with a payment. */
export interface SignedSignerAuthorization {
  readonly authorization: SignerAuthorization;
  /** The buyer's. */
  readonly signature: Hex;
}

/** {@link WirePayload}, parsed. */
export interface DeferredPayload {
  readonly voucher: Voucher;
  /** Of the voucher, by the buyer or its session signer. */
  readonly signature: Hex;
  readonly deposit?: Deposit;
  readonly signerAuthorization?: SignedSignerAuthorization;
}

/* OFFER */

/** What the asker may know about its account. */
export interface WireAccountDetails {
  /**
   * What new vouchers can use, token base units. To a stranger it is what the chain shows: the balance less what thaws. In a corrective
   * 402 the seller's uncollected vouchers are taken off as well.
   */
  readonly balance: string;
  /** Allowance of the buyer to the escrow, token base units. */
  readonly assetAllowance?: string;
  /** ERC-2612 nonce of the buyer. */
  readonly assetPermitNonce?: string;
  /** `name` of the asset's EIP-712 domain. */
  readonly assetDomainName?: string;
  /** `version` of the asset's EIP-712 domain. */
  readonly assetDomainVersion?: string;
  /** Who relays deposits: an address or a URL. */
  readonly facilitator?: string;
}

/** Ours: which deposits the seller relays. */
export interface WireDepositTerms {
  /** Least deposit that the seller pays the gas for, token base units. */
  readonly minimum: string;
  /** What the seller suggests, token base units. */
  readonly suggested: string;
  readonly methods: readonly DepositMethod[];
}

/**
 * `extra` of an offer with scheme `deferred`.
 *
 * `type`, `voucher`, `signature`, `charged` and `account` change from one 402 to the next; a payment need not echo them. The others are
 * the same for every request of a route and are echoed.
 */
export interface WireOffer {
  /**
   * `new`: start a series in lane `voucher.id` with nonce zero. `aggregation`: continue it. Absent, ours, when the lane was used before and
   * the asker has not proven to be the buyer: continue it by what you know; the corrective 402 says the rest.
   */
  readonly type?: "new" | "aggregation";
  /** For `aggregation` the latest accepted voucher in full; otherwise the lane and the escrow. */
  readonly voucher: { readonly id: string; readonly escrow: string } | WireVoucher;
  /** Of `voucher`, when that is a full one. */
  readonly signature?: string;
  /**
   * Ours: total charged in the lane so far, token base units. The next voucher promises at least this plus the price. Absent in the
   * scheme's own form, where it is the latest voucher's `valueAggregate`.
   */
  readonly charged?: string;
  readonly account?: WireAccountDetails;
  /** EIP-712 name and version of the asset, as the scheme `exact` has them. */
  readonly name?: string;
  /** `version` of the asset's EIP-712 domain. */
  readonly version?: string;
  /** Ours; absent when the seller relays no deposits. */
  readonly deposit?: WireDepositTerms;
  /** Ours: seconds a thaw takes. */
  readonly thawingPeriod?: WireInteger;
  /** Ours: seconds by which a voucher's expiry, and its session signer's end, must lie ahead. */
  readonly minVoucherLifetime?: WireInteger;
  /** Ours: most lanes a buyer may use, the default lane included. */
  readonly maxLanes?: number;
  /** Ours: true when the price is a ceiling and the charge is known only after the request. */
  readonly metered?: boolean;
}

/** {@link WireAccountDetails}, parsed. */
export interface AccountDetails {
  /** Token base units. */
  readonly balance: bigint;
  /** Token base units. */
  readonly assetAllowance?: bigint;
  /** ERC-2612 nonce of the buyer. */
  readonly assetPermitNonce?: bigint;
  /** Where the seller's facilitator is. */
  readonly facilitator?: string;
}

/** {@link WireDepositTerms}, parsed. */
export interface DepositTerms {
  /** Token base units. */
  readonly minimum: bigint;
  /** Token base units. */
  readonly suggested: bigint;
  readonly methods: readonly DepositMethod[];
}

/** {@link WireOffer}, parsed. */
export interface Offer {
  /** `new` begins a series; `aggregation` goes on with the voucher that the offer shows. */
  readonly type?: "new" | "aggregation";
  /** Lane, 32 bytes. */
  readonly id: Hex;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  /** The latest accepted voucher, as the seller says. Nothing here is proven. */
  readonly latest?: { readonly voucher: Voucher; readonly signature: Hex };
  /** Token base units. */
  readonly charged?: bigint;
  readonly account?: AccountDetails;
  readonly tokenDomain?: TokenDomain;
  readonly deposit?: DepositTerms;
  /** Seconds. */
  readonly thawingPeriod?: bigint;
  /** Seconds. */
  readonly minVoucherLifetime?: bigint;
  /** Most lanes of a buyer. */
  readonly maxLanes?: number;
  /** Whether the price is a ceiling. */
  readonly isMetered: boolean;
}

/* SETTLEMENT */

/** `extra` of a settlement answer. */
export interface WireSettlement {
  /** EIP-712 digest of the accepted voucher, 32 bytes: names what the buyer owes by now. */
  readonly commitment: string;
  /** Lane of the voucher, and its place in the series. */
  readonly voucher: { readonly id: string; readonly nonce: WireInteger };
  /** Total charged in the lane so far, this request included, token base units. */
  readonly charged: string;
  /** Transaction that carried the payment's deposit; absent when there was none or an earlier one had carried it. */
  readonly depositTransaction?: string;
  /** True when the payment brought a deposit that it did not need: it was not executed, and still can be. */
  readonly depositUnused?: boolean;
}

/** {@link WireSettlement}, parsed. */
export interface Settlement {
  /** EIP-712 digest of the accepted voucher. */
  readonly commitment: Hex;
  /** Its lane, 32 bytes. */
  readonly id: Hex;
  /** Its nonce. */
  readonly nonce: bigint;
  /** Token base units. */
  readonly charged: bigint;
  /** Transaction of the payment's deposit; absent when none was sent for it. */
  readonly depositTransaction?: Hex;
  /** True when the payment's deposit was not needed: it was not sent, and still can be. */
  readonly isDepositUnused?: boolean;
}

/** A value read from the wire, or why it could not be read. */
export type Parsed<T> = ParsedOf<T, DeferredCode>;
