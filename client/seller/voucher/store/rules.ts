import type { Hex } from "viem";
import type { ChainUpdate, LaneOffer, LeaseParameters, ReserveParameters, ReserveRefusal } from "./types.ts";
import { DEFAULT_LANE } from "../keys.ts";
import { toBytes32 } from "../../core/keys.ts";
import type { AccountId } from "../types.ts";
import { largest } from "../../../core/amounts.ts";
import {
  coverageOf,
  exposureOf,
  isHeld,
  isUsed,
  newAccount,
  newLane,
  randomBytes32,
  surplusOf,
  uncollectedOf,
  type AccountRecord,
  type LaneFacts,
  type LaneRecord,
} from "./records.ts";

/** The decisions of every store that holds its accounts in memory. Nothing here waits, so a decision and its effect are one step. */

/** Ends reservations that are past their time, so that they neither block a lane nor hold balance. */
export function endOverdueRequests(record: AccountRecord, now: bigint): void {
  for (const lane of record.lanes.values()) {
    if (lane.pending !== undefined && lane.pending.reservation.until < now) lane.pending = undefined;
  }
}

/** Says why a request may not have its lane; undefined when it may. */
export function refuse(record: AccountRecord, id: Hex, request: ReserveParameters): ReserveRefusal | undefined {
  const lane = record.lanes.get(id);
  if (lane === undefined || !isUsed(lane)) {
    if (id !== DEFAULT_LANE && countUsed(record) >= request.maxLanes) return "laneLimit";
  }
  if (lane === undefined) return "unknownLane";
  if (lane.pending !== undefined) return "busy";
  return refuseVoucher(lane, request) ?? refuseAmount(record, lane, request);
}

function refuseVoucher({ facts }: LaneRecord, request: ReserveParameters): ReserveRefusal | undefined {
  const { voucher, price, voucherHash } = request;
  if (facts.latest !== undefined) {
    const latest = facts.latest.voucher;
    if (voucherHash === facts.voucherHash) return "duplicate";
    if (voucher.nonce <= latest.nonce) return "staleNonce";
    if (voucher.timestamp < latest.timestamp) return "staleTimestamp";
    if (voucher.expiry < latest.expiry) return "staleExpiry";
  }
  if (losesKey(facts, request)) return "signedByKey";
  return voucher.valueAggregate < facts.charged + price ? "belowCharged" : undefined;
}

/** Only the latest voucher of a lane is kept, and what a key signed must not come to depend on what a contract says tomorrow. */
function losesKey(facts: LaneFacts, { signer }: ReserveParameters): boolean {
  const isKeys = facts.latest !== undefined && facts.latest.signer.kind !== "contract";
  return isKeys && signer.kind === "contract" && uncollectedOf(facts) > 0n;
}

function refuseAmount(
  record: AccountRecord,
  lane: LaneRecord,
  { price, maxUncollected, pendingDeposit = 0n }: ReserveParameters,
): ReserveRefusal | undefined {
  const { exposure, surplus, limit } = coverageOf(record);
  const exposureAfter = exposure - exposureOf(lane) + exposureOf(lane, price);
  const surplusAfter = surplus - surplusOf(lane) + surplusOf(lane, price);
  const balance = limit + pendingDeposit;
  // What a collection has paid in advance needs no balance, but first it makes up for other lanes whose balance that collection took.
  const isPrepaid = exposureAfter === exposure && exposureAfter <= balance + surplusAfter;
  if (!isPrepaid && exposureAfter > balance) return "uncovered";
  return maxUncollected !== undefined && exposureAfter > maxUncollected ? "exposureLimit" : undefined;
}

/** Default lane included, used or not. */
function countUsed(record: AccountRecord): number {
  let used = 0;
  for (const lane of record.lanes.values()) if (lane.id === DEFAULT_LANE || isUsed(lane)) used += 1;
  return used;
}

