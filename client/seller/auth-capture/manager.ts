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
import { isLive, signAction, type Authorizer, type WantedAction } from "./actions.ts";
import { PaymentChangedError, UnknownPaymentError } from "./errors.ts";
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
  /** Told of a payment that was charged and never served: a refund is due, which only a person can fund. */
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
   * Takes a payment for one request: the first one, or one after a request that gave it back.
   *
   * @param until - When the request counts as lost, unix seconds.
   * @returns False when another request has it, or had it.
   */
  begin(payment: NewPayment, until: bigint): Promise<boolean>;
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

/** How long one piece of work keeps the sweeper away, seconds. */
const WORK_SECONDS = 60n;
/** Between two looks at what is due by this machine's clock and not yet by the chain's, seconds. */
const WATCH_SECONDS = 10n;
/** Between two looks at what is held, seconds. */
const KEEP_SECONDS = 3_600n;
/** Pause after the first failure, seconds; it doubles from one to the next. */
const RETRY_SECONDS = 30n;
const MAX_DOUBLINGS = 7;
/** How long after the end of a signature its collection could still be undone and done again by the chain, seconds. */
const EXPIRY_MARGIN = 60n;
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

  /** Writes down where a payment without a live signature is. */
  async function rest(record: PaymentRecord, status: PaymentStatus, changes: Partial<PaymentRecord> = {}) {
    const isHeld = status.capturable > 0n;
    const isServed = changes.isServed ?? record.isServed;
    if (!isHeld && status.refundable > 0n && !isServed && record.stage !== "closed") onUnserved?.(record);
    const next = isHeld
      ? ({ stage: "held", dueAt: nextLook(status, clock()) } as const)
      : ({ stage: "closed" } as const);
    return { record: await write(record, { failures: 0, ...next, ...changes }), status };
  }

  /** Stores a signature, and only then lets it go. */
  async function close(
    record: PaymentRecord,
    status: PaymentStatus,
    { wanted, signal, ...changes }: { wanted: WantedAction; signal: AbortSignal } & Partial<PaymentRecord>,
  ): Promise<PaymentOutcome> {
    const action = await signAction(authorizers, record, status, wanted);
    const stored = await write(record, { ...changes, stage: "closing", action, dueAt: clock() + WORK_SECONDS });
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
    const { action } = record;
    if (action === undefined || !isLive(record, action, status)) return rest(record, status);
    let current = record;
    try {
      await sender.check(current, action);
      const released = { ...action, isReleased: true };
      current = await write(current, { action: released, dueAt: clock() + WORK_SECONDS });
      const sent = await sender.send(current, released, signal);
      const after = await read(current, sent);
      if (isLive(current, released, after)) throw new PaymentChangedError(current.paymentInfoHash, "did not change");
      const { transaction } = sent;
      return await rest(current, after, { action: { ...released, ...(transaction !== undefined && { transaction }) } });
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

  async function sweepOne(record: PaymentRecord, signal: AbortSignal): Promise<void> {
    if (record.stage === "open") await sweepOpen(record, signal);
    else if (record.stage === "serving") await giveUp(record, signal);
    else if (record.stage === "held") await sweepHeld(record, signal);
    else await sweepClosing(record, signal);
  }

  /** A failure puts a payment off, so that the others have their turn. */
  async function putOff({ paymentInfoHash }: PaymentRecord): Promise<void> {
    const record = await store.get(paymentInfoHash);
    if (record === undefined || record.stage === "closed" || record.dueAt > clock()) return;
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
      if (known?.stage !== "open" || known.action !== undefined) return false;
      return store.replace({ ...known, stage: "serving", dueAt: until, version: known.version + 1 });
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
      for (const record of await store.listDue({ now: clock(), limit: SWEEP_LIMIT })) {
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

/**
 * When nobody can collect a payment any more. One look then is enough, and all that strangers can have the chain asked by payments without
 * money.
 */
function endOf({ paymentInfo }: PaymentRecord): bigint {
  return paymentInfo.preApprovalExpiry + EXPIRY_MARGIN;
}

/** What the sweeper does for anybody. */
function isPushed(action: string): action is "releaseDue" | "voidExpired" {
  return action === "releaseDue" || action === "voidExpired";
}

/** Whoever serves a payment decides what becomes of it. */
function assertKept({ stage, paymentInfoHash }: PaymentRecord): void {
  if (stage !== "open" && stage !== "serving") return;
  throw new PaymentChangedError(paymentInfoHash, "is not served yet");
}

/** Pauses grow while something fails, but never so that the end of the hold would be missed. */
function afterFailure({ failures = 0, paymentInfo }: PaymentRecord, now: bigint) {
  const pause = RETRY_SECONDS * 2n ** BigInt(Math.min(failures, MAX_DOUBLINGS));
  const left = paymentInfo.authorizationExpiry - now;
  const longest = left > 0n ? largest(RETRY_SECONDS, left / 4n) : pause;
  return { failures: failures + 1, dueAt: now + smallest(pause, longest) };
}

/** When a held payment is looked at again: when its time comes, or before, since a dispute can change that. */
function nextLook({ actions }: PaymentStatus, now: bigint): bigint {
  const times = actions
    .filter(({ action }) => isPushed(action))
    .map(({ from }) => (from <= now ? now + WATCH_SECONDS : from));
  return smallest(now + KEEP_SECONDS, ...times);
}
