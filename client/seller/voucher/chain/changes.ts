import type { Address } from "viem";
import type { ReadClient } from "../../../core/readClient.ts";
import type { BlockReference } from "../../core/types.ts";
import { accountKey, toAccountId } from "../keys.ts";
import type { AccountId, EscrowId } from "../types.ts";
import type { VoucherStore } from "../store/types.ts";
import { findTouched } from "./logs.ts";
import type { SignerReading } from "./read.ts";

/** What a pass must read again. */
export interface Changes {
  readonly accounts: readonly AccountId[];
  readonly signers: readonly SignerReading[];
}

/** Says what a pass must read again. */
export interface ChangeFinder {
  /** What events after `from` touched, of what the store knows. */
  findTouched(from: BlockReference, to: BlockReference): Promise<Changes>;
  /** Accounts with something uncollected, and their buyers' session signers. */
  findOwed(): Promise<Changes>;
  /** Everything the store knows. */
  findAll(): Promise<Changes>;
  /** Session signers of some buyers that the store knows. */
  findSignersOf(accounts: readonly AccountId[]): Promise<readonly SignerReading[]>;
}

/** Settings of {@link createChangeFinder}. */
export interface ChangeFinderOptions {
  readonly client: ReadClient;
  readonly escrow: EscrowId;
  readonly seller: Address;
  readonly store: VoucherStore;
  /** Most blocks of one request for events. */
  readonly maxBlockRange: bigint;
}

/** Makes what finds the changes of one seller. */
export function createChangeFinder({
  client,
  escrow,
  seller,
  store,
  maxBlockRange,
}: ChangeFinderOptions): ChangeFinder {
  async function findSignersOf(accounts: readonly AccountId[]): Promise<readonly SignerReading[]> {
    const buyers = new Set(accounts.map(({ buyer }) => buyer));
    return (await store.listSigners(escrow)).filter(({ buyer }) => buyers.has(buyer));
  }

  /** Whatever happens to a key that the store knows counts; another key's first authorization when its buyer has an account. */
  async function knownSigners(changed: readonly SignerReading[]): Promise<readonly SignerReading[]> {
    if (changed.length === 0) return [];
    const buyers = new Set((await store.listAccounts({ ...escrow, seller })).map(({ buyer }) => buyer));
    const stored = new Set((await store.listSigners(escrow)).map(signerKey));
    return distinctSigners(changed).filter((reading) => stored.has(signerKey(reading)) || buyers.has(reading.buyer));
  }

  return {
    findSignersOf,

    async findTouched(from, to) {
      const filter = { escrow, seller, fromBlock: from.number + 1n, toBlock: to.number, maxRange: maxBlockRange };
      const touched = await findTouched(client, filter);
      const accounts: AccountId[] = [];
      for (const account of touched.accounts.values()) {
        if ((await store.getAccount(account)) !== undefined) accounts.push(account);
      }
      return { accounts, signers: await knownSigners(touched.signers) };
    },

    async findOwed() {
      const lanes = await store.listLanes({ ...escrow, seller, onlyUncollected: true });
      const accounts = distinctAccounts(lanes.map(({ lane }) => toAccountId(lane)));
      return { accounts, signers: await findSignersOf(accounts) };
    },

    async findAll() {
      return { accounts: await store.listAccounts({ ...escrow, seller }), signers: await store.listSigners(escrow) };
    },
  };
}

/** Everything that any of some changes names, once. */
export function mergeChanges(...changes: readonly Changes[]): Changes {
  return {
    accounts: distinctAccounts(changes.flatMap(({ accounts }) => accounts)),
    signers: distinctSigners(changes.flatMap(({ signers }) => signers)),
  };
}

/** Each session signer once. */
export function distinctSigners(signers: readonly SignerReading[]): readonly SignerReading[] {
  return [...new Map(signers.map((reading) => [signerKey(reading), reading])).values()];
}

function distinctAccounts(accounts: readonly AccountId[]): readonly AccountId[] {
  return [...new Map(accounts.map((account) => [accountKey(account), account])).values()];
}

function signerKey({ buyer, signer }: SignerReading): string {
  return `${buyer}${signer}`;
}
