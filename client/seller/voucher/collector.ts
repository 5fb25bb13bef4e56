import { toAddress } from "../core/keys.ts";
import { ask } from "../core/rpc.ts";
import { ChainUnavailableError, toError } from "../core/errors.ts";
import type { Address, Hash, TransactionReceipt } from "viem";
import { getGasPrice, waitForTransactionReceipt } from "viem/actions";
import { collect } from "../../voucher/actions/collect.ts";
import { collectBatch } from "../../voucher/actions/collectBatch.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { largest } from "../../core/amounts.ts";
import { createAttempts, type SortedLanes } from "./collect/attempts.ts";
import { splitIntoBatches, type Batch } from "./collect/batches.ts";
import type { GasModel } from "./collect/gas.ts";
import { createGasLimits } from "./collect/gasLimits.ts";
import { judge, sumByAsset, type Clues, type Hint } from "./collect/outcomes.ts";
import { readReceipt } from "./collect/receipts.ts";
import { planDue, type CollectPolicy, type PlannedLane } from "./collect/plan.ts";
import { CollectionFailedError } from "./errors.ts";
import { accountKey, laneKey } from "./keys.ts";
import { DEFAULT_LIMITS, notBehindChain, systemClock } from "./limits.ts";
import { orAbort } from "../core/orAbort.ts";
import { createBackground, NEVER } from "../core/background.ts";
import { sendInTurn } from "../core/sendInTurn.ts";
import { createSerial } from "../core/serial.ts";
import type { ChainView } from "./chain/types.ts";
import type { CollectableLane, VoucherStore } from "./store/types.ts";
import type { CollectedLane, Collector, CollectProgress, CollectReport } from "./collect/types.ts";
import type { EscrowId } from "./types.ts";

/** Settings of {@link createCollector}. */
export interface CollectorOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Pays the gas: any relayer's wallet client. Relayers of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  readonly escrow: EscrowId;
  /** Who is paid. */
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

/** What was sent, and what it says about lanes. */
interface Sent extends Clues {
  readonly receipts: readonly TransactionReceipt[];
}

