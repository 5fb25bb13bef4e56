import { setTimeout as sleep } from "node:timers/promises";
import type { Address, Hash, Hex } from "viem";
import { hashPaymentInfo } from "../../auth-capture/hash.ts";
import { getStatus, type PaymentStatus } from "../../auth-capture/read.ts";
import { termsKind } from "../../auth-capture/terms.ts";
import type { PaymentReference, Terms } from "../../auth-capture/types.ts";
import { largest, smallest } from "../../core/amounts.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { NEVER } from "../core/background.ts";
import { systemClock } from "../core/clock.ts";
import { signAction, type Authorizer, type WantedAction } from "./actions.ts";
import { PaymentChangedError, UnknownPaymentError } from "./errors.ts";
import { findLive, isLive, withAction } from "./history.ts";
import {
  afterFailure,
  endOf,
  endOfClosed,
  isPushed,
  nextCheck,
  nextLook,
  WATCH_SECONDS,
  WORK_SECONDS,
} from "./schedule.ts";
import type { ActionSender, PaymentRecord, PaymentStore, SentAction } from "./types.ts";

/** Settings of {@link createPaymentManager}. */
export interface PaymentManagerOptions {
  readonly store: PaymentStore;
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** Any viem client of the chain, which has Multicall3. */
  readonly client: ReadClient;
  readonly sender: ActionSender;
  /** Keys that sign captures, voids and refunds; for terms without an authorizer the receiver's own. */
  readonly authorizers: readonly Authorizer[];
  /**
   * How long the chain may undo what was done, seconds; 3,600 by default. So long a closed payment is kept in view, and what was undone is
   * done again.
   */
  readonly finalAfter?: bigint;
  /**
   * Told of a payment that was charged and not served: whoever brings it again is served, and else a refund is due, which only a person can
   * fund. It may be told twice.
   */
  readonly onUnserved?: (record: PaymentRecord) => void;
  /** Time, unix seconds; this machine's by default. */
  readonly clock?: () => bigint;
}

/** A payment of which nothing is known yet. */
export interface NewPayment extends PaymentReference {
  readonly terms: Terms;
}

/** What a payment that was served is to become. */
export interface Closing {
  /** Captured now, token base units; 0 for nothing. */
  readonly amount: bigint;
  /** What becomes of what is not captured: back to the payer at once, or held for later. */
  readonly rest: "void" | "keep";
}

/** How a payment stands after something was done to it. */
export interface PaymentOutcome {
  readonly record: PaymentRecord;
  readonly status: PaymentStatus;
  /** Why it could not be carried out yet; the sweeper tries again with the same signature. */
  readonly failure?: unknown;
}

/** What {@link PaymentManager.refund} takes. */
export interface RefundParameters {
  /** Token base units. */
  readonly amount: bigint;
  /** The SignedRefundCollector of the escrow. */
  readonly tokenCollector: Address;
  /** From `signRefund`. */
  readonly collectorData: Hex;
}

/** Serves, captures, voids and refunds the payments of a seller. Signatures are stored before they leave; retries send the same bytes. */
export interface PaymentManager {
  /**
   * Takes a payment for one request: the first one, or one after a request that gave it back. A charge that was made and not served can be
   * taken again at any time.
   *
   * @param until - When the request counts as lost, unix seconds.
   * @returns False when another request has it, or had it.
   */
  begin(payment: NewPayment, until: bigint): Promise<boolean>;
  /** Whether a payment was charged, or may have been, and nobody was served for it. */
  isOwed(paymentInfoHash: Hex): Promise<boolean>;
  /** Gives a payment back that was not collected. It is watched until nobody can collect it any more. */
  giveBack(paymentInfoHash: Hex): Promise<void>;
  /**
   * Notes that the payment of a request was collected, when the chain says so.
   *
   * @param transaction - The one that collected it, where it is known.
   * @param patience - How long to wait for a node that is behind, milliseconds; 0 by default.
   * @returns How it stands.
   * @throws {PaymentChangedError} the chain does not show it as it must be, or the request took too long.
   */
  confirm(paymentInfoHash: Hex, transaction?: Hash, patience?: number): Promise<PaymentOutcome>;
  /**
   * Ends a request that was served.
   *
   * @returns How it stands, with `failure` when the capture has to be tried again.
   * @throws {PaymentChangedError} the request took too long, and its payment was given up.
   */
  finish(paymentInfoHash: Hex, closing: Closing, signal?: AbortSignal): Promise<PaymentOutcome>;
  /** Ends a request that was not served: what is held goes back. */
  abandon(paymentInfoHash: Hex, signal?: AbortSignal): Promise<PaymentOutcome>;
  /** Captures of a held payment. */
  capture(paymentInfoHash: Hex, closing: Closing, signal?: AbortSignal): Promise<PaymentOutcome>;
  /** Gives everything held back to the payer. Final. */
  void(paymentInfoHash: Hex, signal?: AbortSignal): Promise<PaymentOutcome>;
  /** Gives captured money back, from whoever signed `collectorData`. */
  refund(paymentInfoHash: Hex, parameters: RefundParameters, signal?: AbortSignal): Promise<PaymentOutcome>;
  /** Reads how a payment stands. */
  status(paymentInfoHash: Hex): Promise<PaymentOutcome>;
  /** Brings every payment that is due a step on. Errors of one payment do not hold up the others; they are thrown together at the end. */
  sweep(signal?: AbortSignal): Promise<void>;
}

