import type { Address } from "viem";
import { smallest } from "../../../core/amounts.ts";
import { THAWING_PERIOD } from "../limits.ts";
import type { CollectableLane } from "../store/types.ts";
import type { CollectReason } from "./types.ts";
import { laneGas, type GasModel } from "./gas.ts";
import { groupBy } from "./group.ts";

/** When a seller finds a collection worth its gas. What could be lost is collected in time whatever stands here. */
export interface CollectPolicy {
  /** Collects an asset once this much of it is uncollected, token base units. */
  readonly minValue?: (asset: Address) => bigint;
  /** Collects an asset once what is uncollected is this many times the gas of its collection; needs `priceGas`. */
  readonly gasMultiple?: bigint;
  /** What gas of this many wei costs in token base units of an asset. With it, lanes worth less than their own gas wait for others. */
  readonly priceGas?: (asset: Address, wei: bigint) => bigint | Promise<bigint>;
  /** Collects a lane once its oldest uncollected charge is this many seconds old; one day by default. */
  readonly maxAge?: bigint;
}

/** A lane to collect, and why. */
export interface PlannedLane {
  readonly lane: CollectableLane;
  readonly reason: CollectReason;
}

/** What a plan is made from. */
export interface PlanParameters {
  readonly lanes: readonly CollectableLane[];
  readonly policy: CollectPolicy;
  readonly gasOf: (asset: Address) => GasModel;
  /** Wei a gas; only asked for when the policy needs it. */
  readonly readGasPrice: () => Promise<bigint>;
  /** Unix seconds. */
  readonly now: bigint;
  /** Seconds a collection may need, see `SellerLimits.collectionMargin`. */
  readonly collectionMargin: bigint;
}

const DEFAULT_MAX_AGE = 86_400n;

/** How long before its expiry a voucher is collected, beside the margin: time for retries, and not so early that short expiries cost gas. */
const RETRY_TIME = THAWING_PERIOD / 2n;

/** Picks the lanes that are due, the most urgent first. */
export async function planDue(parameters: PlanParameters): Promise<readonly PlannedLane[]> {
  const { policy } = parameters;
  const lanes = parameters.lanes.filter(({ balance }) => balance > 0n);
  const gasPrice = policy.priceGas === undefined ? 0n : await parameters.readGasPrice();
  const byAsset = groupBy(lanes, ({ lane }) => lane.asset);
  const planned: PlannedLane[] = [];
  for (const [asset, all] of byAsset) {
    const worthwhile = await filterWorthwhile(asset, all, gasPrice, parameters);
    const isValuable = await isWorthCollecting(asset, worthwhile, gasPrice, parameters);
    for (const lane of worthwhile) {
      const reason = urgencyOf(lane, parameters) ?? (isValuable ? "value" : undefined);
      if (reason !== undefined) planned.push({ lane, reason });
    }
  }
  return planned.toSorted((one, other) => Number(deadlineOf(one.lane) - deadlineOf(other.lane)));
}

/** A lane that costs more than it holds makes the seller poorer, however urgent it is. */
async function filterWorthwhile(
  asset: Address,
  lanes: readonly CollectableLane[],
  gasPrice: bigint,
  { policy: { priceGas }, gasOf }: PlanParameters,
): Promise<readonly CollectableLane[]> {
  if (priceGas === undefined) return lanes;
  const kept: CollectableLane[] = [];
  for (const lane of lanes) {
    if (lane.uncollected > (await priceGas(asset, laneGas(lane, gasOf(asset)).expected * gasPrice))) kept.push(lane);
  }
  return kept;
}

async function isWorthCollecting(
  asset: Address,
  lanes: readonly CollectableLane[],
  gasPrice: bigint,
  { policy: { minValue, gasMultiple, priceGas }, gasOf }: PlanParameters,
): Promise<boolean> {
  const value = lanes.reduce((sum, { uncollected }) => sum + uncollected, 0n);
  if (value === 0n) return false;
  if (minValue !== undefined && value >= minValue(asset)) return true;
  if (gasMultiple === undefined || priceGas === undefined) return false;
  const gas = gasOf(asset);
  const gasUsed = lanes.reduce((sum, lane) => sum + laneGas(lane, gas).expected, gas.expectedTransaction);
  return value >= gasMultiple * (await priceGas(asset, gasUsed * gasPrice));
}

function urgencyOf(
  { latest, thawEndTime, signerValidUntil, oldestChargeTime }: CollectableLane,
  { now, collectionMargin, policy: { maxAge = DEFAULT_MAX_AGE } }: PlanParameters,
): CollectReason | undefined {
  // At once, because nothing more is accepted from such an account or such a signer: waiting wins nothing, and this comes only once.
  if (thawEndTime !== 0n) return "thaw";
  if (signerValidUntil !== undefined && signerValidUntil < now + THAWING_PERIOD + collectionMargin) return "signer";
  if (latest.voucher.expiry <= now + RETRY_TIME + collectionMargin) return "expiry";
  return now - oldestChargeTime >= maxAge ? "age" : undefined;
}

/** First moment at which the lane's uncollected amount could be lost. */
export function deadlineOf({ latest, thawEndTime, signerValidUntil }: CollectableLane): bigint {
  const thawEnd = thawEndTime === 0n ? latest.voucher.expiry : thawEndTime;
  return smallest(latest.voucher.expiry, thawEnd, signerValidUntil ?? latest.voucher.expiry);
}
