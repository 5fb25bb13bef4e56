import { largest, smallest } from "../../../core/amounts.ts";
import { laneKey } from "../keys.ts";
import type { CollectableLane } from "../store/types.ts";
import type { CollectedLane } from "./types.ts";
import type { LaneId } from "../types.ts";
import { deadlineOf } from "./plan.ts";

/** Lanes with something uncollected, by what can become of them. */
export interface SortedLanes {
  /** May be collected now. */
  readonly ready: readonly CollectableLane[];
  /** Failed not long ago; to be left alone for a while. */
  readonly resting: readonly CollectableLane[];
  /** Can never be collected as they are, and were not in an earlier answer. */
  readonly lost: readonly CollectedLane[];
}

/**
 * Remembers how collections of lanes ended: each lane that failed waits longer from one attempt to the next and holds up no other, and
 * one that nothing can come of is given up.
 */
export interface Attempts {
  /**
   * @param lanes - All that is uncollected; what is not among them is forgotten.
   * @param now - Unix seconds.
   * @param chainTime - Time of a block that counts, unix seconds. The machine's clock may be fast, and gives up nothing.
   */
  sort(lanes: readonly CollectableLane[], now: bigint, chainTime: bigint): SortedLanes;
  /** Notes how an attempt ended. */
  note(lanes: readonly CollectableLane[], outcomes: readonly CollectedLane[], now: bigint): void;
  /** Seconds until the first of some lanes that rest may be tried again; undefined when none rests. */
  restOf(lanes: readonly CollectedLane[], now: bigint): bigint | undefined;
}

interface Failures {
  readonly count: number;
  /** Unix seconds. */
  readonly restsUntil: bigint;
}

/** Seconds after the first failure, doubled with every further one. */
const FIRST_REST = 30n;
const MAX_REST = 3_600n;
const MAX_DOUBLINGS = 7;

/** Makes what remembers the attempts of one collector. */
export function createAttempts(): Attempts {
  const failures = new Map<string, Failures>();
  /** Nonces of the vouchers that were given up; a newer voucher of the lane is another chance. */
  const givenUp = new Map<string, bigint>();

  function forgetAllBut(lanes: readonly CollectableLane[]): void {
    const keys = new Set(lanes.map(({ lane }) => laneKey(lane)));
    for (const memory of [failures, givenUp]) for (const key of memory.keys()) if (!keys.has(key)) memory.delete(key);
  }

  function giveUp({ lane, latest }: CollectableLane): boolean {
    const key = laneKey(lane);
    const isNew = givenUp.get(key) !== latest.voucher.nonce;
    givenUp.set(key, latest.voucher.nonce);
    return isNew;
  }

  const isResting = (lane: LaneId, now: bigint): boolean => (failures.get(laneKey(lane))?.restsUntil ?? 0n) > now;

  return {
    sort(lanes, now, chainTime) {
      forgetAllBut(lanes);
      const ready: CollectableLane[] = [];
      const resting: CollectableLane[] = [];
      const lost: CollectedLane[] = [];
      for (const lane of lanes) {
        const end = endOf(lane, chainTime);
        if (end === undefined) {
          givenUp.delete(laneKey(lane.lane));
          (isResting(lane.lane, now) ? resting : ready).push(lane);
        } else if (giveUp(lane)) lost.push({ lane: lane.lane, uncollected: lane.uncollected, collected: 0n, ...end });
      }
      return { ready, resting, lost };
    },

    note(lanes, outcomes, now) {
      const failed = new Set(outcomes.flatMap(({ lane, failure }) => (failure === undefined ? [] : laneKey(lane))));
      for (const lane of lanes) {
        const key = laneKey(lane.lane);
        const count = (failures.get(key)?.count ?? 0) + 1;
        if (failed.has(key)) failures.set(key, { count, restsUntil: now + restAfter(count, deadlineOf(lane) - now) });
        else failures.delete(key);
      }
    },

    restOf(lanes, now) {
      const rests = lanes.flatMap(({ lane }) => (isResting(lane, now) ? failures.get(laneKey(lane)) : undefined) ?? []);
      const [first, ...others] = rests.map(({ restsUntil }) => restsUntil - now);
      return first === undefined ? undefined : smallest(first, ...others);
    },
  };
}

/** Never so long that what can be lost is lost meanwhile. */
function restAfter(count: number, timeLeft: bigint): bigint {
  const rest = smallest(MAX_REST, FIRST_REST * 2n ** BigInt(Math.min(count - 1, MAX_DOUBLINGS)));
  return smallest(rest, largest(FIRST_REST, timeLeft / 2n));
}

/** Why nothing can come of a lane's latest voucher any more. */
function endOf(
  { latest, signerValidUntil }: CollectableLane,
  chainTime: bigint,
): Pick<CollectedLane, "reason" | "failure"> | undefined {
  if (latest.voucher.expiry < chainTime) return { reason: "expiry", failure: "Expired" };
  if (signerValidUntil !== undefined && signerValidUntil < chainTime)
    return { reason: "signer", failure: "BadSignature" };
  return undefined;
}
