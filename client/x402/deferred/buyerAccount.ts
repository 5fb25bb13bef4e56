import type { Hex } from "viem";
import { largest, smallest } from "../../amounts.ts";
import { sum } from "./amounts.ts";
import type { BuyerAccountId, BuyerAccountRecord, LaneRecord } from "./buyerStorage.ts";
import { DEFAULT_LANE } from "../../voucher/types.ts";
import { randomNonce } from "../../voucher/nonces.ts";
import type { Deposit } from "./types.ts";

/** Seconds for which a lane is left alone that another process of the same buyer uses. */
const REST_SECONDS = 5n;
const FOREVER = 2n ** 64n;

/** A lane with one voucher on its way. At most one a lane. */
export interface LaneClaim {
  readonly id: Hex;
  readonly nonce: bigint;
  /** Ceiling of the voucher, token base units. */
  readonly ceiling: bigint;
  /** Most the request may be charged, token base units. */
  readonly price: bigint;
  readonly timestamp: bigint;
  /** Expiry of the voucher, unix seconds. */
  readonly expiry: bigint;
  /** Unix seconds after which no answer is expected any more. */
  readonly until: bigint;
}

/** How a payment ended, as far as the buyer can tell. */
export type Outcome =
  /** Charged; `charged` is the lane's total as the seller says, or undefined when it said nothing. */
  | { readonly kind: "charged"; readonly charged: bigint | undefined }
  /** The seller kept nothing of the voucher. */
  | { readonly kind: "refused" }
  /** The seller kept nothing of the voucher because its lane is in another state than thought, or in use. */
  | { readonly kind: "stale" }
  /** No answer that says anything. */
  | { readonly kind: "unknown" };

type Lane = { -readonly [field in keyof LaneRecord]: LaneRecord[field] } & { claim?: LaneClaim; restsUntil: bigint };

/** Asks for a lane. */
export interface ClaimParameters {
  /** Token base units. */
  readonly price: bigint;
  /** Unix seconds. */
  readonly now: bigint;
  readonly until: bigint;
  /** Unix seconds. */
  readonly expiry: bigint;
  /** Lane that the 402 offered. */
  readonly offeredId: Hex;
  /** Most lanes to use. */
  readonly maxLanes: number;
}

/**
 * What a buyer knows of one account, and which of its lanes are in use. Everything here happens at once: two requests that come together
 * never get one lane.
 */
export interface BuyerAccount {
  readonly id: BuyerAccountId;
  /** What new vouchers can use, less what is on its way; undefined when nothing is known. Token base units. */
  readonly spendable: bigint | undefined;
  /** What the seller could hold of this client's deposits and has not charged, token base units. */
  readonly exposure: bigint;
  /** Whether the seller may have accepted a voucher of this account. */
  readonly isUsed: boolean;
  pendingDeposit: Deposit | undefined;
  signerValidUntil: bigint;

  /** Claims a lane; undefined when all are in use and no more are allowed. */
  claimLane(parameters: ClaimParameters): LaneClaim | undefined;
  endClaim(claim: LaneClaim, outcome: Outcome): void;
  /** Takes the state of a lane from a voucher that was checked to be this buyer's own. */
  adoptLane(lane: Omit<LaneRecord, "isUncertain">): void;
  /** Goes on from a total within what this buyer remembers to have signed; with nonce zero when the lane starts anew. */
  rebaseLane(id: Hex, charged: bigint, isNew: boolean): void;
  /** Leaves a lane alone from now on. */
  avoidLane(id: Hex): void;
  /** Highest ceiling signed in a lane; zero for a lane this client does not know. Token base units. */
  promisedIn(id: Hex): bigint;
  /** Whether the state of a lane is known and certain. */
  knows(id: Hex): boolean;
  /** Lanes that can be used. */
  readonly laneCount: number;
  setAvailable(available: bigint): void;
  /** A deposit was executed. Says nothing of another one that is pending by now. */
  confirmDeposit(deposit: Deposit): void;
  /** The seller denies a deposit; it may have executed it, or may still. Another one that is pending by now stays. */
  dropDeposit(deposit: Deposit): void;
  /** Denied deposits that nobody can execute any more. */
  deniedBefore(now: bigint): readonly Deposit[];
  /** Counts a denied deposit for good, or forgets it. */
  settleDenied(deposit: Deposit, wasUsed: boolean): void;
  /** Ends claims and deposits whose time is over. */
  sweep(now: bigint): void;
  toRecord(): BuyerAccountRecord;
}

