import type { Address, Hex } from "viem";
import { createRecordMemory, type RecordStorage } from "../core/recordFile.ts";
import type { Deposit } from "./types.ts";

/** Names one account of a buyer. Lower case. */
export interface BuyerAccountId {
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Buyer of the account. */
  readonly buyer: Address;
}

/** One lane as its buyer knows it. */
export interface LaneRecord {
  /** 32 bytes. */
  readonly id: Hex;
  /** Nonce of the next voucher. */
  readonly nextNonce: bigint;
  /** Total charged, as the seller last said; never above {@link LaneRecord.promised}. Token base units. */
  readonly charged: bigint;
  /** Highest ceiling ever signed in this lane: what the seller may hold a voucher for. Token base units. */
  readonly promised: bigint;
  /** Timestamp and expiry of the latest voucher, unix seconds. */
  readonly timestamp: bigint;
  /** Of the latest voucher, unix seconds. */
  readonly expiry: bigint;
  /** True when the answer to the latest voucher never came: it may have been charged or not. */
  readonly isUncertain: boolean;
}

/** One account as its buyer knows it. Amounts are token base units. */
export interface BuyerAccountRecord {
  readonly account: BuyerAccountId;
  readonly lanes: readonly LaneRecord[];
  /** What new vouchers can use, as far as is known; undefined when nothing is known. */
  readonly available?: bigint;
  /** Deposits of this client that the seller said were executed. */
  readonly deposited: bigint;
  /** A deposit that was sent and not answered: sent again with the next payment, never signed anew before it expires. */
  readonly pendingDeposit?: Deposit;
  /** Deposits that the seller denied or never answered: it could have executed them all the same. */
  readonly deniedDeposits: readonly Deposit[];
  /** End of the session signer that the seller knows of, unix seconds; zero when it knows of none. */
  readonly signerValidUntil: bigint;
}

/**
 * Keeps what a buyer knows over a restart. What is lost is told again by the seller's corrective 402, against the buyer's own signature;
 * only the limits on exposure then start anew.
 */
export interface BuyerStorage extends RecordStorage<BuyerAccountRecord> {}

/**
 * Keeps nothing over a restart.
 *
 * @returns The storage.
 *
 * @example
 * const scheme = new DeferredEvmScheme({ buyer, escrows, storage: createMemoryBuyerStorage() });
 */
export function createMemoryBuyerStorage(): BuyerStorage {
  return createRecordMemory(({ account }) => buyerAccountKey(account));
}

/** Writes the name of an account as one text. */
export function buyerAccountKey({ chainId, escrow, seller, asset, buyer }: BuyerAccountId): string {
  return `${chainId}:${escrow}:${seller}:${asset}:${buyer}`;
}
