import type { AccountId, EscrowId } from "../types.ts";
import type { BlockReference } from "../../core/types.ts";
import type { VoucherStore } from "./types.ts";
import { accountKey } from "../keys.ts";
import { createEmbeddedStore } from "./embedded.ts";
import type { Persistence, SellerId } from "./persistence.ts";
import { uncollectedOf, type AccountRecord } from "./records.ts";

/** Settings of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  /** Most accounts with nothing in them that are remembered; 10,000 by default. Others are always remembered. */
  readonly maxEmptyAccounts?: number;
}

/**
 * Makes a store that forgets everything when the process ends: for tests and trials. A seller that takes money uses
 * {@link createSqliteStore}: what is not collected and not on disk is lost in a crash.
 *
 * @param options - {@link MemoryStoreOptions}.
 * @returns The store; amounts in token base units.
 *
 * @example
 * const store = createMemoryStore();
 */
export function createMemoryStore({ maxEmptyAccounts = 10_000 }: MemoryStoreOptions = {}): VoucherStore {
  return createEmbeddedStore({ persistence: createMemoryPersistence(), maxCachedAccounts: maxEmptyAccounts });
}

/** Holds the very records the store works on, so there is nothing to write. */
function createMemoryPersistence(): Persistence {
  const accounts = new Map<string, AccountRecord>();
  const syncedBlocks = new Map<string, BlockReference>();
  const keep = (record: AccountRecord): void => {
    accounts.set(record.key, record);
  };
  return {
    loadAccount: (account) => accounts.get(accountKey(account)),
    saveLane: keep,
    saveAll: (records) => {
      records.forEach(keep);
    },
    saveReleases: keep,
    listAccounts: (seller, onlyUncollected) =>
      [...accounts.values()]
        .filter((record) => isOf(record.account, seller) && (!onlyUncollected || hasUncollected(record)))
        .map(({ account }) => account),
    markStale: (escrow, block) => {
      for (const record of accounts.values()) {
        const isAbove = isAt(record.account, escrow) && record.facts.syncedBlock.number > block;
        if (isAbove) record.facts = { ...record.facts, isStale: true };
      }
    },
    listReleasing: (escrow) =>
      [...accounts.values()]
        .filter((record) => isAt(record.account, escrow) && record.releases.size > 0)
        .map(({ account }) => account),
    loadSigners: () => [],
    loadSyncedBlock: (seller) => syncedBlocks.get(sellerKey(seller)),
    saveSyncedBlock: (seller, block) => {
      syncedBlocks.set(sellerKey(seller), block);
    },
    close: () => {
      accounts.clear();
    },
  };
}

function isAt(account: AccountId, { chainId, escrow }: EscrowId): boolean {
  return account.chainId === chainId && account.escrow === escrow.toLowerCase();
}

function isOf(account: AccountId, seller: SellerId): boolean {
  return isAt(account, seller) && account.seller === seller.seller;
}

function hasUncollected({ lanes }: AccountRecord): boolean {
  return [...lanes.values()].some(({ facts }) => uncollectedOf(facts) > 0n);
}

function sellerKey({ chainId, escrow, seller }: SellerId): string {
  return `${chainId}:${escrow}:${seller}`;
}
