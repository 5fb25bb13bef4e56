import { largest } from "../../core/amounts.ts";
import type { SignedTopUp } from "../../flash/sign.ts";
import { sum } from "../core/amounts.ts";
import type { EscrowFacts } from "./escrowReader.ts";
import type { Opening } from "./types.ts";

/** What a payer has signed to lock in one escrow, as it is kept. */
export interface LockRecord {
  /** Openings that were signed and that the chain has not shown to be over. The last one is sent again while it may still be executed. */
  readonly openings: readonly Opening[];
  /** Top-ups that were signed and that the chain has not shown to be executed or over. */
  readonly topUps: readonly SignedTopUp[];
  /** What a final block showed to be locked in an epoch, token base units. */
  readonly shown?: { readonly epoch: bigint; readonly balance: bigint };
}

/** Whether a top-up was executed by the block that {@link EscrowFacts} are of; undefined when nobody can say. */
export type TopUpUse = (topUp: SignedTopUp) => boolean | undefined;

/** Keeps count of what may be locked: whatever is signed counts until the chain says otherwise. */
export interface PayerLocks {
  /** Token base units. */
  readonly locked: bigint;
  /** The same without the openings of an epoch, which another opening of that epoch takes the place of. */
  lockedBesides(epoch: bigint): bigint;
  readonly topUps: readonly SignedTopUp[];
  /** The opening to send; undefined when one has to be signed. */
  pendingOpening(epoch: bigint, now: bigint): Opening | undefined;
  addOpening(opening: Opening): void;
  /** The server does not take this opening: another one is signed next. It may be executed all the same. */
  denyOpening(opening: Opening): void;
  /** The top-up to send; undefined when one has to be signed. */
  pendingTopUp(epoch: bigint, now: bigint): SignedTopUp | undefined;
  addTopUp(topUp: SignedTopUp): void;
  /** This top-up is not sent again: it was executed, or the server does not take it. It may be executed all the same. */
  leaveTopUp(topUp: SignedTopUp): void;
  /**
   * Takes what a final block shows: what is over counts no longer, and of what was executed counts what is left of it.
   *
   * @returns Whether less counts than before.
   */
  review(facts: EscrowFacts, isUsed: TopUpUse): boolean;
  toRecord(): LockRecord;
}

/** Opens the locks of an escrow, from what was kept of them or anew. */
export function openPayerLocks(record: Partial<LockRecord> = {}): PayerLocks {
  let openings = record.openings ?? [];
  let topUps = record.topUps ?? [];
  let shown = record.shown;
  /** What is not sent again. */
  const left = new WeakSet<Opening | SignedTopUp>();

  const locks: PayerLocks = {
    get locked() {
      return lockedBy(openings, shown) + amountOf(topUps);
    },
    lockedBesides: (epoch) =>
      lockedBy(
        openings.filter(({ terms }) => terms.epoch !== epoch),
        shown?.epoch === epoch ? undefined : shown,
      ) + amountOf(topUps),
    get topUps() {
      return topUps;
    },
    pendingOpening: (epoch, now) =>
      openings.findLast(
        (opening) => !left.has(opening) && opening.terms.epoch === epoch && opening.terms.deadline > now,
      ),
    addOpening(opening) {
      openings = [...openings, opening];
    },
    denyOpening(opening) {
      left.add(opening);
    },
    pendingTopUp: (epoch, now) =>
      topUps.findLast(
        (topUp) => !left.has(topUp) && topUp.authorization.epoch === epoch && topUp.authorization.deadline > now,
      ),
    addTopUp(topUp) {
      topUps = [...topUps, topUp];
    },
    leaveTopUp(topUp) {
      left.add(topUp);
    },

    review(facts, isUsed) {
      const before = locks.locked;
      openings = openings.filter(({ terms: { epoch, deadline } }) => {
        const isExecuted = facts.isOpen && epoch === facts.epoch;
        return epoch >= facts.epoch && (isExecuted || deadline >= facts.timestamp);
      });
      topUps = topUps.filter((topUp) => {
        const { epoch, deadline } = topUp.authorization;
        if (epoch !== facts.epoch) return epoch > facts.epoch;
        const wasUsed = isUsed(topUp);
        return wasUsed === undefined || (!wasUsed && deadline >= facts.timestamp);
      });
      shown = facts.isOpen ? { epoch: facts.epoch, balance: facts.balance } : undefined;
      return locks.locked < before;
    },

    toRecord: () => ({ openings, topUps, ...(shown !== undefined && { shown }) }),
  };
  return locks;
}

/** Of the openings of one epoch at most one is executed; once a final block has shown the escrow open, that is what it shows. */
function lockedBy(openings: readonly Opening[], shown: LockRecord["shown"]): bigint {
  const byEpoch = new Map<bigint, bigint>();
  for (const { terms } of openings) byEpoch.set(terms.epoch, largest(terms.amount, byEpoch.get(terms.epoch) ?? 0n));
  if (shown !== undefined) byEpoch.set(shown.epoch, shown.balance);
  return sum(byEpoch.values());
}

function amountOf(topUps: readonly SignedTopUp[]): bigint {
  return sum(topUps.map(({ authorization }) => authorization.amount));
}
