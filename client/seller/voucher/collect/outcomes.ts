import type { Address } from "viem";
import type { SkipReason } from "../../../voucher/types.ts";
import { laneKey } from "../keys.ts";
import type { CollectedLane } from "./types.ts";
import type { LaneId } from "../types.ts";
import type { VoucherStore } from "../store/types.ts";
import type { PlannedLane } from "./plan.ts";

/** What a receipt says about a lane without effect. */
export type Hint = SkipReason | "GroupFailed";

/** What is known besides the chain's totals, which decide. By lane key. */
export interface Clues {
  readonly hints?: ReadonlyMap<string, Hint>;
  /** What could not be sent. */
  readonly errors?: ReadonlyMap<string, Error>;
}

/** Says how the collection of some lanes ended, once the store knows what the chain says. */
export async function judge(
  store: VoucherStore,
  planned: readonly PlannedLane[],
  { hints, errors }: Clues,
): Promise<readonly CollectedLane[]> {
  return Promise.all(
    planned.map(async ({ lane, reason }) => {
      const key = laneKey(lane.lane);
      const total = (await store.getLane(lane.lane))?.collected ?? lane.collected;
      const collected = total > lane.collected ? total - lane.collected : 0n;
      const outcome = { lane: lane.lane, reason, uncollected: lane.uncollected, collected };
      if (total >= lane.charged || (await isPaidElsewhere(store, lane.lane))) return outcome;
      const failure = collected > 0n ? "Partial" : (hints?.get(key) ?? "NoBalance");
      const error = errors?.get(key);
      return { ...outcome, failure, ...(error !== undefined && { error }) };
    }),
  );
}

/** Whether the collection of a ceiling in another lane emptied the account and paid for this lane as well. */
async function isPaidElsewhere(store: VoucherStore, lane: LaneId): Promise<boolean> {
  const account = await store.getAccount(lane);
  return account?.balance === 0n && account.owed === 0n;
}

/** Sum over lanes, token base units, by asset. */
export function sumByAsset(lanes: readonly CollectedLane[]): ReadonlyMap<Address, bigint> {
  const sums = new Map<Address, bigint>();
  for (const { lane, collected } of lanes) sums.set(lane.asset, (sums.get(lane.asset) ?? 0n) + collected);
  return sums;
}
