import type { Address, Hex } from "viem";
import type { BlockReference } from "../../core/types.ts";
import type { AccountId, EscrowId, LiveRelease } from "../types.ts";
import type { AccountRecord, LaneFacts, SignerRecord } from "./records.ts";

/** Names the accounts of one seller. */
export interface SellerId extends EscrowId {
  readonly seller: Address;
}

/**
 * Where a store that decides in memory keeps its facts. Every call is done when it returns. What the seller decided (charges, releases) is
 * written before memory changes, so a write that throws leaves both as they were; facts of the chain can be read again at any time.
 */
export interface Persistence {
  /** Reads an account with its lanes and releases. */
  loadAccount(account: AccountId): AccountRecord | undefined;
  /** Writes one lane of an account. The hot path. */
  saveLane(record: AccountRecord, id: Hex, facts: LaneFacts): void;
  /** Writes accounts with all their used lanes and their releases, and signers, in one step. */
  saveAll(records: readonly AccountRecord[], signers: readonly SignerRecord[]): void;
  /** Accounts of a seller; only those with something uncollected when asked. */
  listAccounts(seller: SellerId, onlyUncollected: boolean): readonly AccountId[];
  /** Writes the releases of an account in place of those it had. */
  saveReleases(record: AccountRecord, releases: ReadonlyMap<Hex, LiveRelease>): void;
  /** Marks accounts read above `block` as stale. */
  markStale(escrow: EscrowId, block: bigint): void;
  /** Accounts that have releases. */
  listReleasing(escrow: EscrowId): readonly AccountId[];
  loadSigners(escrow: EscrowId): readonly SignerRecord[];
  loadSyncedBlock(seller: SellerId): BlockReference | undefined;
  saveSyncedBlock(seller: SellerId, block: BlockReference): void;
  close(): void;
}