/** How long the chain may undo what was done, seconds, unless a seller says otherwise. */
const FINAL_AFTER = 3_600n;
/** Between two looks at a node that may be behind, milliseconds. */
const LAG_MS = 100;
/** Payments of one sweep. */
const SWEEP_LIMIT = 100;

/**
 * Makes the manager of a seller's payments on one chain. One manager to a store.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param options - {@link PaymentManagerOptions}.
 * @returns The manager.
 *
 * @example
 * const manager = createPaymentManager({ store, chainId: 8453n, client, sender, authorizers: [authorizer] });
 * const { status } = await manager.capture(paymentInfoHash, { amount, rest: "void" });
 */
export function createPaymentManager(options: PaymentManagerOptions): PaymentManager {
  const { store, chainId, client, sender, authorizers, onUnserved, clock = systemClock } = options;
  const { finalAfter = FINAL_AFTER } = options;

  async function find(paymentInfoHash: Hex): Promise<PaymentRecord> {
    const record = await store.get(paymentInfoHash.toLowerCase() as Hex);
    if (record === undefined) throw new UnknownPaymentError(paymentInfoHash);
    return record;
  }

  async function findServing(paymentInfoHash: Hex): Promise<PaymentRecord> {
    const record = await find(paymentInfoHash);
    if (record.stage === "serving") return record;
    throw new PaymentChangedError(paymentInfoHash, "was given up: its request took too long");
  }

  async function write(record: PaymentRecord, changes: Partial<PaymentRecord>): Promise<PaymentRecord> {
    const next: PaymentRecord = { ...record, ...changes, version: record.version + 1 };
    if (await store.replace(next)) return next;
    throw new PaymentChangedError(record.paymentInfoHash, "is being worked on by somebody else");
  }

  const read = (record: PaymentRecord, { blockNumber }: Pick<SentAction, "blockNumber"> = {}): Promise<PaymentStatus> =>
    getStatus(client, { ...record, ...(blockNumber !== undefined && { blockNumber }) });

  /** Reads a payment that was collected just now, perhaps from a node that is behind. */
  async function readCollected(record: PaymentRecord, patience: number): Promise<PaymentStatus> {
    const start = performance.now();
    let status = await read(record);
    while (!status.collected && performance.now() - start < patience) {
      await sleep(LAG_MS);
      status = await read(record);
    }
    return status;
  }

  /** Writes down where a payment is once nothing more is done to it: not far, when the chain has undone what was done before. */
  async function rest(record: PaymentRecord, status: PaymentStatus, changes: Partial<PaymentRecord> = {}) {
    const now = clock();
    const changed = { ...record, ...changes };
    if (isUnserved(record, changed, status)) onUnserved?.(record);
    const stage = stageOf(changed, status);
    const finalAt = record.stage === stage && record.finalAt !== undefined ? record.finalAt : now + finalAfter;
    const check = nextCheck({ ...changed, finalAt }, now);
    const look = stage === "held" ? nextLook(status, now) : finalAt;
    const dueAt = stage === "closing" ? now : smallest(look, check ?? look);
    const final = check === undefined ? { earlier: [] } : {};
    return { record: await write(record, { failures: 0, finalAt, stage, dueAt, ...changes, ...final }), status };
  }

  /** Stores a signature, and only then lets it go. */
  async function close(
    record: PaymentRecord,
    status: PaymentStatus,
    { wanted, signal, ...changes }: { wanted: WantedAction; signal: AbortSignal } & Partial<PaymentRecord>,
  ): Promise<PaymentOutcome> {
    const signed = await signAction(authorizers, record, status, wanted);
    const stored = await write(record, { ...changes, ...signed, stage: "closing", dueAt: clock() + WORK_SECONDS });
    return carryOut(stored, status, signal);
  }

  /** Reads a payment after a failure; a chain that does not answer has said nothing new. */
  async function readAgain(record: PaymentRecord, before: PaymentStatus): Promise<PaymentStatus> {
    try {
      return await read(record);
    } catch {
      return before;
    }
  }

  /** Sends the signature of a payment, as often as it takes: always the same bytes. */
  async function carryOut(record: PaymentRecord, status: PaymentStatus, signal: AbortSignal): Promise<PaymentOutcome> {
    const action = findLive(record, status);
    if (action === undefined) return rest(record, status);
    let current = record;
    try {
      await sender.check(current, action);
      const released = { ...action, isReleased: true };
      current = await write(current, { ...withAction(current, released, action), dueAt: clock() + WORK_SECONDS });
      const sent = await sender.send(current, released, signal);
      const after = await read(current, sent);
      if (isLive(current, released, after)) throw new PaymentChangedError(current.paymentInfoHash, "did not change");
      const { transaction } = sent;
      const done = { ...released, ...(transaction !== undefined && { transaction }) };
      return await rest(current, after, withAction(current, done, action));
    } catch (failure) {
      const now = await readAgain(current, status);
      try {
        // Somebody else may have been faster with the same bytes.
        if (!isLive(current, action, now)) return await rest(current, now);
        current = await write(current, afterFailure(current, clock()));
      } catch (unwritten) {
        // The signature is stored, and is carried out whatever the store does now: whoever paid must not hear that nothing came of it.
        return { record: current, status: now, failure: unwritten };
      }
      return { record: current, status: now, failure };
    }
  }

  async function push(
    record: PaymentRecord,
    action: "releaseDue" | "voidExpired",
    signal: AbortSignal,
  ): Promise<PaymentOutcome> {
    const current = await write(record, { dueAt: clock() + WORK_SECONDS });
    return rest(current, await read(current, await sender.push(current, action, signal)));
  }

  /** Gives back what was collected for nothing. */
  async function giveUp(record: PaymentRecord, signal: AbortSignal): Promise<PaymentOutcome> {
    const status = await read(record);
    if (status.capturable > 0n) return close(record, status, { wanted: { type: "void" }, signal });
    if (status.collected) return rest(record, status);
    return { record: await write(record, { stage: "open", dueAt: endOf(record) }), status };
  }

  async function closeServed(record: PaymentRecord, closing: Closing, signal: AbortSignal): Promise<PaymentOutcome> {
    const status = await read(record);
    const { amount, rest: whatRemains } = closing;
    if (amount > status.capturable) {
      throw new PaymentChangedError(record.paymentInfoHash, `holds ${status.capturable}, less than ${amount}`);
    }
    const served = { isServed: true };
    if (amount > 0n) {
      const isPart = amount < status.capturable && whatRemains === "void";
      const wanted = { type: isPart ? "captureAndVoid" : "capture", amount } as const;
      return close(record, status, { wanted, signal, ...served });
    }
    if (whatRemains === "keep") return rest(record, status, served);
    return close(record, status, { wanted: { type: "void" }, signal, ...served });
  }

  async function sweepOpen(record: PaymentRecord, signal: AbortSignal): Promise<void> {
    const status = await read(record);
    if (status.collected) {
      await giveUp(record, signal);
      return;
    }
    if (status.timestamp < endOf(record)) {
      await write(record, { dueAt: clock() + WATCH_SECONDS });
      return;
    }
    await store.remove(record);
  }

  async function sweepHeld(record: PaymentRecord, signal: AbortSignal): Promise<void> {
    const status = await read(record);
    const open = status.actions.find(({ action, isOpen }) => isOpen && isPushed(action))?.action;
    if (open === "releaseDue" || open === "voidExpired") await push(record, open, signal);
    else await rest(record, status);
  }

  async function sweepClosing(record: PaymentRecord, signal: AbortSignal): Promise<void> {
    const { failure } = await carryOut(record, await read(record), signal);
    if (failure !== undefined) throw failure;
  }

  /** Looks whether the chain has undone what was done, and forgets what nothing can come of any more. */
  async function sweepClosed(record: PaymentRecord): Promise<void> {
    const status = await read(record);
    if (status.capturable > 0n || findLive(record, status) !== undefined) {
      await rest(record, status, { dueAt: clock() });
      return;
    }
    const now = clock();
    const end = endOfClosed(record, status);
    const check = nextCheck(record, now);
    if (check !== undefined) await write(record, { dueAt: check });
    else if (status.timestamp < end) await write(record, { earlier: [], dueAt: largest(end, now + WATCH_SECONDS) });
    else await store.remove(record);
  }

  async function sweepOne(record: PaymentRecord, signal: AbortSignal): Promise<void> {
    if (record.stage === "open") await sweepOpen(record, signal);
    else if (record.stage === "serving") await giveUp(record, signal);
    else if (record.stage === "held") await sweepHeld(record, signal);
    else if (record.stage === "closed") await sweepClosed(record);
    else await sweepClosing(record, signal);
  }

  /** A failure puts a payment off, so that the others have their turn. */
  async function putOff({ paymentInfoHash }: PaymentRecord): Promise<void> {
    const record = await store.get(paymentInfoHash);
    if (record === undefined || record.dueAt > clock()) return;
    // Whoever writes it first has put it off, too.
    await store.replace({ ...record, ...afterFailure(record, clock()), version: record.version + 1 });
  }

  return {
    async begin({ escrow, paymentInfo, terms }, until) {
      const payment = { chainId, escrow, paymentInfo };
      const paymentInfoHash = hashPaymentInfo(payment);
      const record: PaymentRecord = {
        ...payment,
        paymentInfoHash,
        terms,
        stage: "serving",
        dueAt: until,
        isServed: false,
        version: 0,
      };
      if (await store.insert(record)) return true;
      const known = await store.get(paymentInfoHash);
      // What is signed for it is on its way: it was given up.
      const isFree = known !== undefined && ((known.stage === "open" && known.action === undefined) || isOwed(known));
      if (!isFree) return false;
      return store.replace({ ...known, stage: "serving", dueAt: until, version: known.version + 1 });
    },
    async isOwed(paymentInfoHash) {
      const record = await store.get(paymentInfoHash);
      return record !== undefined && isOwed(record);
    },
    async giveBack(paymentInfoHash) {
      const record = await find(paymentInfoHash);
      if (record.stage === "serving") await write(record, { stage: "open", dueAt: endOf(record) });
    },
    async confirm(paymentInfoHash, transaction, patience = 0) {
      const record = await findServing(paymentInfoHash);
      const status = await readCollected(record, patience);
      const { maxAmount } = record.paymentInfo;
      const isCharge = termsKind(record.terms) === "charge";
      const amount = isCharge ? status.refundable : status.capturable;
      if (!status.isOperatorReady || !status.collected || amount !== maxAmount) {
        throw new PaymentChangedError(paymentInfoHash, "is not on the chain as it must be");
      }
      const known = transaction === undefined ? {} : { collectTransaction: transaction };
      if (isCharge) return rest(record, status, { ...known, isServed: true });
      return { record: await write(record, known), status };
    },
    finish: async (paymentInfoHash, closing, signal = NEVER) =>
      closeServed(await findServing(paymentInfoHash), closing, signal),
    abandon: async (paymentInfoHash, signal = NEVER) => giveUp(await findServing(paymentInfoHash), signal),
    async capture(paymentInfoHash, closing, signal = NEVER) {
      const record = await find(paymentInfoHash);
      assertKept(record);
      return closeServed(record, closing, signal);
    },
    async void(paymentInfoHash, signal = NEVER) {
      const record = await find(paymentInfoHash);
      assertKept(record);
      return close(record, await read(record), { wanted: { type: "void" }, signal });
    },
    async refund(paymentInfoHash, parameters, signal = NEVER) {
      const record = await find(paymentInfoHash);
      assertKept(record);
      return close(record, await read(record), { wanted: { type: "refund", ...parameters }, signal });
    },
    async status(paymentInfoHash) {
      const record = await find(paymentInfoHash);
      return { record, status: await read(record) };
    },
    async sweep(signal = NEVER) {
      const failures: unknown[] = [];
      const due = { now: clock(), limit: SWEEP_LIMIT };
      // What is closed can wait, however much of it there is.
      for (const record of [...(await store.listDue(due)), ...(await store.listDue({ ...due, isClosed: true }))]) {
        signal.throwIfAborted();
        try {
          await sweepOne(record, signal);
        } catch (error) {
          // Somebody else is at it, and brings it on.
          if (!(error instanceof PaymentChangedError)) failures.push(error);
          await putOff(record);
        }
      }
      if (failures.length > 0)
        throw new AggregateError(failures, "Payments could not be brought on; they are tried again");
    },
  };
}

/** Whoever serves a payment decides what becomes of it. */
function assertKept({ stage, paymentInfoHash }: PaymentRecord): void {
  if (stage !== "open" && stage !== "serving") return;
  throw new PaymentChangedError(paymentInfoHash, "is not served yet");
}

/** Where a payment is, as the chain has it. */
function stageOf(record: PaymentRecord, status: PaymentStatus): PaymentRecord["stage"] {
  if (findLive(record, status) !== undefined) return "closing";
  return status.capturable > 0n ? "held" : "closed";
}

/** Whether the receiver has money of a payment now for which nobody was served. */
function isUnserved(before: PaymentRecord, { isServed }: PaymentRecord, status: PaymentStatus): boolean {
  return before.stage !== "closed" && !isServed && status.capturable === 0n && status.refundable > 0n;
}

/** Whether a payment was charged, or may have been, and nobody was served for it. */
function isOwed({ stage, terms, isServed, action }: PaymentRecord): boolean {
  const isUnserved = stage === "open" || (stage === "closed" && !isServed);
  return isUnserved && action === undefined && termsKind(terms) === "charge";
}
