import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import type { Address, Hex } from "viem";
import type { ReadClient } from "../../core/readClient.ts";
import { createAlerts } from "../core/alerts.ts";
import { createChainWork, EVERY_BLOCK } from "../core/chainWork.ts";
import { toAddress, toBytes32 } from "../core/keys.ts";
import type { ReadRank } from "../core/readQueue.ts";
import type { BlockReference } from "../core/types.ts";
import { createChangeFinder, distinctSigners, mergeChanges, type Changes } from "./chain/changes.ts";
import { readState, type AccountReading, type SignerReading } from "./chain/read.ts";
import { createChainCheck, isOnChain, readBlock } from "../core/rpc.ts";
import { readWhoSigned } from "./chain/whoSigned.ts";
import { accountKey, DEFAULT_LANE, toAccountId } from "./keys.ts";
import type { AccountId, EscrowId } from "./types.ts";
import type { ChainAlert, ChainView, RefreshParameters } from "./chain/types.ts";
import type { VoucherStore } from "./store/types.ts";

/** Settings of {@link createChainView}. */
export interface ChainViewOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  readonly escrow: EscrowId;
  /** Who is paid. */
  readonly seller: Address;
  readonly store: VoucherStore;
  /**
   * Blocks that must follow a block before anything in it counts. The seller's choice: a deposit that a re-organisation deeper than
   * this takes back was never there. Zero only on a chain that cannot re-organise.
   */
  readonly confirmations: number;
  /** Milliseconds between passes; 2,000 by default. */
  readonly pollingInterval?: number;
  /** Most blocks of one request for events; 1,000 by default. */
  readonly maxBlockRange?: bigint;
  /** Most blocks that are scanned after a pause; beyond that every account is read again. 50,000 by default. */
  readonly maxScan?: bigint;
  /**
   * Seconds of block time after which accounts with something uncollected are read again, whatever events say; 3,600 by default. A node
   * that leaves events out hides a thaw this long at most, which must be much less than the thawing period.
   */
  readonly recheckInterval?: bigint;
  /** Multicall3; its canonical address by default. Undefined: every value is a request of its own. */
  readonly multicallAddress?: Address | undefined;
  /** Most values of one Multicall3 request; 500 by default. */
  readonly batchSize?: number;
  /** Most reads that wait; 1,000 by default. Strangers fill half of it at most. */
  readonly maxPendingReads?: number;
  /** Told about passes that failed. They are tried again. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Makes the view of the chain of one seller.
 *
 * Events only say which accounts to look at: their state is then read at the chosen depth, never summed up. Accounts the store does
 * not know are left alone until a request brings them; accounts in which something is uncollected are read again about every hour.
 *
 * @param options - {@link ChainViewOptions}.
 * @returns The view; call {@link ChainView.sync} once before the first request, then {@link ChainView.start}.
 *
 * @example
 * const chainView = createChainView({ client, escrow: { chainId: 8453n, escrow }, seller, store, confirmations: 2 });
 * await chainView.sync();
 * chainView.start();
 */
