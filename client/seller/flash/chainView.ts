import type { Address, Hex } from "viem";
import { smallest } from "../../core/amounts.ts";
import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { escrowId } from "../../flash/hash.ts";
import { ChainUnavailableError } from "../core/errors.ts";
import { createAlerts } from "../core/alerts.ts";
import { createChainWork, EVERY_BLOCK } from "../core/chainWork.ts";
import { toAddress } from "../core/keys.ts";
import type { ReadRank } from "../core/readQueue.ts";
import { createChainCheck, isOnChain, readBlock } from "../core/rpc.ts";
import type { BlockReference } from "../core/types.ts";
import { findEvents, type FoundEvents } from "./chain/events.ts";
import { readEscrows, type EscrowReading } from "./chain/read.ts";
import { escrowKey, toEscrowId, toSettlementId } from "./keys.ts";
import { MAX_NONCE_WINDOW } from "./limits.ts";
import type {
  FlashChainAlert,
  FlashChainView,
  FlashEscrowId,
  FlashEscrowState,
  FlashStore,
  RefreshEscrowOptions,
  SettlementId,
} from "./types.ts";

/** Settings of {@link createFlashChainView}. */
export interface FlashChainViewOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  readonly store: FlashStore;
  /**
   * Blocks that must follow a block before what it raised counts: openings, top-ups, settlements. The server's choice: what a
   * re-organisation deeper than this takes back was never there. Zero only on a chain that cannot re-organise.
   */
  readonly confirmations: number;
  /** Milliseconds between passes; 2,000 by default. */
  readonly pollingInterval?: number;
  /** Most blocks of one request for events; 1,000 by default. */
  readonly maxBlockRange?: bigint;
  /** Most blocks that are scanned after a pause; beyond that every escrow is read again. 50,000 by default. */
  readonly maxScan?: bigint;
  /**
   * Seconds of block time after which escrows in use are read again, whatever events say; 60 by default. Acceptance counts the close delay from
   * the block of an escrow's own last read (R2), so this must stay well below what `minCloseDelay` exceeds `settleSeconds` by. Escrows
   * that were not in use since are read when they are used again.
   */
  readonly recheckInterval?: bigint;
  /** Multicall3; its canonical address by default. */
  readonly multicallAddress?: Address;
  /** Most values of one Multicall3 request; 500 by default. */
  readonly batchSize?: number;
  /** Most reads that wait; 1,000 by default. Escrows that the store does not know fill half of it at most. */
  readonly maxPendingReads?: number;
  /** Told about passes that failed. They are tried again. */
  readonly onError?: (error: unknown) => void;
}

/** An escrow that somebody waits for. */
interface EscrowRequest extends RefreshEscrowOptions {
  readonly escrow: FlashEscrowId;
}

/** The blocks of one pass. */
interface Blocks {
  readonly confirmed: BlockReference;
  readonly head: BlockReference;
}

/**
 * Makes the view of the chain of one server.
 *
 * Events only say which escrows to look at: their state is then read whole, never summed up. Nothing relies on events for safety: how old an
 * escrow's own read is decides how long it is accepted on.
 *
 * @param options - {@link FlashChainViewOptions}.
 * @returns The view; call {@link FlashChainView.sync} once before the first request, then {@link FlashChainView.start}.
 *
 * @example
 * const chain = createFlashChainView({ client, settlement: { chainId: 8453n, settlement }, server, store, confirmations: 2 });
 * await chain.sync();
 * chain.start();
 */