/** Opens an account, from what was kept of it or anew. */
export function openBuyerAccount(id: BuyerAccountId, record?: BuyerAccountRecord): BuyerAccount {
  const lanes = new Map<Hex, Lane>(record?.lanes.map((lane) => [lane.id, { ...lane, restsUntil: 0n }]));
  let available = record?.available;
  let deposited = record?.deposited ?? 0n;
  let denied = record?.deniedDeposits ?? [];

  const laneOf = (laneId: Hex): Lane => {
    const known = lanes.get(laneId);
    if (known !== undefined) return known;
    const lane: Lane = {
      id: laneId,
      nextNonce: 0n,
      charged: 0n,
      promised: 0n,
      timestamp: 0n,
      expiry: 0n,
      isUncertain: false,
      restsUntil: 0n,
    };
    lanes.set(laneId, lane);
    return lane;
  };
  const countLanes = () => [...lanes.values()].filter(({ restsUntil }) => restsUntil < FOREVER).length;
  const inFlight = () => sum([...lanes.values()].map(({ claim }) => claim?.price ?? 0n));

  const account: BuyerAccount = {
    id,
    get spendable() {
      return available === undefined ? undefined : available - inFlight();
    },
    get exposure() {
      const open = account.pendingDeposit === undefined ? denied : [...denied, account.pendingDeposit];
      const executable = sum(open.map(({ authorization }) => authorization.amount));
      const spent = sum([...lanes.values()].map(({ charged }) => charged));
      return largest(deposited + executable - spent, 0n);
    },
    get isUsed() {
      return [...lanes.values()].some((lane) => lane.nextNonce > 0n || lane.charged > 0n || lane.isUncertain);
    },
    pendingDeposit: record?.pendingDeposit,
    signerValidUntil: record?.signerValidUntil ?? 0n,

    claimLane({ price, now, until, expiry, offeredId, maxLanes }) {
      const picked = pickLane(lanes, { offeredId, now });
      if ((picked === undefined || !lanes.has(picked)) && countLanes() >= maxLanes) return undefined;
      const lane = laneOf(picked ?? randomNonce());
      const ceiling = largest(lane.charged + price, lane.promised);
      const claim: LaneClaim = {
        id: lane.id,
        nonce: lane.nextNonce,
        ceiling,
        price,
        timestamp: largest(now, lane.timestamp),
        expiry: largest(expiry, lane.expiry),
        until,
      };
      lane.claim = claim;
      lane.promised = ceiling;
      lane.timestamp = claim.timestamp;
      lane.expiry = claim.expiry;
      return claim;
    },

    endClaim(claim, outcome) {
      const lane = lanes.get(claim.id);
      if (lane === undefined || lane.claim !== claim) return;
      delete lane.claim;
      switch (outcome.kind) {
        case "charged": {
          // What the seller says is bounded by what was signed.
          const charged = smallest(outcome.charged ?? lane.charged + claim.price, claim.ceiling);
          if (available !== undefined && charged > lane.charged)
            available = largest(0n, available - (charged - lane.charged));
          lane.charged = charged;
          lane.nextNonce = claim.nonce + 1n;
          lane.isUncertain = false;
          return;
        }
        case "stale":
          // Another client of this buyer may work here: leave the lane to it, unless the seller says what to build on.
          lane.restsUntil = claim.timestamp + REST_SECONDS;
          lane.isUncertain = true;
          return;
        case "refused":
          // A lane that never opened is nobody's: not even worth remembering.
          if (claim.nonce === 0n && lane.charged === 0n && claim.id !== DEFAULT_LANE) lanes.delete(claim.id);
          return;
        case "unknown":
          lane.nextNonce = claim.nonce + 1n;
          lane.isUncertain = true;
      }
    },

    adoptLane({ id: laneId, nextNonce, charged, promised, timestamp, expiry }) {
      const lane = laneOf(laneId);
      lane.nextNonce = nextNonce;
      lane.charged = charged;
      lane.promised = largest(lane.promised, promised);
      lane.timestamp = largest(lane.timestamp, timestamp);
      lane.expiry = largest(lane.expiry, expiry);
      lane.isUncertain = false;
      lane.restsUntil = 0n;
    },
    rebaseLane(laneId, charged, isNew) {
      const lane = laneOf(laneId);
      lane.charged = charged;
      if (isNew) lane.nextNonce = 0n;
      lane.isUncertain = false;
      lane.restsUntil = 0n;
    },
    avoidLane(laneId) {
      laneOf(laneId).restsUntil = FOREVER;
    },
    promisedIn: (laneId) => lanes.get(laneId)?.promised ?? 0n,
    get laneCount() {
      return countLanes();
    },
    knows: (laneId) => lanes.get(laneId)?.isUncertain === false,
    setAvailable(amount) {
      available = amount;
    },
    confirmDeposit(deposit) {
      account.dropDeposit(deposit);
      if (!denied.includes(deposit)) return;
      account.settleDenied(deposit, true);
      available = (available ?? 0n) + deposit.authorization.amount;
    },
    dropDeposit(deposit) {
      if (account.pendingDeposit !== deposit) return;
      denied = [...denied, deposit];
      account.pendingDeposit = undefined;
    },
    deniedBefore: (now) => denied.filter(({ authorization }) => authorization.expiry < now),
    settleDenied(deposit, wasUsed) {
      if (wasUsed && denied.includes(deposit)) deposited += deposit.authorization.amount;
      denied = denied.filter((other) => other !== deposit);
    },
    sweep(now) {
      for (const { claim } of [...lanes.values()]) {
        if (claim !== undefined && claim.until < now) account.endClaim(claim, { kind: "unknown" });
      }
      const { pendingDeposit } = account;
      if (pendingDeposit !== undefined && pendingDeposit.authorization.expiry < now)
        account.dropDeposit(pendingDeposit);
    },
    toRecord() {
      return {
        account: id,
        lanes: [...lanes.values()].map(toLaneRecord),
        ...(available !== undefined && { available }),
        deposited,
        ...(account.pendingDeposit !== undefined && { pendingDeposit: account.pendingDeposit }),
        deniedDeposits: denied,
        signerValidUntil: account.signerValidUntil,
      };
    },
  };
  return account;
}

/** An idle lane whose state is certain, else the offered one, else an idle one whose state is not; undefined when a fresh one is needed. */
function pickLane(lanes: ReadonlyMap<Hex, Lane>, { offeredId, now }: { offeredId: Hex; now: bigint }): Hex | undefined {
  const idle = [...lanes.values()].filter((lane) => lane.claim === undefined && lane.restsUntil <= now);
  const certain = idle.filter((lane) => !lane.isUncertain);
  const preferred =
    certain.find(({ id }) => id === offeredId) ?? certain.find(({ id }) => id === DEFAULT_LANE) ?? certain[0];
  if (preferred !== undefined) return preferred.id;
  if (!lanes.has(offeredId)) return offeredId;
  return (idle.find(({ id }) => id === offeredId) ?? idle[0])?.id;
}

/** What is on its way when a record is written is uncertain for whoever reads the record after a crash. */
function toLaneRecord({ claim, restsUntil: _, ...lane }: Lane): LaneRecord {
  return claim === undefined ? lane : { ...lane, nextNonce: claim.nonce + 1n, isUncertain: true };
}
