import { randomBytes } from "node:crypto";
import type { Address, Hash, Hex } from "viem";
import type { Voucher } from "../../../voucher/types.ts";
import type { BlockReference } from "../../core/types.ts";
import { accountKey, DEFAULT_LANE } from "../keys.ts";
import type {
  AcceptedVoucher,
  AccountId,
  AccountState,
  LaneState,
  LiveRelease,
  Reservation,
  SessionSigner,
  VoucherSigner,
} from "../types.ts";
import type { CollectableLane } from "./types.ts";

/** A request that is being served, with what its commit will store. */
export interface PendingRequest {
  readonly reservation: Reservation;
  readonly voucher: Voucher;
  readonly signature: Hex;
  readonly signer: VoucherSigner;
  readonly voucherHash: Hash;
}

/** What a store keeps of a lane on disk. */
export interface LaneFacts {
  readonly charged: bigint;
  readonly collected: bigint;
  readonly latest: AcceptedVoucher | undefined;
  /** Highest ceiling ever accepted: whoever holds that voucher can collect it. */
  readonly promised: bigint;
  /** Digest of `latest`. */
  readonly voucherHash: Hash | undefined;
  /** Unix seconds; meaningless while nothing is uncollected. */
  readonly oldestChargeTime: bigint;
}

/** A lane in memory: its facts, and what does not outlive the process. */
export interface LaneRecord {
  readonly id: Hex;
  facts: LaneFacts;
  pending: PendingRequest | undefined;
  leasedUntil: bigint;
}

/** What a store keeps of an account on disk, besides its lanes and releases. */
export interface AccountFacts {
  readonly balance: bigint;
  readonly thawing: bigint;
  readonly thawEndTime: bigint;
  readonly syncedBlock: BlockReference;
  /** True after a re-organisation, until it was read again. */
  readonly isStale: boolean;
}

/** An account in memory. */
export interface AccountRecord {
  readonly key: string;
  readonly account: AccountId;
  facts: AccountFacts;
  readonly lanes: Map<Hex, LaneRecord>;
  /** By nonce. */
  releases: Map<Hex, LiveRelease>;
}

/** What a store keeps of a session signer on disk. */
export interface SignerRecord extends SessionSigner {
  readonly chainId: bigint;
  readonly escrow: Address;
  readonly buyer: Address;
  readonly blockNumber: bigint;
}

/** A lane in which nothing ever happened. */
const EMPTY_LANE: LaneFacts = {
  charged: 0n,
  collected: 0n,
  latest: undefined,
  promised: 0n,
  voucherHash: undefined,
  oldestChargeTime: 0n,
};

export function newLane(id: Hex, facts: LaneFacts = EMPTY_LANE): LaneRecord {
  return { id, facts, pending: undefined, leasedUntil: 0n };
}

/** Every account has its default lane, used or not: its collected total is read with the account. */
export function newAccount(account: AccountId, facts: AccountFacts): AccountRecord {
  const lanes = new Map([[DEFAULT_LANE, newLane(DEFAULT_LANE)]]);
  return { key: accountKey(account), account, facts, lanes, releases: new Map() };
}

/** Draws an id nobody used before: its collected total is zero without asking the chain. */
export function randomBytes32(): Hex {
  return `0x${randomBytes(32).toString("hex")}`;
}

/** Charged and not collected; zero when somebody collected more than was charged. */
export function uncollectedOf({ charged, collected }: LaneFacts): bigint {
  return charged > collected ? charged - collected : 0n;
}

/** Whether the lane is worth keeping: something was accepted or collected in it. */
export function isUsed({ facts }: LaneRecord): boolean {
  return facts.latest !== undefined || facts.collected > 0n || facts.charged > 0n;
}

/** Whether a request is being served in the lane, or a 402 has promised it. */
export function isHeld({ pending, leasedUntil }: LaneRecord, now: bigint): boolean {
  return pending !== undefined || (leasedUntil > 0n && leasedUntil >= now);
}

/** Whether a request of the account is being served. */
export function isServing({ lanes }: AccountRecord): boolean {
  for (const { pending } of lanes.values()) if (pending !== undefined) return true;
  return false;
}

/** What a lane takes from the balance when `price` is charged on top. */
export function exposureOf({ facts, pending }: LaneRecord, price = pending?.reservation.price ?? 0n): bigint {
  return uncollectedOf({ ...facts, charged: facts.charged + price });
}

/** What somebody's collection of a ceiling has paid in advance and `price` on top does not use up. */
export function surplusOf({ facts, pending }: LaneRecord, price = pending?.reservation.price ?? 0n): bigint {
  const charged = facts.charged + price;
  return facts.collected > charged ? facts.collected - charged : 0n;
}

/** An account's books, requests that are being served included. */
export interface Coverage {
  /** What the lanes may still take from the balance. */
  readonly exposure: bigint;
  /** What was collected ahead of the charges, over all lanes. */
  readonly surplus: bigint;
  /** Balance that is left once thaws and live releases are gone; negative when releases reach above it. */
  readonly limit: bigint;
}

export function coverageOf(record: AccountRecord): Coverage {
  let exposure = 0n;
  let surplus = 0n;
  for (const lane of record.lanes.values()) {
    exposure += exposureOf(lane);
    surplus += surplusOf(lane);
  }
  const { balance, thawing } = record.facts;
  let limit = thawing < balance ? balance - thawing : 0n;
  for (const { authorization } of record.releases.values()) limit -= authorization.amount;
  return { exposure, surplus, limit };
}

/** What was charged, was not collected, and was not paid in advance in another lane either. */
export function owedOf(record: AccountRecord): bigint {
  let owed = 0n;
  for (const { facts } of record.lanes.values()) owed += facts.charged - facts.collected;
  return owed > 0n ? owed : 0n;
}

/** What new vouchers may still use. */
export function spendableOf(record: AccountRecord): bigint {
  const { exposure, limit } = coverageOf(record);
  return limit > exposure ? limit - exposure : 0n;
}

export function toLaneState(record: AccountRecord, lane: LaneRecord): LaneState {
  const { charged, collected, latest } = lane.facts;
  return {
    lane: { ...record.account, id: lane.id },
    charged,
    collected,
    leasedUntil: lane.leasedUntil,
    ...(latest === undefined ? {} : { latest }),
    ...(lane.pending === undefined ? {} : { reservation: lane.pending.reservation }),
  };
}

export function toAccountState(record: AccountRecord): AccountState {
  const { balance, thawing, thawEndTime, syncedBlock } = record.facts;
  return {
    account: record.account,
    balance,
    thawing,
    thawEndTime,
    syncedBlock,
    releases: [...record.releases.values()],
    spendable: spendableOf(record),
    owed: owedOf(record),
  };
}

/** A lane as the collector sees it, with its session signer if it has one; undefined when it has no voucher. */
export function toCollectable(
  record: AccountRecord,
  lane: LaneRecord,
  session: Pick<SignerRecord, "validUntil"> | undefined,
): CollectableLane | undefined {
  const { latest, oldestChargeTime } = lane.facts;
  if (latest === undefined) return undefined;
  const { exposure, limit } = coverageOf(record);
  const isThreatened = record.facts.thawing > 0n && exposure > limit;
  return {
    ...toLaneState(record, lane),
    latest,
    uncollected: uncollectedOf(lane.facts),
    balance: record.facts.balance,
    oldestChargeTime,
    thawEndTime: isThreatened ? record.facts.thawEndTime : 0n,
    ...(session === undefined ? {} : { signerValidUntil: session.validUntil }),
  };
}