export function createChainView(options: ChainViewOptions): ChainView {
  const {
    client,
    store,
    pollingInterval = 2_000,
    maxBlockRange = 1_000n,
    maxScan = 50_000n,
    recheckInterval = 3_600n,
    batchSize = 500,
  } = options;
  const escrow: EscrowId = { chainId: options.escrow.chainId, escrow: toAddress(options.escrow.escrow) };
  const seller = toAddress(options.seller);
  const confirmations = BigInt(options.confirmations);
  const multicallAddress = "multicallAddress" in options ? options.multicallAddress : MULTICALL3_ADDRESS;
  const changes = createChangeFinder({ client, escrow, seller, store, maxBlockRange });
  const checkChain = createChainCheck(client, escrow.chainId);
  const alerts = createAlerts<ChainAlert>();
  let lastSynced: BlockReference | undefined;
  /** Block time at which what is owed is read again, unix seconds. */
  let nextRecheck = 0n;

  /** The newest block that has the confirmations. */
  async function readConfirmedBlock(): Promise<BlockReference> {
    await checkChain();
    const head = await readBlock(client);
    if (confirmations === 0n) return head;
    return readBlock(client, head.number > confirmations ? head.number - confirmations : 0n);
  }

  async function readAndApply(
    block: BlockReference,
    accounts: readonly RefreshParameters[],
    signers: readonly SignerReading[],
  ): Promise<void> {
    const readings = await Promise.all(accounts.map(toReading));
    const parameters = { escrow, block, accounts: readings, signers, multicallAddress, batchSize };
    const state = await readState(client, parameters);
    await store.applyChain(state.accounts, state.signers);
  }

  async function toReading({ account, lanes = [] }: RefreshParameters): Promise<AccountReading> {
    const [state, known] = await Promise.all([store.getAccount(account), store.listLanesOf(account)]);
    const ids = new Set([...known.map(({ lane }) => lane.id), ...lanes.map(toBytes32)]);
    ids.delete(DEFAULT_LANE);
    const releases = state?.releases.map(({ authorization }) => authorization.nonce) ?? [];
    return { account, lanes: [...ids], releases };
  }

  async function pass(): Promise<BlockReference> {
    const block = await readConfirmedBlock();
    const synced = lastSynced ?? (await store.getSyncedBlock(escrow, seller));
    // A node behind the others, or a shorter branch: nothing new to see until it has grown.
    if (synced !== undefined && block.number < synced.number) return synced;
    const from = synced !== undefined && (await isOnChain(client, synced)) ? synced : undefined;
    if (from?.hash !== block.hash) await advance(from, block, synced !== undefined);
    lastSynced = block;
    return block;
  }

  /** What events name, and now and then what nobody may take away unseen: a node can have a block before it has its events. */
  async function findChanged(from: BlockReference, to: BlockReference): Promise<Changes> {
    const touched = await changes.findTouched(from, to);
    return to.timestamp < nextRecheck ? touched : mergeChanges(touched, await changes.findOwed());
  }

  /** Brings the store to `block`; from nowhere when there is no block to start from that is still on the chain. */
  async function advance(from: BlockReference | undefined, block: BlockReference, wasSynced: boolean): Promise<void> {
    if (from === undefined && wasSynced) await store.rewindChain(escrow, EVERY_BLOCK);
    const isScannable = from !== undefined && block.number - from.number <= maxScan;
    const changed = isScannable ? await findChanged(from, block) : await changes.findAll();
    const found = await applyAndCompare(block, changed);
    if (!isScannable || block.timestamp >= nextRecheck) nextRecheck = block.timestamp + recheckInterval;
    await store.expireReleases(escrow, block.timestamp);
    await store.setSyncedBlock(escrow, seller, block);
    for (const alert of found) alerts.tell(alert);
  }

  async function applyAndCompare(
    block: BlockReference,
    { accounts, signers }: Changes,
  ): Promise<readonly ChainAlert[]> {
    const thawsBefore = await Promise.all(accounts.map(thawOf));
    const endsBefore = await Promise.all(signers.map(endOf));
    const readings = accounts.map((account) => ({ account }));
    await readAndApply(block, readings, signers);
    const found: ChainAlert[] = [];
    for (const [index, account] of accounts.entries()) {
      const thawEndTime = await thawOf(account);
      if (thawEndTime !== 0n && thawEndTime !== thawsBefore[index]) found.push({ kind: "thaw", account, thawEndTime });
    }
    for (const [index, { buyer, signer }] of signers.entries()) {
      const validUntil = await endOf({ buyer, signer });
      if (validUntil !== endsBefore[index]) found.push({ kind: "signer", buyer, signer, validUntil });
    }
    return found;
  }

  async function thawOf(account: AccountId): Promise<bigint> {
    const state = await store.getAccount(account);
    return state === undefined || state.thawing === 0n ? 0n : state.thawEndTime;
  }

  async function endOf({ buyer, signer }: SignerReading): Promise<bigint> {
    return (await store.getSigner(escrow, buyer, signer))?.validUntil ?? 0n;
  }

  async function rankOf(account: AccountId, isUnproven: boolean): Promise<ReadRank> {
    if (isUnproven) return "unproven";
    const state = await store.getAccount(account);
    return state !== undefined && state.owed > 0n ? "owed" : "proven";
  }

  const work = createChainWork<BlockReference, RefreshParameters>({
    interval: pollingInterval,
    maxPendingReads: options.maxPendingReads ?? 1_000,
    pass,
    blockOf: ({ number }) => number,
    readAll: async (block, requests) => {
      const accounts = mergeReads(requests);
      const known = await changes.findSignersOf(accounts.map(({ account }) => account));
      await readAndApply(block, accounts, distinctSigners([...signersOf(requests), ...known]));
    },
    onError: options.onError,
  });

  return {
    escrow,
    seller,
    get lastSyncedBlock() {
      return lastSynced;
    },
    start: () => {
      work.start();
    },
    stop: () => work.stop(),
    sync: () => work.pass(),
    refreshAccount: async (parameters) => {
      const account = toAccountId(parameters.account);
      const rank = await rankOf(account, parameters.isUnproven ?? false);
      await work.read({ ...parameters, account }, rank);
    },
    whoSigned: (voucher, signature, key) =>
      readWhoSigned(client, { escrow: escrow.escrow, voucher, signature, key, multicallAddress }),
    onAlert: alerts.onAlert,
  };
}

/** One reading an account, with every lane any of the waiting asks for. */
function mergeReads(requests: readonly RefreshParameters[]): readonly RefreshParameters[] {
  const merged = new Map<string, { account: AccountId; lanes: readonly Hex[] }>();
  for (const { account, lanes = [] } of requests) {
    const key = accountKey(account);
    merged.set(key, { account, lanes: [...(merged.get(key)?.lanes ?? []), ...lanes] });
  }
  return [...merged.values()];
}

function signersOf(requests: readonly RefreshParameters[]): readonly SignerReading[] {
  return requests.flatMap(({ account, signers = [] }) =>
    signers.map((signer) => ({ buyer: account.buyer, signer: toAddress(signer) })),
  );
}