/** Accounts that are read again together; the view of the chain holds more than this, whatever strangers ask of it. */
const READS_AT_ONCE = 250;

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
  const gasLimits = createGasLimits(options.gas);
  const attempts = createAttempts();
  /** Whether a transaction was sent of which nobody knows yet what it did. */
  let isUnsure = false;

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

  async function send(batches: readonly Batch[], signal: AbortSignal): Promise<Sent> {
    const receipts: TransactionReceipt[] = [];
    const hints = new Map<string, Hint>();
    for (const batch of batches) {
      signal.throwIfAborted();
      const receipt = await sendBatch(batch, signal);
      receipts.push(receipt);
      const { hints: found, failedAssets } = readReceipt({ chainId, escrow, seller }, batch, receipt);
      for (const [key, hint] of found) hints.set(key, hint);
      for (const asset of new Set(batch.lanes.map(({ lane }) => lane.lane.asset))) {
        // Whatever the group's error says: a token with too little gas fails as one that refuses, and gas that is not used costs nothing.
        gasLimits.note(asset, failedAssets.has(asset));
      }
    }
    return { receipts, hints };
  }

  /** Reads every lane's account at the chosen depth, so that the store knows what was collected, by whomever. */
  async function reconcile(lanes: readonly CollectableLane[], minBlock: bigint, signal: AbortSignal): Promise<void> {
    const accounts = [...new Map(lanes.map(({ lane }) => [accountKey(lane), lane])).values()];
    for (let start = 0; start < accounts.length; start += READS_AT_ONCE) {
      const part = accounts.slice(start, start + READS_AT_ONCE);
      await Promise.all(part.map((account) => chainView.refreshAccount({ account, minBlock, signal })));
    }
  }

  /**
   * A contract wallet that needs more gas than a batch gives it is asked by a collection of its own, with all gas. That collection takes
   * the whole ceiling, so it is made only where the whole ceiling was charged.
   */
  async function retryWallets(
    planned: readonly PlannedLane[],
    outcomes: readonly CollectedLane[],
    signal: AbortSignal,
  ): Promise<Sent> {
    const receipts: TransactionReceipt[] = [];
    const errors = new Map<string, Error>();
    for (const [index, { lane }] of planned.entries()) {
      const { voucher, signature, signer } = lane.latest;
      const isSkipped = outcomes[index]?.failure === "BadSignature";
      if (!isSkipped || signer.kind !== "contract" || voucher.valueAggregate !== lane.charged) continue;
      try {
        const receipt = await sendInTurn(wallet, {
          send: (nonce) => collect(wallet, { escrow, voucher, signature, nonce }),
          wait: (hash) => {
            onProgress({ kind: "sent", hash, lanes: 1 });
            return waitFor(hash, signal);
          },
        });
        receipts.push(receipt);
      } catch (error) {
        // The wallet decides whether this can be sent at all: what it breaks is its own.
        if (error instanceof ChainUnavailableError || signal.aborted) throw error;
        errors.set(laneKey(lane.lane), toError(error));
      }
    }
    return { receipts, errors };
  }

  async function run(
    planned: readonly PlannedLane[],
    lost: readonly CollectedLane[],
    signal: AbortSignal,
  ): Promise<CollectReport> {
    if (planned.length === 0) return { ...EMPTY_REPORT, lanes: lost };
    // An empty account pays nothing, whatever its rows cost; they are judged with the others.
    const payable = planned.filter(({ lane }) => lane.balance > 0n);
    const batches = splitIntoBatches(payable, gasLimits.modelOf);
    onProgress({ kind: "planned", lanes: payable.length, transactions: batches.length });
    const collectable = planned.map(({ lane }) => lane);
    isUnsure = true;
    const sent = await send(batches, signal);
    await reconcile(collectable, lastBlockOf(sent.receipts), signal);
    const first = await judge(store, planned, sent);
    const retries = await retryWallets(planned, first, signal);
    if (retries.receipts.length > 0) await reconcile(collectable, lastBlockOf(retries.receipts), signal);
    isUnsure = false;
    const outcomes = await judge(store, planned, { ...sent, ...retries });
    attempts.note(collectable, outcomes, timeOf());
    const receipts = [...sent.receipts, ...retries.receipts];
    const report: CollectReport = {
      transactions: receipts.map(({ transactionHash }) => transactionHash),
      collected: sumByAsset(outcomes),
      lanes: [...lost, ...outcomes],
      gasUsed: receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    };
    onProgress({ kind: "reconciled", report });
    return report;
  }

  async function sortUncollected(signal: AbortSignal): Promise<SortedLanes> {
    const lanes = await listUncollected(signal);
    const sorted = attempts.sort(lanes, timeOf(), chainView.lastSyncedBlock?.timestamp ?? 0n);
    const lost: CollectedLane[] = [];
    for (const lane of sorted.lost) {
      // What was paid in advance in another lane makes up for it.
      if (((await store.getAccount(lane.lane))?.owed ?? 0n) > 0n) lost.push(lane);
    }
    for (const lane of lost) onProgress({ kind: "lost", lane });
    return { ...sorted, lost };
  }

  async function collectDue(signal: AbortSignal): Promise<CollectReport> {
    const { ready, lost } = await sortUncollected(signal);
    const planned = await planDue({
      lanes: ready,
      policy,
      gasOf: gasLimits.modelOf,
      readGasPrice: () => ask("the gas price", () => getGasPrice(client)),
      now: timeOf(),
      collectionMargin,
    });
    return run(planned, lost, signal);
  }

  async function collectNow(signal: AbortSignal): Promise<CollectReport> {
    const { ready, resting, lost } = await sortUncollected(signal);
    const planned = [...ready, ...resting].map((lane): PlannedLane => ({ lane, reason: "now" }));
    const report = await run(planned, lost, signal);
    if (report.lanes.some(({ failure }) => failure !== undefined)) throw new CollectionFailedError(report);
    return report;
  }

  const background = createBackground({
    interval: options.pollingInterval ?? 10_000,
    run: async (signal) => {
      const report = await inTurn(() => collectDue(signal));
      // No reason to throw, which would make every other lane wait as well.
      const rest = attempts.restOf(report.lanes, timeOf());
      if (rest !== undefined) tellFailure(new CollectionFailedError(report), Number(rest) * 1_000);
    },
    onFailure: tellFailure,
    onAlert: (listener) => chainView.onAlert(listener),
  });

  function tellFailure(error: unknown, retryInMilliseconds: number): void {
    onProgress({ kind: "failed", error: toError(error), retryInMilliseconds });
  }

  return {
    start: () => {
      background.start();
    },
    stop: async ({ collect: isCollecting = false, signal = NEVER } = {}) => {
      await background.stop(signal);
      if (isCollecting) await inTurn(() => collectNow(signal));
    },
    collectDue: ({ signal = NEVER } = {}) => inTurn(() => collectDue(signal)),
    collectNow: ({ signal = NEVER } = {}) => inTurn(() => collectNow(signal)),
  };
}

const EMPTY_REPORT: CollectReport = { transactions: [], collected: new Map(), lanes: [], gasUsed: 0n };

function lastBlockOf(receipts: readonly TransactionReceipt[]): bigint {
  return largest(0n, ...receipts.map(({ blockNumber }) => blockNumber));
}
