import { smallest } from "../../../core/amounts.ts";
import { escrowKey } from "../keys.ts";
import type { FlashEscrowState, SettlePolicy, SettleReason, UnsettledItem } from "../types.ts";

/** One escrow with everything that is settled of it at once. */
export interface PlannedEscrow {
  readonly state: FlashEscrowState;
  /** Oldest deadline first. */
  readonly items: readonly UnsettledItem[];
  readonly reason: SettleReason;
}

/** What a plan is made from. */
export interface PlanParameters {
  /** Oldest deadline first. */
  readonly items: readonly UnsettledItem[];
  readonly states: readonly FlashEscrowState[];
  readonly policy: SettlePolicy;
  /** T: seconds from an acceptance to a settlement in a block. */
  readonly settleSeconds: bigint;
  /** Unix seconds. */
  readonly now: bigint;
  /** Plans everything, due or not. */
  readonly isAll: boolean;
}

const DEFAULT_EXPOSURE_PERCENT = 50n;
const DEFAULT_MAX_AGE = 300n;

/** Picks the escrows that are due, those whose items could be lost first in front. */
export function planSettlement(parameters: PlanParameters): readonly PlannedEscrow[] {
  const states = new Map(parameters.states.map((state) => [escrowKey(state.escrow), state]));
  const planned: PlannedEscrow[] = [];
  for (const [key, items] of byEscrow(parameters.items)) {
    const state = states.get(key);
    // Once the server has been paid all it accepted, in whatever way, what is left is the client's credit.
    if (state === undefined || state.unsettled === 0n) continue;
    const reason = reasonOf(state, items, parameters) ?? (parameters.isAll ? "now" : undefined);
    if (reason !== undefined) planned.push({ state, items, reason });
  }
  return planned.toSorted((one, other) => compare(endOf(one), endOf(other)));
}

function byEscrow(items: readonly UnsettledItem[]): ReadonlyMap<string, readonly UnsettledItem[]> {
  const groups = new Map<string, UnsettledItem[]>();
  for (const item of items) {
    const key = escrowKey(item.escrow);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** The most urgent reason. Twice T, so that a first attempt that fails leaves the time for another. */
function reasonOf(
  state: FlashEscrowState,
  items: readonly UnsettledItem[],
  { policy, settleSeconds, now }: PlanParameters,
): SettleReason | undefined {
  const { exposurePercent = DEFAULT_EXPOSURE_PERCENT, maxAge = DEFAULT_MAX_AGE } = policy;
  const soon = now + 2n * settleSeconds;
  if (isLeaving(state)) return "closing";
  if (unlockOf(state) <= soon) return "unlock";
  if (items.some(({ item: { deadline } }) => deadline !== 0n && deadline <= soon)) return "deadline";
  const due = items.reduce((sum, item) => sum + item.due, 0n);
  if (due * 100n >= state.confirmed.balance * exposurePercent) return "exposure";
  return items.some(({ acceptedAt }) => acceptedAt + maxAge <= now) ? "age" : undefined;
}

function isLeaving({ confirmed, head, isStopped }: FlashEscrowState): boolean {
  return isStopped || [confirmed, head].some((read) => read.isClosedByClient || read.isClosedByServer || !read.isOpen);
}

function unlockOf({ confirmed, head }: FlashEscrowState): bigint {
  return smallest(confirmed.unlockAt, head.unlockAt);
}

/** First moment at which something of an escrow could be lost, unix seconds. */
export function endOf({ state, items }: Pick<PlannedEscrow, "state" | "items">): bigint {
  const deadlines = items.flatMap(({ item: { deadline } }) => (deadline === 0n ? [] : [deadline]));
  return smallest(unlockOf(state), ...deadlines);
}

function compare(one: bigint, other: bigint): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
