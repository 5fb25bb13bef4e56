import type { Address, Hash, Hex, TransactionReceipt } from "viem";
import { simulateContract } from "viem/actions";
import { flashSettlementAbi } from "../../abi/index.ts";
import { largest } from "../../core/amounts.ts";
import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import { sendAggregated } from "../../core/permit.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { settleBatch } from "../../flash/actions/settleBatch.ts";
import { settleSignedTransaction } from "../../flash/actions/settleSignedTransaction.ts";
import { decodeFlashError } from "../../flash/errors.ts";
import type { Settlement } from "../../flash/events.ts";
import { quoteBatch } from "../../flash/quote.ts";
import { escrowId } from "../../flash/hash.ts";
import { createBackground, NEVER } from "../core/background.ts";
import { systemClock } from "../core/clock.ts";
import { toError } from "../core/errors.ts";
import { toAddress } from "../core/keys.ts";
import { ask } from "../core/rpc.ts";
import { orAbort } from "../core/orAbort.ts";
import { sendWithFees, type SendFees } from "../core/sendWithFees.ts";
import { createSerial } from "../core/serial.ts";
import { SettlementFailedError } from "./errors.ts";
import { escrowKey, toSettlementId } from "./keys.ts";
import { DEFAULT_FLASH_LIMITS } from "./limits.ts";
import {
  DEFAULT_SETTLE_GAS,
  scaleGas,
  splitIntoShipments,
  toSingle,
  toWaves,
  withoutItems,
  type Batch,
  type Bundle,
  type SettleGasModel,
  type Shipment,
  type Single,
} from "./settle/batches.ts";
import { bundleCalls, tryBundle } from "./settle/bundles.ts";
import {
  allFailed,
  createSettleAttempts,
  readQuote,
  readReceipt,
  refusalOf,
  type ReceiptReading,
} from "./settle/outcomes.ts";
import { planSettlement, type PlannedEscrow } from "./settle/plan.ts";
import type {
  FlashChainView,
  FlashEscrowId,
  FlashSettler,
  FlashStore,
  PublishedTab,
  SettledItem,
  SettleFailure,
  SettlementId,
  SettlePolicy,
  SettleProgress,
  SettleReport,
  UnsettledItem,
} from "./types.ts";

/** Settings of {@link createFlashSettler}. */
export interface FlashSettlerOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Sends the settlements and pays their gas: the server's own account, or one that it set as its settler. */
  readonly wallet: WriteClient;
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  readonly store: FlashStore;
  readonly chain: FlashChainView;
  readonly policy?: SettlePolicy;
  /** T, see `FlashLimits.settleSeconds`. */
  readonly settleSeconds?: bigint;
  /** What differs from the default gas limits. */
  readonly gas?: Partial<SettleGasModel>;
  /** Multicall3, through which signed transactions share one; its canonical address by default. */
  readonly multicallAddress?: Address;
  /** Milliseconds between two looks at what is due; 5,000 by default. */
  readonly pollingInterval?: number;
  /** Milliseconds without a receipt after which a transaction is sent again with higher fees; 30,000 by default. */
  readonly replaceAfter?: number;
  /** Milliseconds to wait for a receipt in all; 180,000 by default. */
  readonly receiptTimeout?: number;
  /** Told about everything, failures above all: a settler that fails unseen loses money. */
  readonly onProgress: (progress: SettleProgress) => void;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
}

/** What was sent, and what it says. */
interface Sent {
  readonly receipts: readonly TransactionReceipt[];
  readonly failures: ReadonlyMap<Hex, SettleFailure>;
  readonly paid: readonly Settlement[];
  /** Transactions by digest of the items that they took. */
  readonly takenBy: ReadonlyMap<Hex, Hash>;
}

/** What one shipment did; without a receipt nothing was sent. */
interface SentShipment extends ReceiptReading {
  readonly receipt?: TransactionReceipt;
}

type SentEntry = readonly [Shipment, SentShipment];

const MAX_GAS_DOUBLINGS = 3;
/** Escrows that are read again together; the view of the chain holds more than this, whatever strangers ask of it. */
const READS_AT_ONCE = 250;

/**
 * Makes the settler of one server: one for all of its processes, or they pay for the same items' gas twice.
 *
 * It never counts a receipt: whether an item is settled is what the store says after the escrow was read at the depth the server chose.
 *
 * @param options - {@link FlashSettlerOptions}.
 * @returns The settler, standing still.
 *
 * @example
 * const settler = createFlashSettler({ client, wallet, settlement, server, store, chain, onProgress: console.log });
 * settler.start();
 */
