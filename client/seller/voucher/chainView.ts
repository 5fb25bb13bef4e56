import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import type { Address, Hex } from "viem";
import { getChainId } from "viem/actions";
import type { ReadClient } from "../../core/readClient.ts";
import { ChainUnavailableError, WrongChainError } from "../core/errors.ts";
import { toAddress, toBytes32 } from "../core/keys.ts";
import { createPoller } from "../core/poller.ts";
import { createReadQueue, type PendingRead, type ReadRank } from "../core/readQueue.ts";
import { createSerial } from "../core/serial.ts";
import type { BlockReference } from "../core/types.ts";
import { createChangeFinder, distinctSigners, mergeChanges, type Changes } from "./chain/changes.ts";
import { readState, type AccountReading, type SignerReading } from "./chain/read.ts";
import { ask, readBlock } from "../core/rpc.ts";
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
  const queue = createReadQueue<RefreshParameters>(options.maxPendingReads ?? 1_000);
  const changes = createChangeFinder({ client, escrow, seller, store, maxBlockRange });
  const inTurn = createSerial();
  const listeners = new Set<(alert: ChainAlert) => void>();
  let lastSynced: BlockReference | undefined;
  /** Block time at which what is owed is read again, unix seconds. */
  let nextRecheck = 0n;
  let isChainChecked = false;
  /** Whoever goes on asking must not keep the view from stopping. */
  let isStopping = false;

  async function checkChain(): Promise<void> {
    if (isChainChecked) return;
    const actual = BigInt(await ask("the chain id", () => getChainId(client)));
    if (actual !== escrow.chainId) throw new WrongChainError(actual, escrow.chainId);
    isChainChecked = true;
  }

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

  async function isOnChain({ number, hash }: BlockReference): Promise<boolean> {
    return (await readBlock(client, number)).hash === hash;
  }

  async function pass(): Promise<BlockReference> {
    const block = await readConfirmedBlock();
    const synced = lastSynced ?? (await store.getSyncedBlock(escrow, seller));
    // A node behind the others, or a shorter branch: nothing new to see until it has grown.
    if (synced !== undefined && block.number < synced.number) return synced;
    const from = synced !== undefined && (await isOnChain(synced)) ? synced : undefined;
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
    const alerts = await applyAndCompare(block, changed);
    if (!isScannable || block.timestamp >= nextRecheck) nextRecheck = block.timestamp + recheckInterval;
    await store.expireReleases(escrow, block.timestamp);
    await store.setSyncedBlock(escrow, seller, block);
    for (const alert of alerts) for (const listener of listeners) listener(alert);
  }

  async function applyAndCompare(
    block: BlockReference,
    { accounts, signers }: Changes,
  ): Promise<readonly ChainAlert[]> {
    const thawsBefore = await Promise.all(accounts.map(thawOf));
    const endsBefore = await Promise.all(signers.map(endOf));
    const readings = accounts.map((account) => ({ account }));
    await readAndApply(block, readings, signers);
    const alerts: ChainAlert[] = [];
    for (const [index, account] of accounts.entries()) {
      const thawEndTime = await thawOf(account);
      if (thawEndTime !== 0n && thawEndTime !== thawsBefore[index]) alerts.push({ kind: "thaw", account, thawEndTime });
    }
    for (const [index, { buyer, signer }] of signers.entries()) {
      const validUntil = await endOf({ buyer, signer });
      if (validUntil !== endsBefore[index]) alerts.push({ kind: "signer", buyer, signer, validUntil });
    }
    return alerts;
  }

  async function thawOf(account: AccountId): Promise<bigint> {
    const state = await store.getAccount(account);
    return state === undefined || state.thawing === 0n ? 0n : state.thawEndTime;
  }

  async function endOf({ buyer, signer }: SignerReading): Promise<bigint> {
    return (await store.getSigner(escrow, buyer, signer))?.validUntil ?? 0n;
  }

  /**
   * Does reads that may be done now, together. A pass goes first: no account is ever read above the last synced block, so a
   * re-organisation of what was read is always noticed.
   *
   * @returns Whether there are more.
   */
  async function serveReads(): Promise<boolean> {
    let reads: readonly PendingRead<RefreshParameters>[] = [];
    try {
      const block = await pass();
      reads = queue.take(block.number, READS_AT_ONCE);
      const accounts = mergeReads(reads);
      const known = await changes.findSignersOf(accounts.map(({ account }) => account));
      await readAndApply(block, accounts, distinctSigners([...signersOf(reads), ...known]));
      for (const { resolve } of reads) resolve();
    } catch (error) {
      for (const { reject } of reads) reject(error);
      // Before anything was taken, the failure is everybody's.
      if (reads.length === 0) queue.rejectAll(error);
    }
    return lastSynced !== undefined && queue.hasReady(lastSynced.number);
  }

  async function rankOf(account: AccountId, isUnproven: boolean): Promise<ReadRank> {
    if (isUnproven) return "unproven";
    const state = await store.getAccount(account);
    return state !== undefined && state.owed > 0n ? "owed" : "proven";
  }

  const readPoller = createPoller({
    interval: pollingInterval,
    run: async () => {
      let isMore = true;
      while (isMore && !isStopping) isMore = await inTurn(serveReads);
      return queue.size > 0;
    },
  });
  const passPoller = createPoller({
    interval: pollingInterval,
    run: async () => {
      await inTurn(pass);
      return true;
    },
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  });

  return {
    escrow,
    seller,
    get lastSyncedBlock() {
      return lastSynced;
    },
    start: () => {
      passPoller.start();
    },
    stop: async () => {
      isStopping = true;
      queue.rejectAll(new ChainUnavailableError("the view of the chain was stopped", undefined));
      await Promise.all([passPoller.stop(), readPoller.stop()]);
      isStopping = false;
    },
    sync: () => inTurn(pass),
    refreshAccount: async (parameters) => {
      const account = toAccountId(parameters.account);
      const rank = await rankOf(account, parameters.isUnproven ?? false);
      const waiting = queue.add({ ...parameters, account }, rank);
      readPoller.start();
      await waiting;
    },
    whoSigned: (voucher, signature, key) =>
      readWhoSigned(client, { escrow: escrow.escrow, voucher, signature, key, multicallAddress }),
    onAlert: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Few enough that whoever is owed money never waits long for strangers' reads that were begun before. */
const READS_AT_ONCE = 250;

/** Below the first block: everything the chain said is in doubt. */
const EVERY_BLOCK = -1n;

/** One reading an account, with every lane any of the waiting asks for. */
function mergeReads(reads: readonly PendingRead<RefreshParameters>[]): readonly RefreshParameters[] {
  const merged = new Map<string, { account: AccountId; lanes: readonly Hex[] }>();
  for (const { parameters } of reads) {
    const key = accountKey(parameters.account);
    const lanes = [...(merged.get(key)?.lanes ?? []), ...(parameters.lanes ?? [])];
    merged.set(key, { account: parameters.account, lanes });
  }
  return [...merged.values()];
}

function signersOf(reads: readonly PendingRead<RefreshParameters>[]): readonly SignerReading[] {
  return reads.flatMap(({ parameters: { account, signers = [] } }) =>
    signers.map((signer) => ({ buyer: account.buyer, signer: toAddress(signer) })),
  );
}
