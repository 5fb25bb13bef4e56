import type { Address, Hash, TransactionReceipt } from "viem";
import { collect } from "../voucher/actions/collect.ts";
import { collectBatch } from "../voucher/actions/collectBatch.ts";
import { parseBatch } from "../voucher/events.ts";
import type { SkipReason } from "../voucher/types.ts";
import type { WriteClient } from "../voucher/write.ts";
import { splitIntoBatches, type Batch } from "./collect/batches.ts";
import { DEFAULT_GAS_MODEL, MAX_TRANSACTION_GAS, type GasModel } from "./collect/gas.ts";
import { largest, smallest } from "./collect/group.ts";
import { planDue, type CollectPolicy, type PlannedLane } from "./collect/plan.ts";
import { ask, type ChainClient } from "./chain/rpc.ts";
import { CollectionFailedError } from "./errors.ts";
import { accountKey, toAddress } from "./keys.ts";
import { DEFAULT_LIMITS, systemClock } from "./limits.ts";
import { createPoller } from "./poller.ts";
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
  /** viem's public client of the chain. */
  readonly client: ChainClient;
  /** Pays the gas: any relayer's wallet client. Give it an account that nothing else sends from. */
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
  /** What ended the sending early. */
  readonly failure: unknown;
  /** What our receipts say about lanes without effect, by lane key. Only a hint: the chain's totals decide. */
  readonly hints: ReadonlyMap<string, SkipReason | "GroupFailed">;
}

/** Accounts that are read again together; the view of the chain holds more than this. */
const READS_AT_ONCE = 500;

