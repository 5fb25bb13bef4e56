import type { Address, Hex } from "viem";

/**
 * The structs of `IVoucherEscrow`, field for field.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 * - Amounts are token base units, times are unix seconds, both `bigint`. An `expiry` and a `validUntil` are inclusive.
 */

/** A buyer's signed promise: the seller may collect up to `valueAggregate` in this lane, all earlier vouchers included. */
export interface Voucher {
  /** Lane, 32 bytes; zero is the default lane. */
  readonly id: Hex;
  /** Payer; signs, or has a signer sign. */
  readonly buyer: Address;
  /** Receiver. */
  readonly seller: Address;
  /** Cumulative ceiling of the lane, token base units; not zero. */
  readonly valueAggregate: bigint;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** When it was signed, unix seconds; not checked on-chain. */
  readonly timestamp: bigint;
  /** Position in the series of the lane; not checked on-chain. */
  readonly nonce: bigint;
  /** The escrow contract. */
  readonly escrow: Address;
  /** Chain on which it can be collected. */
  readonly chainId: bigint;
  /** Last second at which it can be collected, unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** The lane of vouchers that cost one storage word to collect. */
export const DEFAULT_LANE: Hex = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** A voucher with its signature. */
export interface SignedVoucher {
  readonly voucher: Voucher;
  /** Signature of the buyer or of one of its signers: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** One deposit of `depositMany`. */
export interface DepositInput {
  /** Seller of the account. */
  readonly seller: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** An account: what one buyer holds for one seller in one asset. */
export interface EscrowAccount {
  /** Everything in the account, thawing part included, token base units. */
  readonly balance: bigint;
  /** Effective thawing, token base units. */
  readonly thawingAmount: bigint;
  /** First second of a withdrawal, unix seconds; zero while nothing thaws. */
  readonly thawEndTime: bigint;
}

/** Signed by the buyer: put `amount` of its tokens into the account of `seller`. */
export interface DepositAuthorization {
  /** Token holder and signer. */
  readonly buyer: Address;
  /** Seller of the account; zero for the buyer's free balance. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** Any unused 32 bytes but zero. */
  readonly nonce: Hex;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the buyer: withdraw what is matured in one account and thaw the rest. */
export interface FlushAuthorization {
  /** Buyer of the account; signs. */
  readonly buyer: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Any unused 32 bytes. */
  readonly nonce: Hex;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the buyer: flush any of its accounts, each once. It fits accounts opened later too: give it minutes, not days. */
export interface FlushAllAuthorization {
  /** Whose accounts are flushed; signs. */
  readonly buyer: Address;
  /** Any 32 bytes that were not cancelled. */
  readonly nonce: Hex;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Names one account of a known buyer. */
export interface AccountKey {
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/** Signed by the buyer: move `amount` from its free balance into the account of `seller`. */
export interface AllocateAuthorization {
  /** Owner of the free balance; signs. */
  readonly buyer: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** Nonce in the window of the free balance, 64 bits. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the owner of a free balance: pay `amount` of it out to the owner. */
export interface WithdrawFreeAuthorization {
  /** Owner of the free balance and signer. */
  readonly buyer: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** Nonce in the window of the free balance, 64 bits. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the buyer: `signer` may sign its vouchers until `validUntil`. Idempotent; only extends. */
export interface SignerAuthorization {
  /** Who lets the key sign; signs this. */
  readonly buyer: Address;
  /** Key that may sign vouchers. */
  readonly signer: Address;
  /** Unix seconds, inclusive. */
  readonly validUntil: bigint;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the buyer: `signer` ends, for good, after the thawing period at the latest. */
export interface SignerRevocation {
  /** Who revokes the key; signs this. */
  readonly buyer: Address;
  /** Key that may no longer sign vouchers. */
  readonly signer: Address;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the seller: return `amount` to the buyer once the lane has paid at least `collectedAtLeast`. */
export interface ReleaseAuthorization {
  /** Receiver. */
  readonly buyer: Address;
  /** Signer. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lane whose collected total is the condition, 32 bytes. */
  readonly id: Hex;
  /** Least collected total of the lane, token base units. */
  readonly collectedAtLeast: bigint;
  /** Token base units. */
  readonly amount: bigint;
  /** Any unused 32 bytes. */
  readonly nonce: Hex;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** Signed by the seller: keep earnings as free balance, or receive them as transfers. */
export interface PayoutAuthorization {
  /** Whose earnings it is about; signs. */
  readonly seller: Address;
  /** True to keep earnings as free balance. */
  readonly toFreeBalance: boolean;
  /** The seller's current payout nonce, 96 bits, see `getPayout`. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive. */
  readonly expiry: bigint;
}

/** A voucher of the default lane in four words, signed by a key. Made by `packRow`. */
export interface Row {
  /** `buyer << 96 | total`. */
  readonly head: bigint;
  /** `ceiling << 160 | timestamp << 120 | expiry << 80 | nonce`. */
  readonly terms: bigint;
  /** First word of the EIP-2098 signature. */
  readonly r: Hex;
  /** Second word of the EIP-2098 signature. */
  readonly vs: Hex;
}

/** A voucher of any lane with any signature. Made by `toWideRow`. */
export interface WideRow {
  readonly voucher: Voucher;
  /** Signature of the buyer or of one of its signers. */
  readonly signature: Hex;
  /** Up to which total of the lane to collect, at most `valueAggregate`; token base units. */
  readonly total: bigint;
}

/** Vouchers of one seller in one asset, collected with one payment. Made by `buildGroups`. */
export interface Group {
  /** Receiver of the group's one payment. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Most gas this group may use; zero for no limit. */
  readonly gasLimit: bigint;
  /** Compact vouchers, collected first. */
  readonly rows: readonly Row[];
  /** Other vouchers. */
  readonly wide: readonly WideRow[];
}

/** Names of the contract's `Skip` values, each at its number: why a voucher of a batch had no effect. */
export const SKIP_REASONS = [
  "None",
  "BadSignature",
  "Expired",
  "AboveCeiling",
  "AlreadyCollected",
  "NoBalance",
  "BadParties",
] as const;

/** Why a voucher of a batch had no effect. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Names of the contract's `NonceKind` values, each at its number: which nonces a bitmap holds. */
export const NONCE_KINDS = ["Deposit", "Flush", "FlushAll", "Release"] as const;

/** Which nonces a bitmap holds. */
export type NonceKind = (typeof NONCE_KINDS)[number];
