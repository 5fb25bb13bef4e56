import type { Address, Hash, TransactionReceipt } from "viem";
import { getGasPrice, waitForTransactionReceipt } from "viem/actions";
import { collect } from "../voucher/actions/collect.ts";
import { collectBatch } from "../voucher/actions/collectBatch.ts";
import { parseBatch } from "../voucher/events.ts";
import type { ReadClient } from "../voucher/read.ts";
import type { SkipReason } from "../voucher/types.ts";
import type { WriteClient } from "../voucher/write.ts";
import { largest, smallest } from "./bounds.ts";
import { splitIntoBatches, type Batch } from "./collect/batches.ts";
import { DEFAULT_GAS_MODEL, MAX_TRANSACTION_GAS, type GasModel } from "./collect/gas.ts";
import { planDue, type CollectPolicy, type PlannedLane } from "./collect/plan.ts";
import { ask } from "./chain/rpc.ts";
import { CollectionFailedError } from "./errors.ts";
import { accountKey, toAddress } from "./keys.ts";
import { DEFAULT_LIMITS, notBehindChain, systemClock } from "./limits.ts";
import { createPoller } from "./poller.ts";
import { sendInTurn } from "./sendInTurn.ts";
import { createSerial } from "./serial.ts";
import type {
  ChainView,
  CollectableLane,
  CollectedLane,
  Collector,
  CollectProgress,
  CollectReport,
  EscrowId,
  LaneId,
  VoucherStore,
} from "./types.ts";

/** Settings of {@link createCollector}. */
export interface CollectorOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Pays the gas: any relayer's wallet client. Relayers of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  readonly escrow: EscrowId;
  readonly seller: Address;
  readonly store: VoucherStore;
  readonly chainView: ChainView;
  readonly policy?: CollectPolicy;
  /** Seconds a collection may need; the acceptor's `collectionMargin`. */
  readonly collectionMargin?: bigint;
  /** What differs from the default gas limits; `transactionLimit` at most {@link MAX_TRANSACTION_GAS}. */
  readonly gas?: Partial<GasModel>;
  /** Milliseconds between two looks at what is due; 10,000 by default. */
  readonly pollingInterval?: number;
  /** Milliseconds to wait for a receipt; 120,000 by default. */
  readonly receiptTimeout?: number;
  /** Told about everything, failures above all: a collector that fails unseen loses money. */
  readonly onProgress: (progress: CollectProgress) => void;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
}

interface SendResult {
  readonly receipts: readonly TransactionReceipt[];
  /** What our receipts say about lanes without effect, by lane key. Only a hint: the chain's totals decide. */
  readonly hints: ReadonlyMap<string, SkipReason | "GroupFailed">;
}

/** Accounts that are read again together; the view of the chain holds more than this, whatever strangers ask of it. */
const READS_AT_ONCE = 250;

/** How often limits double while groups fail. */
const MAX_GAS_DOUBLINGS = 3;

/**
 * Makes the collector of one seller. One collector a seller: two would pay for the same vouchers' gas twice.
 *
 * @param options - {@link CollectorOptions}.
 * @returns The collector, standing still.
 *
 * @example
 * const collector = createCollector({ client, wallet, escrow, seller, store, chainView, onProgress: console.log });
 * collector.start();
 */