export function createFlashSettler(options: FlashSettlerOptions): FlashSettler {
  const { client, wallet, store, chain, onProgress, policy = {}, clock = systemClock } = options;
  const {
    settleSeconds = DEFAULT_FLASH_LIMITS.settleSeconds,
    replaceAfter = 30_000,
    receiptTimeout = 180_000,
  } = options;
  const { pollingInterval = 5_000, multicallAddress = MULTICALL3_ADDRESS } = options;
  const settlement = toSettlementId(options.settlement);
  const server = toAddress(options.server);
  const model: SettleGasModel = { ...DEFAULT_SETTLE_GAS, ...options.gas };
  const inTurn = createSerial();
  const attempts = createSettleAttempts();
  let gasDoublings = 0;
  /** Whether a transaction was sent of which nobody knows yet what it did. */
  let isUnsure = false;

  function readClock(): bigint {
    return largest(clock(), chain.chainTime ?? 0n);
  }

  async function plan(isAll: boolean, signal: AbortSignal): Promise<readonly PlannedEscrow[]> {
    const id = { ...settlement, server };
    if (isUnsure) {
      // A transaction whose fate is unknown may have settled them: without this look their rows would be paid for again.
      await reconcile(escrowsOf(await store.listUnsettled(id)), 0n, signal);
      isUnsure = false;
    }
    const now = readClock();
    const unsettled = await store.listUnsettled(id);
    for (const gone of attempts.forget(unsettled)) {
      if (await isLost(gone.item)) onProgress({ kind: "lost", item: gone });
    }
    const items = attempts.ready(unsettled, now, isAll);
    if (items.length === 0) return [];
    const states = await Promise.all(escrowsOf(items).map((escrow) => store.getEscrow(escrow)));
    const known = states.filter((state) => state !== undefined);
    return planSettlement({ items, states: known, policy, settleSeconds, now, isAll });
  }

  async function run(isAll: boolean, signal: AbortSignal): Promise<SettleReport> {
    const planned = await plan(isAll, signal);
    if (planned.length === 0) return EMPTY_REPORT;
    const gas = scaleGas(model, gasDoublings);
    // What failed in a bundle may be covered in part only.
    const shipments = splitIntoShipments(planned, gas, (item) => attempts.hasFailed(item));
    const count = planned.reduce((sum, { items }) => sum + items.length, 0);
    onProgress({ kind: "planned", items: count, transactions: shipments.length });
    isUnsure = true;
    const sent = await sendAll(shipments, signal);
    const lastBlock = largest(0n, ...sent.receipts.map(({ blockNumber }) => blockNumber));
    await reconcile(
      planned.map(({ state }) => state.escrow),
      lastBlock,
      signal,
    );
    isUnsure = false;
    const report = await toReport(planned, sent);
    onProgress({ kind: "reconciled", report });
    return report;
  }

  async function sendAll(shipments: readonly Shipment[], signal: AbortSignal): Promise<Sent> {
    const receipts: TransactionReceipt[] = [];
    const failures = new Map<Hex, SettleFailure>();
    const paid: Settlement[] = [];
    const takenBy = new Map<Hex, Hash>();
    for (const [shipment, { receipt, ...reading }] of await sendInWaves(shipments, signal)) {
      for (const [digest, failure] of reading.failures) failures.set(digest, failure);
      paid.push(...reading.paid);
      if (receipt === undefined) continue;
      receipts.push(receipt);
      for (const { item } of shipment.items) {
        const { digest } = item.item;
        if (!reading.failures.has(digest)) takenBy.set(digest, receipt.transactionHash);
      }
    }
    return { receipts, failures, paid, takenBy };
  }

  /** Batches and bundles one after the other; what goes alone many at once, or each would take a block. */
  async function sendInWaves(shipments: readonly Shipment[], signal: AbortSignal): Promise<readonly SentEntry[]> {
    const sent: SentEntry[] = [];
    for (const wave of toWaves(shipments)) {
      signal.throwIfAborted();
      const results = await Promise.allSettled(wave.map((shipment) => sendLive(shipment, signal)));
      for (const result of results) {
        if (result.status === "rejected") throw result.reason;
        sent.push(...result.value);
      }
    }
    return sent;
  }

  /** What the contract would skip of a batch that reverted, or of which items were skipped before: their gas is saved. */
  async function findDead(shipment: Batch): Promise<ReadonlyMap<Hex, SettleFailure>> {
    const isDoubtful = gasDoublings > 0 || shipment.items.some(({ item }) => attempts.hasFailed(item));
    if (!isDoubtful) return new Map();
    const { groups } = shipment;
    const account = wallet.account?.address ?? server;
    const quotes = await ask("a quote", () =>
      quoteBatch(client, { ...settlement, groups, allowPartial: true, account }),
    );
    return readQuote(shipment, quotes);
  }

  async function sendLive(shipment: Shipment, signal: AbortSignal): Promise<readonly SentEntry[]> {
    switch (shipment.kind) {
      case "batch":
        return [[shipment, await sendBatch(shipment, signal)]];
      case "bundle":
        return sendBundle(shipment, signal);
      case "transaction":
        return [[shipment, await sendSingle(shipment, signal)]];
    }
  }

  async function sendBatch(batch: Batch, signal: AbortSignal): Promise<SentShipment> {
    const dead = await findDead(batch);
    const live = dead.size === 0 ? batch : withoutItems(batch, new Set(dead.keys()));
    if (live === undefined) return { failures: dead, paid: [] };
    const sent = await sendOne(live, signal);
    return { ...sent, failures: new Map([...sent.failures, ...dead]) };
  }

  /** Asking costs nothing. What is covered in part only goes alone, with the server's right to take that part. */
  async function sendBundle(bundle: Bundle, signal: AbortSignal): Promise<readonly SentEntry[]> {
    const account = wallet.account ?? server;
    const trial = { settlement: settlement.settlement, multicall: multicallAddress, account, bundle };
    const refused = await tryBundle(client, trial);
    const settled = bundle.items.filter(({ item }) => !refused.has(item.item.digest));
    const alone = bundle.items.filter(({ item }) => refused.get(item.item.digest) === "NotCovered");
    const sent: SentEntry[] = [];
    if (settled.length > 1) {
      const rest: Bundle = { ...bundle, items: settled };
      sent.push([rest, await sendOne(rest, signal)]);
    }
    for (const entry of settled.length === 1 ? [...settled, ...alone] : alone) {
      const single = toSingle(entry, scaleGas(model, gasDoublings));
      sent.push([single, await sendSingle(single, signal)]);
    }
    const dead = new Map([...refused].filter(([, failure]) => failure !== "NotCovered"));
    return dead.size === 0 ? sent : [...sent, [bundle, { failures: dead, paid: [] }]];
  }

  async function sendSingle(single: Single, signal: AbortSignal): Promise<SentShipment> {
    const refused = await askFirst(single.rawTransaction);
    return refused === undefined ? sendOne(single, signal) : { failures: allFailed(single, refused), paid: [] };
  }

  /** From the moment it is sent, everybody has what it carries. */
  async function notePublished({ items }: Shipment): Promise<void> {
    const published = new Map<string, { escrow: FlashEscrowId; epoch: bigint; tabs: PublishedTab[] }>();
    for (const { item: unsettled } of items) {
      const { escrow, epoch, item } = unsettled;
      if (item.kind !== "tab") continue;
      const entry = published.get(escrowKey(escrow)) ?? { escrow, epoch, tabs: [] };
      published.set(escrowKey(escrow), entry);
      entry.tabs.push({ lane: item.lane, total: item.total });
    }
    for (const { escrow, epoch, tabs } of published.values()) await store.notePublished(escrow, epoch, tabs);
  }

  async function sendOne(shipment: Shipment, signal: AbortSignal): Promise<SentShipment> {
    await notePublished(shipment);
    let receipt: TransactionReceipt;
    try {
      receipt = await send(shipment, signal);
    } catch (error) {
      // Some nodes try a transaction before they take it.
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      noteGas(false);
      return { failures: allFailed(shipment, refusal), paid: [] };
    }
    onProgress({ kind: "mined", hash: receipt.transactionHash, gasUsed: receipt.gasUsed });
    noteGas(receipt.status === "success");
    return { ...readReceipt(settlement.settlement, shipment, receipt), receipt };
  }

  /** Whatever a batch reverts with: nothing of it does but too little gas, and gas that is not used costs nothing. */
  function noteGas(isEnough: boolean): void {
    gasDoublings = isEnough ? 0 : Math.min(gasDoublings + 1, MAX_GAS_DOUBLINGS);
  }

  /** A signed transaction may have landed by itself: asking costs nothing, a transaction that reverts does. */
  async function askFirst(rawTransaction: Hex): Promise<SettleFailure | undefined> {
    try {
      await simulateContract(client, {
        address: settlement.settlement,
        abi: flashSettlementAbi,
        functionName: "settleSignedTransaction",
        args: [rawTransaction, true],
        account: wallet.account ?? server,
      });
      return undefined;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal;
    }
  }

  function send(shipment: Shipment, signal: AbortSignal): Promise<TransactionReceipt> {
    const { gas } = shipment;
    const how = { settlement: settlement.settlement, allowPartial: true } as const;
    // Never an estimate: a node finds the least gas at which the transaction succeeds, and it succeeds with every row skipped.
    const sendOnce = (fees: SendFees): Promise<Hash> => {
      switch (shipment.kind) {
        case "batch":
          return settleBatch(wallet, { ...how, groups: shipment.groups, ...fees, gas });
        case "bundle": {
          const calls = bundleCalls(settlement.settlement, shipment);
          return sendAggregated(wallet, { multicall: multicallAddress, ...fees, gas }, calls, decodeFlashError);
        }
        case "transaction":
          return settleSignedTransaction(wallet, { ...how, rawTransaction: shipment.rawTransaction, ...fees, gas });
      }
    };
    return sendWithFees({
      client,
      wallet,
      send: sendOnce,
      replaceAfter,
      timeout: receiptTimeout,
      pollingInterval: Math.min(pollingInterval, 1_000),
      signal,
      onSent: (hash) => {
        onProgress({ kind: "sent", hash, items: shipment.items.length });
      },
      onStuck: (nonce) => {
        onProgress({ kind: "stuck", nonce });
      },
      onReplaced: (hash, by) => {
        onProgress({ kind: "replaced", hash, by });
      },
    });
  }

  /** Reads escrows at the depth the server chose, once it holds the block, so that the store knows what was settled, by whomever. */
  async function reconcile(escrows: readonly FlashEscrowId[], minBlock: bigint, signal: AbortSignal): Promise<void> {
    for (let start = 0; start < escrows.length; start += READS_AT_ONCE) {
      const part = escrows.slice(start, start + READS_AT_ONCE);
      await orAbort(signal, Promise.all(part.map((escrow) => chain.refreshEscrow(escrow, { minBlock, signal }))));
    }
  }

  async function toReport(
    planned: readonly PlannedEscrow[],
    { receipts, failures, paid, takenBy }: Sent,
  ): Promise<SettleReport> {
    const judged = await Promise.all(planned.map((escrow) => judge(escrow, failures)));
    const items = judged.flat();
    await noteFailures(items);
    await noteTransactions(items, takenBy);
    const names = new Map(planned.map(({ state }) => [escrowId(state.escrow), state.escrow]));
    await noteFallbacks(paid, names);
    return {
      transactions: receipts.map(({ transactionHash }) => transactionHash),
      items,
      fromWallet: sumByToken(paid, names, ({ fromWallet }) => fromWallet),
      fromEscrow: sumByToken(paid, names, ({ fromEscrow }) => fromEscrow),
      gasUsed: receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    };
  }

  async function judge(
    { state, items, reason }: PlannedEscrow,
    told: Sent["failures"],
  ): Promise<readonly SettledItem[]> {
    const after = await store.getEscrow(state.escrow);
    const isPaid = after?.confirmed.epoch === state.confirmed.epoch && after.unsettled === 0n;
    const left = new Set((await store.listUnsettledOf(state.escrow)).map(({ item }) => item.digest));
    const judged: SettledItem[] = [];
    for (const item of items) {
      const { digest } = item.item;
      const failure = failureOf(told.get(digest), left.has(digest), isPaid);
      // Somebody else was faster, which no receipt says: a transaction of its own reverts for that too.
      const isSettled = failure === "Reverted" && (await store.getItem(state.escrow, digest))?.status === "settled";
      judged.push({ item, reason, ...(failure === undefined || isSettled ? {} : { failure }) });
    }
    return judged;
  }

  async function noteFailures(items: readonly SettledItem[]): Promise<void> {
    const now = readClock();
    for (const item of items) {
      if (item.failure === undefined) continue;
      attempts.fail(item, now);
      if ((await isLost(item.item)) && attempts.giveUp(item)) onProgress({ kind: "lost", item });
    }
  }

  /**
   * Whether nothing can come of an item that failed, by what the view of the chain has read. What one answer of a node says is not enough:
   * one that is behind knows neither the escrow nor its epoch.
   */
  async function isLost({ escrow, epoch, item }: UnsettledItem): Promise<boolean> {
    const state = await store.getEscrow(escrow);
    const found = await store.getItem(escrow, item.digest);
    if (state === undefined || state.isStale || found?.status === "settled") return false;
    if (state.confirmed.epoch > epoch) return true;
    // A tab that is not found has given way to a later one of its lane.
    const isHeld = found !== undefined;
    return isHeld && item.deadline !== 0n && item.deadline < state.head.block.timestamp;
  }

  /** Clients may ask which transaction settled what they paid. */
  async function noteTransactions(items: readonly SettledItem[], takenBy: Sent["takenBy"]): Promise<void> {
    const batches = new Map<string, { escrow: FlashEscrowId; hash: Hash; digests: Hash[] }>();
    for (const { item, failure } of items) {
      const hash = failure === undefined ? takenBy.get(item.item.digest) : undefined;
      if (hash === undefined) continue;
      const key = `${escrowKey(item.escrow)} ${hash}`;
      const batch = batches.get(key) ?? { escrow: item.escrow, hash, digests: [] };
      batches.set(key, batch);
      batch.digests.push(item.item.digest);
    }
    for (const { escrow, hash, digests } of batches.values()) await store.noteSettled(escrow, digests, hash);
  }

  /** R10: whoever's wallet failed once may fail again; R1 holds all the same. */
  async function noteFallbacks(paid: readonly Settlement[], names: ReadonlyMap<Hex, FlashEscrowId>): Promise<void> {
    for (const { id, epoch, fromEscrow } of paid) {
      const escrow = names.get(id);
      if (escrow === undefined || fromEscrow === 0n) continue;
      await store.noteImpaired(escrow, epoch);
      onProgress({ kind: "impaired", escrow, epoch, fromEscrow });
    }
  }

  async function settleNow(signal: AbortSignal): Promise<SettleReport> {
    const report = await run(true, signal);
    if (report.items.some(({ failure }) => failure !== undefined)) throw new SettlementFailedError(report);
    return report;
  }

  function tellFailure(error: unknown, retryInMilliseconds: number): void {
    onProgress({ kind: "failed", error: toError(error), retryInMilliseconds });
  }

  const background = createBackground({
    interval: pollingInterval,
    run: async (signal) => {
      const report = await inTurn(() => run(false, signal));
      // No reason to throw, which would make every other item wait as well.
      if (report.items.some(({ failure }) => failure !== undefined)) {
        tellFailure(new SettlementFailedError(report), pollingInterval);
      }
    },
    onFailure: tellFailure,
    onAlert: (listener) => chain.onAlert(listener),
  });

  return {
    start: () => {
      background.start();
    },
    stop: async ({ settle = false, signal = NEVER } = {}) => {
      await background.stop(signal);
      if (settle) await inTurn(() => settleNow(signal));
    },
    settleDue: ({ signal = NEVER } = {}) => inTurn(() => run(false, signal)),
    settleNow: ({ signal = NEVER } = {}) => inTurn(() => settleNow(signal)),
  };
}