export function createFlashChainView(options: FlashChainViewOptions): FlashChainView {
  const { client, store, pollingInterval = 2_000, maxBlockRange = 1_000n, maxScan = 50_000n } = options;
  const { recheckInterval = 60n, batchSize = 500, multicallAddress = MULTICALL3_ADDRESS } = options;
  const settlement = toSettlementId(options.settlement);
  const server = toAddress(options.server);
  const confirmations = BigInt(options.confirmations);
  const checkChain = createChainCheck(client, settlement.chainId);
  const alerts = createAlerts<FlashChainAlert>();
  /** Escrows whose events are looked for. */
  const watched = new Map<Hex, FlashEscrowId>();
  /** Accepted totals at the last recheck: what has not moved since is not in use. */
  let acceptedThen = new Map<string, bigint>();
  let confirmedBlock: BlockReference | undefined;
  let lastHead: (BlockReference & { readonly seenAt: number }) | undefined;
  /** Block time at which escrows in use are read again, unix seconds. */
  let nextRecheck = 0n;

  async function readBlocks(): Promise<Blocks> {
    await checkChain();
    const head = await readBlock(client);
    if (lastHead === undefined || head.hash !== lastHead.hash) lastHead = { ...head, seenAt: performance.now() };
    if (confirmations === 0n) return { head, confirmed: head };
    const depth = head.number > confirmations ? head.number - confirmations : 0n;
    return { head, confirmed: await readBlock(client, depth) };
  }

  async function toReading(escrow: FlashEscrowId): Promise<EscrowReading> {
    const state = await store.getEscrow(escrow);
    const [items, lanes] = await Promise.all([store.listUnsettledOf(escrow), store.listLanes(escrow)]);
    const base = state?.nonceBase ?? 0n;
    const words = new Set<bigint>();
    for (let word = base >> 8n; word <= (base + MAX_NONCE_WINDOW - 1n) >> 8n; word += 1n) words.add(word);
    for (const { item } of items) if (item.kind === "payment") words.add(item.nonce >> 8n);
    return {
      escrow,
      epoch: state?.confirmed.epoch ?? 0n,
      words: [...words],
      lanes: lanes.map(({ lane }) => lane),
      transactions: items.flatMap(({ item }) => (item.kind === "transaction" ? [item] : [])),
      releases: state?.releases.map(({ authorization: { nonce } }) => nonce) ?? [],
    };
  }

  async function readAndApply({ confirmed, head }: Blocks, escrows: readonly FlashEscrowId[]): Promise<void> {
    if (escrows.length === 0) return;
    const readings = await Promise.all(escrows.map(toReading));
    const updates = await readEscrows(client, { settlement, confirmed, head, readings, multicallAddress, batchSize });
    // A node names blocks by number: what it answered belongs to this block only if it is still there.
    if (!(await isOnChain(client, confirmed))) throw new ChainUnavailableError("the chain was re-organised", undefined);
    await store.applyChain(updates);
    for (const escrow of escrows) {
      if ((await store.getEscrow(escrow)) !== undefined) watched.set(escrowId(escrow), escrow);
    }
  }

  async function pass(): Promise<Blocks> {
    const blocks = await readBlocks();
    const { confirmed, head } = blocks;
    const synced = confirmedBlock ?? (await store.getSyncedBlock(settlement, server));
    // A node behind the others, or a shorter branch: nothing new to see until it has grown.
    if (synced !== undefined && confirmed.number < synced.number) return { confirmed: synced, head };
    const from = synced !== undefined && (await isOnChain(client, synced)) ? synced : undefined;
    if (from === undefined && synced !== undefined) await store.rewindChain(settlement, EVERY_BLOCK);
    const escrows = await findChanged(from, blocks);
    const before = await Promise.all(escrows.map(standingOf));
    await readAndApply(blocks, escrows);
    await store.setSyncedBlock(settlement, server, confirmed);
    confirmedBlock = confirmed;
    await alert(escrows, before);
    return blocks;
  }

  /** What to read again: what events name, up to the head because what it lowers counts at once, and in turn what is in use. */
  async function findChanged(from: BlockReference | undefined, { confirmed, head }: Blocks) {
    const isScannable = from !== undefined && head.number - from.number <= maxScan;
    const isRecheck = !isScannable || confirmed.timestamp >= nextRecheck;
    const states = isRecheck ? await store.listEscrows({ ...settlement, server }) : [];
    for (const { escrow } of states) watched.set(escrowId(escrow), escrow);
    if (isRecheck) nextRecheck = confirmed.timestamp + recheckInterval;
    const inUse = states.filter(isInUse).map(({ escrow }) => escrow);
    acceptedThen = isRecheck ? new Map(states.map((state) => [escrowKey(state.escrow), state.accepted])) : acceptedThen;
    if (!isScannable) return states.map(({ escrow }) => escrow);
    const { touched, fallbacks } = await findEvents(client, {
      settlement: settlement.settlement,
      ids: new Set(watched.keys()),
      fromBlock: from.number + 1n,
      toBlock: head.number,
      maxRange: maxBlockRange,
    });
    await noteFallbacks(fallbacks);
    const changed = [...touched].flatMap((id) => watched.get(id) ?? []);
    return [...new Map([...changed, ...inUse].map((escrow) => [escrowKey(escrow), escrow])).values()];
  }

  /** Part of the pass, so that no end of the process comes in between. */
  async function noteFallbacks(fallbacks: FoundEvents["fallbacks"]): Promise<void> {
    for (const { id, epoch } of fallbacks) {
      const escrow = watched.get(id);
      if (escrow !== undefined) await store.noteImpaired(escrow, epoch);
    }
  }

  function isInUse({ escrow, accepted, unsettled, releases }: FlashEscrowState): boolean {
    return unsettled > 0n || releases.length > 0 || acceptedThen.get(escrowKey(escrow)) !== accepted;
  }

  /** Whether an escrow is open and stays so, as the server sees it. */
  async function standingOf(
    escrow: FlashEscrowId,
  ): Promise<{ readonly isLeaving: boolean; readonly unlockAt: bigint }> {
    const state = await store.getEscrow(escrow);
    if (state === undefined) return { isLeaving: false, unlockAt: 0n };
    const { confirmed, head } = state;
    const isLeaving =
      confirmed.isOpen &&
      [confirmed, head].some((read) => read.isClosedByClient || read.isClosedByServer || !read.isOpen);
    return { isLeaving, unlockAt: smallest(confirmed.unlockAt, head.unlockAt) };
  }

  async function alert(escrows: readonly FlashEscrowId[], before: readonly { readonly isLeaving: boolean }[]) {
    for (const [index, escrow] of escrows.entries()) {
      const { isLeaving, unlockAt } = await standingOf(escrow);
      if (!isLeaving || before[index]?.isLeaving === true) continue;
      alerts.tell({ kind: "closing", escrow, unlockAt });
    }
  }

  async function rankOf(escrow: FlashEscrowId): Promise<ReadRank> {
    const state = await store.getEscrow(escrow);
    if (state === undefined) return "unproven";
    return state.unsettled > 0n ? "owed" : "proven";
  }

  const work = createChainWork<Blocks, EscrowRequest>({
    interval: pollingInterval,
    maxPendingReads: options.maxPendingReads ?? 1_000,
    pass,
    blockOf: ({ confirmed }) => confirmed.number,
    readAll: async (blocks, requests) => {
      const escrows = new Map(requests.map(({ escrow }) => [escrowKey(escrow), escrow]));
      await readAndApply(blocks, [...escrows.values()]);
    },
    onError: options.onError,
  });

  return {
    settlement,
    server,
    get confirmedBlock() {
      return confirmedBlock;
    },
    get chainTime() {
      if (lastHead === undefined) return undefined;
      return lastHead.timestamp + BigInt(Math.floor((performance.now() - lastHead.seenAt) / 1_000));
    },
    start: () => {
      work.start();
    },
    stop: () => work.stop(),
    sync: async () => (await work.pass()).confirmed,
    refreshEscrow: async (id, refresh = {}) => {
      const escrow = toEscrowId(id);
      await work.read({ escrow, ...refresh }, await rankOf(escrow));
    },
    onAlert: alerts.onAlert,
  };
}