export function createCollector(options: CollectorOptions): Collector {
  const { client, wallet, store, chainView, onProgress } = options;
  const timeOf = notBehindChain(options.clock ?? systemClock, chainView);
  const { policy = {}, receiptTimeout = 120_000, collectionMargin = DEFAULT_LIMITS.collectionMargin } = options;
  const { chainId } = options.escrow;
  const escrow = toAddress(options.escrow.escrow);
  const seller = toAddress(options.seller);
  const inTurn = createSerial();
  let gasDoublings = 0;
  /** Whether a transaction was sent of which nobody knows yet what it did. */
  let isUnsure = false;
  let background = new AbortController();

  function gasModel(): GasModel {
    const model = { ...DEFAULT_GAS_MODEL, ...options.gas };
    const scale = 2n ** BigInt(gasDoublings);
    return {
      ...model,
      groupLimit: model.groupLimit * scale,
      rowLimit: model.rowLimit * scale,
      wideRowLimit: model.wideRowLimit * scale,
      transactionLimit: smallest(model.transactionLimit, MAX_TRANSACTION_GAS),
    };
  }

  async function listUncollected(signal: AbortSignal): Promise<readonly CollectableLane[]> {
    const parameters = { chainId, escrow, seller, onlyUncollected: true };
    const lanes = await store.listLanes(parameters);
    if (!isUnsure) return lanes;
    // A transaction whose fate is unknown may have collected them: without this look its rows would be paid for again.
    await reconcile(lanes, 0n, signal);
    isUnsure = false;
    return store.listLanes(parameters);
  }

  async function waitFor(hash: Hash, signal: AbortSignal): Promise<TransactionReceipt> {
    const receipt = await ask(`the receipt of ${hash}`, () =>
      orAbort(signal, waitForTransactionReceipt(client, { hash, timeout: receiptTimeout })),
    );
    onProgress({ kind: "mined", hash: receipt.transactionHash, gasUsed: receipt.gasUsed });
    return receipt;
  }

  async function sendBatch({ groups, gas, lanes }: Batch, signal: AbortSignal): Promise<TransactionReceipt> {
    // Never an estimate: a node finds the least gas at which the transaction succeeds, and it succeeds with every group failed.
    return sendInTurn(wallet, {
      send: (nonce) => collectBatch(wallet, { escrow, groups, gas, nonce }),
      wait: (hash) => {
        onProgress({ kind: "sent", hash, lanes: lanes.length });
        return waitFor(hash, signal);
      },
    });
  }

  async function send(batches: readonly Batch[], signal: AbortSignal): Promise<SendResult> {
    const receipts: TransactionReceipt[] = [];
    const hints = new Map<string, SkipReason | "GroupFailed">();
    for (const batch of batches) {
      signal.throwIfAborted();
      const receipt = await sendBatch(batch, signal);
      receipts.push(receipt);
      for (const [key, hint] of hintsOf(batch, receipt)) hints.set(key, hint);
    }
    return { receipts, hints };
  }

  function hintsOf({ lanes }: Batch, receipt: TransactionReceipt): ReadonlyMap<string, SkipReason | "GroupFailed"> {
    const hints = new Map<string, SkipReason | "GroupFailed">();
    const isReverted = receipt.status !== "success";
    const { skipped, failed } = parseBatch({ escrow, logs: receipt.logs });
    const failedAssets = new Set(failed.map(({ asset }) => toAddress(asset)));
    for (const { lane } of lanes) {
      if (isReverted || failedAssets.has(lane.lane.asset)) hints.set(laneKey(lane.lane), "GroupFailed");
    }
    for (const { voucherId, buyer, asset, reason } of skipped) {
      hints.set(
        laneKey({ chainId, escrow, seller, asset: toAddress(asset), buyer: toAddress(buyer), id: voucherId }),
        reason,
      );
    }
    // Whatever the group's error says: a token with too little gas fails as one that refuses, and gas that is not used costs nothing.
    const isShort = isReverted || failed.length > 0;
    gasDoublings = isShort ? Math.min(gasDoublings + 1, MAX_GAS_DOUBLINGS) : 0;
    return hints;
  }

  /** Reads every lane's account at the chosen depth, so that the store knows what was collected, by whomever. */
  async function reconcile(lanes: readonly CollectableLane[], minBlock: bigint, signal: AbortSignal): Promise<void> {
    const accounts = [...new Map(lanes.map(({ lane }) => [accountKey(lane), lane])).values()];
    for (let start = 0; start < accounts.length; start += READS_AT_ONCE) {
      const part = accounts.slice(start, start + READS_AT_ONCE);
      await Promise.all(part.map((account) => chainView.refreshAccount({ account, minBlock, signal })));
    }
  }

  async function judge(planned: readonly PlannedLane[], hints: SendResult["hints"]): Promise<readonly CollectedLane[]> {
    return Promise.all(
      planned.map(async ({ lane, reason }) => {
        const total = (await store.getLane(lane.lane))?.collected ?? lane.collected;
        const collected = total > lane.collected ? total - lane.collected : 0n;
        const outcome = { lane: lane.lane, reason, uncollected: lane.uncollected, collected };
        if (total >= lane.charged || (await isPaidElsewhere(lane.lane))) return outcome;
        const failure = collected > 0n ? "Partial" : (hints.get(laneKey(lane.lane)) ?? "NoBalance");
        return { ...outcome, failure };
      }),
    );
  }

  /** Whether the collection of a ceiling in another lane emptied the account and paid for this lane as well. */
  async function isPaidElsewhere(lane: LaneId): Promise<boolean> {
    const account = await store.getAccount(lane);
    return account?.balance === 0n && account.owed === 0n;
  }

  /**
   * A contract wallet that needs more gas than a batch gives it is asked by a collection of its own, with all gas. That collection takes
   * the whole ceiling, so it is made only where the whole ceiling was charged.
   */
  async function retryWallets(
    planned: readonly PlannedLane[],
    outcomes: readonly CollectedLane[],
    signal: AbortSignal,
  ): Promise<readonly TransactionReceipt[]> {
    const receipts: TransactionReceipt[] = [];
    for (const [index, { lane }] of planned.entries()) {
      const { voucher, signature, signer } = lane.latest;
      const isSkipped = outcomes[index]?.failure === "BadSignature";
      if (!isSkipped || signer.kind !== "contract" || voucher.valueAggregate !== lane.charged) continue;
      const receipt = await sendInTurn(wallet, {
        send: (nonce) => collect(wallet, { escrow, voucher, signature, nonce }),
        wait: (hash) => {
          onProgress({ kind: "sent", hash, lanes: 1 });
          return waitFor(hash, signal);
        },
      });
      receipts.push(receipt);
    }
    return receipts;
  }

  async function run(planned: readonly PlannedLane[], signal: AbortSignal): Promise<CollectReport> {
    if (planned.length === 0) return EMPTY_REPORT;
    // An empty account pays nothing, whatever its rows cost; they are judged with the others.
    const payable = planned.filter(({ lane }) => lane.balance > 0n);
    const batches = splitIntoBatches(payable, gasModel());
    onProgress({ kind: "planned", lanes: payable.length, transactions: batches.length });
    const collectable = planned.map(({ lane }) => lane);
    isUnsure = true;
    const sent = await send(batches, signal);
    await reconcile(collectable, lastBlockOf(sent.receipts), signal);
    const outcomes = await judge(planned, sent.hints);
    const retries = await retryWallets(planned, outcomes, signal);
    if (retries.length > 0) await reconcile(collectable, lastBlockOf(retries), signal);
    isUnsure = false;
    const lanes = retries.length === 0 ? outcomes : await judge(planned, sent.hints);
    const receipts = [...sent.receipts, ...retries];
    const report: CollectReport = {
      transactions: receipts.map(({ transactionHash }) => transactionHash),
      collected: sumByAsset(lanes),
      lanes,
      gasUsed: receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    };
    onProgress({ kind: "reconciled", report });
    return report;
  }

  async function collectDue(signal: AbortSignal): Promise<CollectReport> {
    const lanes = await listUncollected(signal);
    const planned = await planDue({
      lanes,
      policy,
      gas: gasModel(),
      readGasPrice: () => ask("the gas price", () => getGasPrice(client)),
      now: timeOf(),
      collectionMargin,
    });
    return run(planned, signal);
  }

  async function collectNow(signal: AbortSignal): Promise<CollectReport> {
    const lanes = await listUncollected(signal);
    const planned = lanes.map((lane): PlannedLane => ({ lane, reason: "now" }));
    const report = await run(planned, signal);
    if (report.lanes.some(({ failure }) => failure !== undefined)) throw new CollectionFailedError(report);
    return report;
  }

  const poller = createPoller({
    interval: options.pollingInterval ?? 10_000,
    run: async () => {
      const report = await inTurn(() => collectDue(background.signal));
      // What could not be collected is tried again with growing pauses, like a node that does not answer.
      if (report.lanes.some(({ failure }) => failure !== undefined)) throw new CollectionFailedError(report);
      return true;
    },
    onError: (error, retryInMilliseconds) => {
      onProgress({ kind: "failed", error: toError(error), retryInMilliseconds });
    },
  });
  let endAlerts = (): void => undefined;

  return {
    start: () => {
      background = new AbortController();
      endAlerts();
      endAlerts = chainView.onAlert(() => {
        poller.start();
      });
      poller.start();
    },
    stop: async ({ collect: isCollecting = false, signal = NEVER } = {}) => {
      endAlerts();
      const giveUp = (): void => {
        background.abort(signal.reason);
      };
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      await poller.stop();
      signal.removeEventListener("abort", giveUp);
      if (isCollecting) await inTurn(() => collectNow(signal));
    },
    collectDue: ({ signal = NEVER } = {}) => inTurn(() => collectDue(signal)),
    collectNow: ({ signal = NEVER } = {}) => inTurn(() => collectNow(signal)),
  };
}

const NEVER = new AbortController().signal;

/** Gives up waiting when the signal says so; what was sent to the chain goes its way. */
async function orAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", giveUp);
    });
  });
}

const EMPTY_REPORT: CollectReport = { transactions: [], collected: new Map(), lanes: [], gasUsed: 0n };

function laneKey(lane: LaneId): string {
  return `${accountKey(lane)}:${lane.id}`;
}

function sumByAsset(lanes: readonly CollectedLane[]): ReadonlyMap<Address, bigint> {
  const sums = new Map<Address, bigint>();
  for (const { lane, collected } of lanes) sums.set(lane.asset, (sums.get(lane.asset) ?? 0n) + collected);
  return sums;
}

function lastBlockOf(receipts: readonly TransactionReceipt[]): bigint {
  return largest(0n, ...receipts.map(({ blockNumber }) => blockNumber));
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