/** Picks the lane of an offer and leases it. */
export function lease(record: AccountRecord, { now, until, maxLanes, except }: LeaseParameters): LaneOffer {
  endOverdueRequests(record, now);
  const lanes = [...record.lanes.values()];
  const free = lanes.filter((lane) => !isHeld(lane, now) && lane.id !== except);
  // Used lanes before fresh ones: every fresh lane costs two more storage words on-chain.
  const idle = free.find(({ id }) => id === DEFAULT_LANE) ?? free.find(isUsed) ?? free[0];
  if (idle !== undefined) return takeLease(record, idle, until, false);
  if (lanes.length < maxLanes) {
    const fresh = newLane(randomBytes32());
    record.lanes.set(fresh.id, fresh);
    return takeLease(record, fresh, until, false);
  }
  const soonest = lanes.reduce((best, lane) => (lane.leasedUntil < best.leasedUntil ? lane : best));
  return takeLease(record, soonest, until, true);
}

function takeLease(record: AccountRecord, lane: LaneRecord, until: bigint, isShared: boolean): LaneOffer {
  lane.leasedUntil = until;
  return toOffer(record, lane, isShared);
}

export function toOffer(record: AccountRecord, lane: LaneRecord, isShared: boolean): LaneOffer {
  const { charged, collected, latest } = lane.facts;
  return {
    lane: { ...record.account, id: lane.id },
    type: isUsed(lane) ? "aggregation" : "new",
    base: charged,
    collected,
    nextNonce: latest === undefined ? 0n : latest.voucher.nonce + 1n,
    isShared,
    ...(latest === undefined ? {} : { latest: { voucher: latest.voucher, signature: latest.signature } }),
  };
}

/** How many lanes an account may have that were read from the chain and not used yet. */
const MAX_UNUSED_LANES = 64;

/** Drops the oldest lanes that nobody used and nobody holds, so that questions leave little behind. */
function dropUnusedLanes(record: AccountRecord, now: bigint): void {
  const unused = [...record.lanes.values()].filter(
    (lane) => lane.id !== DEFAULT_LANE && !(isHeld(lane, now) || isUsed(lane)),
  );
  for (const lane of unused.slice(0, -MAX_UNUSED_LANES)) record.lanes.delete(lane.id);
}

/**
 * Puts a collected total read from the chain into a lane.
 *
 * A total above every ceiling this store knows was collected by vouchers it does not know: a lost or older store accepted them. Their
 * ceilings were served, so the next voucher must build on top of them.
 */
function applyCollected(lane: LaneRecord, collected: bigint): void {
  const { facts, pending } = lane;
  const highestKnown = largest(facts.charged, facts.promised, pending?.voucher.valueAggregate ?? 0n);
  const charged = collected > highestKnown ? collected : facts.charged;
  const next = { ...facts, charged, collected };
  lane.facts = uncollectedOf(next) === 0n ? { ...next, oldestChargeTime: 0n } : next;
}

/**
 * Takes in what was read from the chain about an account.
 *
 * @param now - Latest time the store has heard of, unix seconds.
 * @returns The record, changed or new; undefined when the store knows a later block.
 */
export function mergeUpdate(
  known: AccountRecord | undefined,
  account: AccountId,
  update: ChainUpdate,
  now: bigint,
): AccountRecord | undefined {
  const isLate = known !== undefined && known.facts.syncedBlock.number > update.block.number;
  if (isLate && !known.facts.isStale) return undefined;
  const { balance, thawing, thawEndTime, block } = update;
  const facts = { balance, thawing, thawEndTime, syncedBlock: block, isStale: false };
  const record = known ?? newAccount(account, facts);
  record.facts = facts;
  for (const { id, collected } of update.lanes) {
    const key = toBytes32(id);
    const lane = record.lanes.get(key) ?? newLane(key);
    applyCollected(lane, collected);
    record.lanes.set(key, lane);
  }
  dropUnusedLanes(record, now);
  for (const nonce of update.endedReleases) record.releases.delete(toBytes32(nonce));
  return record;
}