const EMPTY_REPORT: SettleReport = {
  transactions: [],
  items: [],
  fromWallet: new Map(),
  fromEscrow: new Map(),
  gasUsed: 0n,
};

function escrowsOf(items: readonly UnsettledItem[]): readonly FlashEscrowId[] {
  return [...new Map(items.map(({ escrow }) => [escrowKey(escrow), escrow])).values()];
}

/**
 * What became of an item: what the contract said of it, unless that means that the server has been paid.
 *
 * @param isLeft - Whether the store still lists it. It lists nothing of an epoch that ended, and nothing past its deadline.
 * @param isPaid - Whether the server has everything it accepted in this epoch, in whatever way.
 */
function failureOf(told: SettleFailure | undefined, isLeft: boolean, isPaid: boolean): SettleFailure | undefined {
  if (told === "Used") return isLeft ? told : undefined;
  if (told !== undefined && told !== "NotCovered" && told !== "Pending") return told;
  if (isPaid || (told !== "NotCovered" && !isLeft)) return undefined;
  return told ?? "Pending";
}

function sumByToken(
  paid: readonly Settlement[],
  names: ReadonlyMap<Hex, FlashEscrowId>,
  amountOf: (escrow: Settlement) => bigint,
): ReadonlyMap<Address, bigint> {
  const sums = new Map<Address, bigint>();
  for (const escrow of paid) {
    const token = names.get(escrow.id)?.token;
    if (token !== undefined) sums.set(token, (sums.get(token) ?? 0n) + amountOf(escrow));
  }
  return sums;
}
