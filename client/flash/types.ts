import type { Address, Hex } from "viem";

/**
 * The structs of `IFlashSettlement`, field for field.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 * - Amounts are token base units, times are unix seconds, both `bigint`. A `deadline` is inclusive; `unlockAt` is the first second at
 *   which the client can withdraw. An `epoch` and a `closeDelay` fit a JavaScript number, and so does a 40-bit time in the ABI.
 */

/** An escrow: what one client has locked for one server in one token. */
export interface Escrow {
  /** Locked for the server, token base units. */
  readonly balance: bigint;
  /** Paid to the server in this epoch, from the wallet and from the escrow, token base units. */
  readonly settled: bigint;
  /** First second at which the client can withdraw, unix seconds. */
  readonly unlockAt: bigint;
  /** Key that signs payments in this epoch; zero while the escrow is not open. */
  readonly signer: Address;
  /** Notice that the client gives by closing, seconds. */
  readonly closeDelay: bigint;
  /** Number of this opening, or of the next one while the escrow is not open. */
  readonly epoch: bigint;
  /** True from the opening to the refund that ends the epoch. */
  readonly isOpen: boolean;
  /** True once the client closed; it can still be settled. */
  readonly isClosedByClient: boolean;
  /** True once the server closed; it can still be settled. */
  readonly isClosedByServer: boolean;
}

/** Signed by the escrow's signer: one payment. */
export interface Payment {
  /** Payer. */
  readonly client: Address;
  /** Receiver. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Token base units; not zero. */
  readonly amount: bigint;
  /** Any number not used in this epoch, 64 bits; dense numbers are the cheapest. */
  readonly nonce: bigint;
  /** Last second at which it can be settled, unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
}

/** Signed by the escrow's signer: everything this lane has to pay in this epoch, all earlier tabs included. */
export interface Tab {
  /** Payer. */
  readonly client: Address;
  /** Receiver. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Cumulative total of the lane, token base units; not zero. */
  readonly total: bigint;
  /** Any number, 64 bits; lanes are independent. */
  readonly lane: bigint;
  /** Last second at which it can be settled, unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
}

/** What a signed transaction pays: the arguments of `settleNumberedPayment`. */
export interface NumberedPayment {
  /** Receiver. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Token base units; not zero. */
  readonly amount: bigint;
  /** Tells one payment from another, 64 bits; it is neither the nonce of the account nor of a {@link Payment}. */
  readonly nonce: bigint;
  /** Last second at which it can be settled, unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
}

/** A {@link Payment} or a {@link Tab} in three words. */
export interface PackedItem {
  /** `amount or total << 128 | nonce or lane << 64 | deadline << 24`. */
  readonly head: bigint;
  /** First word of the EIP-2098 signature. */
  readonly r: Hex;
  /** Second word of the EIP-2098 signature. */
  readonly vs: Hex;
}

/** Items of one escrow for `settleBatch`. */
export interface Group {
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  readonly payments: readonly PackedItem[];
  readonly tabs: readonly PackedItem[];
}

/** Signed by the client: open an escrow on these terms. */
export interface OpenEscrow {
  /** Who locks the tokens; signs. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** What to lock, token base units. */
  readonly amount: bigint;
  /** Seconds until the client can withdraw; zero for no end but a close. */
  readonly ttlSeconds: bigint;
  /** Notice that the client gives by closing, seconds: 60 to 2,592,000, and no more than a `ttlSeconds` that is not zero. */
  readonly closeDelay: bigint;
  /** Key that signs payments; zero for the client. */
  readonly signer: Address;
  /** Current epoch of the escrow. */
  readonly epoch: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the client: lock more in an open escrow. */
export interface TopUp {
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** What to add, token base units. */
  readonly amount: bigint;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** Any 256 bits; tells one top-up from another. */
  readonly salt: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the client: lock the escrow for longer. */
export interface ExtendEscrow {
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** First second at which the client can withdraw, unix seconds. */
  readonly newUnlockAt: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the client or the server: close the escrow. */
export interface CloseEscrow {
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** True when the server signs, false when the client does. */
  readonly byServer: boolean;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the server: give part of the escrow back to the client now. */
export interface ReleaseEscrow {
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow; signs. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** Token base units. */
  readonly amount: bigint;
  /** Any number, 256 bits, that the server did not use or cancel. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the server: who else may consume its payments. */
export interface SettlerAuthorization {
  /** Whose payments the settler may consume; signs. */
  readonly server: Address;
  /** Who may consume them. */
  readonly settler: Address;
  /** Last second of its right, unix seconds, inclusive; zero ends it at once. */
  readonly validUntil: bigint;
  /** How often this settler was set before, 64 bits. */
  readonly sequence: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by an account: pay out its credit. */
export interface WithdrawCredit {
  /** Whose credit it is; signs. */
  readonly account: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Receiver of the tokens. */
  readonly to: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** Any number, 256 bits, that the account did not use or cancel. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Names of the contract's `FundingMethod` values, each at its number. */
export const FUNDING_METHODS = ["Allowance", "Eip3009", "Permit2"] as const;

/** How an escrow is funded; the payer is always the client. */
export type FundingMethod = (typeof FUNDING_METHODS)[number];

/** Names of the contract's `Skip` values, each at its number: why an item of a batch was not settled. */
export const SKIP_REASONS = [
  "None",
  "Malformed",
  "Expired",
  "BadSignature",
  "Used",
  "NotCovered",
  "NotServer",
  "NoEscrow",
] as const;

/** Why an item of a batch was not settled. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Where the tokens of an opening or a top-up come from. */
export interface Funding {
  readonly method: FundingMethod;
  /** The client's signature for the method; empty, `0x`, for the allowance. */
  readonly signature: Hex;
}

/** Tokens pulled by the client's allowance: no signature but the message's own. */
export const BY_ALLOWANCE: Funding = { method: "Allowance", signature: "0x" };

/** Names of the contract's `Term` values, each at its number: which term of a call cannot be. */
export const TERMS = ["Parties", "Token", "Amount", "Ttl", "CloseDelay", "Signer", "Receiver", "Funding"] as const;

/** Which term of a call cannot be. */
export type Term = (typeof TERMS)[number];

/** Names of the contract's `Fault` values, each at its number: what a signed transaction lacks. */
export const TRANSACTION_FAULTS = [
  "Type",
  "Length",
  "Integer",
  "ChainId",
  "Target",
  "Value",
  "Data",
  "AccessList",
  "Signature",
] as const;

/** What a signed transaction lacks. */
export type TransactionFault = (typeof TRANSACTION_FAULTS)[number];

/** Largest balance of an escrow, and largest settled total of an epoch, token base units. */
export const MAX_AMOUNT = (1n << 96n) - 1n;

/** `unlockAt` of an escrow that only a close ends, unix seconds. */
export const NEVER = (1n << 40n) - 1n;

/** A payment and the signature of the escrow's signer. */
export interface SignedPayment {
  readonly payment: Payment;
  /** 65 bytes `r, s, v` or 64 bytes `r, vs` of a key. */
  readonly signature: Hex;
}

/** A tab and the signature of the escrow's signer. */
export interface SignedTab {
  readonly tab: Tab;
  /** 65 bytes `r, s, v` or 64 bytes `r, vs` of a key. */
  readonly signature: Hex;
}