/** How often limits double after a group ran out of gas. */
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
  const { client, wallet, store, chainView, onProgress, clock = systemClock } = options;
  const { policy = {}, receiptTimeout = 120_000, collectionMargin = DEFAULT_LIMITS.collectionMargin } = options;
  const { chainId } = options.escrow;
  const escrow = toAddress(options.escrow.escrow);
  const seller = toAddress(options.seller);
  const inTurn = createSerial();
  let gasDoublings = 0;

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

  function listUncollected(): Promise<readonly CollectableLane[]> {
    return store.listLanes({ chainId, escrow, seller, onlyUncollected: true });
  }

  async function waitFor(hash: Hash): Promise<TransactionReceipt> {
    const receipt = await ask(`the receipt of ${hash}`, () =>
      client.waitForTransactionReceipt({ hash, timeout: receiptTimeout }),
    );
    onProgress({ kind: "mined", hash: receipt.transactionHash, gasUsed: receipt.gasUsed });
    return receipt;
  }

  async function sendBatch({ groups, gas, lanes }: Batch): Promise<TransactionReceipt> {
    // Never an estimate: a node finds the least gas at which the transaction succeeds, and it succeeds with every group failed.
    const hash = await collectBatch(wallet, { escrow, groups, gas });
    onProgress({ kind: "sent", hash, lanes: lanes.length });
    return waitFor(hash);
  }

  /** Sends batch after batch. What fails ends the sending, but not the look at what was sent before. */
  async function send(batches: readonly Batch[], signal: AbortSignal | undefined): Promise<SendResult> {
    const receipts: TransactionReceipt[] = [];
    const hints = new Map<string, SkipReason | "GroupFailed">();
    let failure: unknown;
    try {
      for (const batch of batches) {
        signal?.throwIfAborted();
        const receipt = await sendBatch(batch);
        receipts.push(receipt);
        for (const [key, hint] of hintsOf(batch, receipt)) hints.set(key, hint);
      }
    } catch (error) {
      failure = error;
    }
    return { receipts, hints, failure };
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
    const ranOut = isReverted || failed.some(({ selector }) => selector === "0x00000000");
    gasDoublings = ranOut ? Math.min(gasDoublings + 1, MAX_GAS_DOUBLINGS) : 0;
    return hints;
  }

  /** Reads every lane's account at the chosen depth, so that the store knows what was collected, by whomever. */
  async function reconcile(
    planned: readonly PlannedLane[],
    minBlock: bigint,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const accounts = [...new Map(planned.map(({ lane }) => [accountKey(lane.lane), lane.lane])).values()];
    for (let start = 0; start < accounts.length; start += READS_AT_ONCE) {
      const part = accounts.slice(start, start + READS_AT_ONCE);
      const parameters = { minBlock, ...(signal === undefined ? {} : { signal }) };
      await Promise.all(part.map((account) => chainView.refreshAccount({ account, ...parameters })));
    }
  }

  async function judge(planned: readonly PlannedLane[], hints: SendResult["hints"]): Promise<readonly CollectedLane[]> {
    return Promise.all(
      planned.map(async ({ lane, reason }) => {
        const total = (await store.getLane(lane.lane))?.collected ?? lane.collected;
        const collected = total > lane.collected ? total - lane.collected : 0n;
        const outcome = { lane: lane.lane, reason, uncollected: lane.uncollected, collected };
        if (total >= lane.charged) return outcome;
        return {
          ...outcome,
          failure: collected > 0n ? ("Partial" as const) : (hints.get(laneKey(lane.lane)) ?? "Partial"),
        };
      }),
    );
  }

  /**
   * A contract wallet that needs more gas than a batch gives it is asked by a collection of its own, with all gas. That collection takes
   * the whole ceiling, so it is made only where the whole ceiling was charged.
   */
  async function retryWallets(
    planned: readonly PlannedLane[],
    outcomes: readonly CollectedLane[],
  ): Promise<readonly TransactionReceipt[]> {
    const receipts: TransactionReceipt[] = [];
    for (const [index, { lane }] of planned.entries()) {
      const { voucher, signature, signer } = lane.latest;
      const isSkipped = outcomes[index]?.failure === "BadSignature";
      if (!isSkipped || signer.kind !== "contract" || voucher.valueAggregate !== lane.charged) continue;
      const hash = await collect(wallet, { escrow, voucher, signature });
      onProgress({ kind: "sent", hash, lanes: 1 });
      receipts.push(await waitFor(hash));
    }
    return receipts;
  }

  async function run(planned: readonly PlannedLane[], signal: AbortSignal | undefined): Promise<CollectReport> {
    if (planned.length === 0) return EMPTY_REPORT;
    const batches = splitIntoBatches(planned, gasModel());
    onProgress({ kind: "planned", lanes: planned.length, transactions: batches.length });
    const sent = await send(batches, signal);
    if (sent.receipts.length > 0) await reconcile(planned, lastBlockOf(sent.receipts), signal);
    if (sent.failure !== undefined) throw sent.failure;
    const outcomes = await judge(planned, sent.hints);
    const retries = await retryWallets(planned, outcomes);
    if (retries.length > 0) await reconcile(planned, lastBlockOf(retries), signal);
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

  async function collectDue(signal: AbortSignal | undefined): Promise<CollectReport> {
    const lanes = await listUncollected();
    const planned = await planDue({
      lanes,
      policy,
      gas: gasModel(),
      readGasPrice: () => ask("the gas price", () => client.getGasPrice()),
      now: clock(),
      collectionMargin,
    });
    return run(planned, signal);
  }

  async function collectNow(signal: AbortSignal | undefined): Promise<CollectReport> {
    const lanes = await listUncollected();
    const report = await run(
      lanes.map((lane) => ({ lane, reason: "now" })),
      signal,
    );
    if (report.lanes.some(({ failure }) => failure !== undefined)) throw new CollectionFailedError(report);
    return report;
  }

  const poller = createPoller({
    interval: options.pollingInterval ?? 10_000,
    run: async () => {
      const report = await inTurn(() => collectDue(undefined));
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
      endAlerts();
      endAlerts = chainView.onAlert(() => {
        poller.start();
      });
      poller.start();
    },
    stop: async ({ collect: isCollecting = false, signal } = {}) => {
      endAlerts();
      await poller.stop();
      if (isCollecting) await inTurn(() => collectNow(signal));
    },
    collectDue: ({ signal } = {}) => inTurn(() => collectDue(signal)),
    collectNow: ({ signal } = {}) => inTurn(() => collectNow(signal)),
  };
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
