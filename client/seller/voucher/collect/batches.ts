import { encodeFunctionData, type Address } from "viem";
import { voucherEscrowAbi } from "../../../abi/index.ts";
import { packRow, toWideRow } from "../../../voucher/pack.ts";
import type { Group, Row, WideRow } from "../../../voucher/types.ts";
import { intrinsicGas, laneGas, toCollectable, type GasModel } from "./gas.ts";
import { groupBy } from "./group.ts";
import type { PlannedLane } from "./plan.ts";

/** One transaction of a collection. */
export interface Batch {
  readonly lanes: readonly PlannedLane[];
  readonly groups: readonly Group[];
  /** Gas limit of the transaction. */
  readonly gas: bigint;
}

interface Draft {
  readonly lanes: PlannedLane[];
  readonly assets: Set<Address>;
  gas: bigint;
}

/** Before the first group: the base fee of a transaction, its selector and its list of groups. */
const TRANSACTION_OVERHEAD = 40_000n;

/** Around a group: its own words as call data, and the event of its failure. */
const GROUP_OVERHEAD = 20_000n;

/** Splits a plan into transactions below the gas limit, in its order. Each has one group an asset. */
export function splitIntoBatches(
  planned: readonly PlannedLane[],
  modelOf: (asset: Address) => GasModel,
): readonly Batch[] {
  const drafts: Draft[] = [];
  for (const entry of planned) {
    const { asset } = entry.lane.lane;
    const model = modelOf(asset);
    const last = drafts.at(-1);
    const draft =
      last !== undefined && last.gas + gasOf(entry, last, model) <= model.transactionLimit ? last : newDraft();
    if (draft !== last) drafts.push(draft);
    draft.gas += gasOf(entry, draft, model);
    draft.lanes.push(entry);
    draft.assets.add(asset);
  }
  return drafts.map(({ lanes }) => toBatch(lanes, modelOf));
}

function newDraft(): Draft {
  return { lanes: [], assets: new Set(), gas: TRANSACTION_OVERHEAD };
}

function gasOf({ lane }: PlannedLane, { assets }: Draft, model: GasModel): bigint {
  const group = assets.has(lane.lane.asset) ? 0n : model.groupLimit + GROUP_OVERHEAD;
  return withCallShare(group + laneGas(lane, model).total);
}

/** Every inner call leaves a 64th behind. */
function withCallShare(gas: bigint): bigint {
  return (gas * 64n) / 63n + 1n;
}

function toBatch(lanes: readonly PlannedLane[], modelOf: (asset: Address) => GasModel): Batch {
  const groups = [...groupBy(lanes, ({ lane }) => lane.lane.asset)].map(([asset, entries]) =>
    toGroup(asset, entries, modelOf(asset)),
  );
  const execution = groups.reduce(
    (sum, { gasLimit }) => sum + withCallShare(gasLimit) + GROUP_OVERHEAD / 2n,
    GROUP_OVERHEAD / 2n,
  );
  const data = encodeFunctionData({
    abi: voucherEscrowAbi,
    functionName: "collectBatch",
    args: [groups],
  });
  return { lanes, groups, gas: intrinsicGas(data, execution) };
}

function toGroup(asset: Address, entries: readonly PlannedLane[], model: GasModel): Group {
  const rows: Row[] = [];
  const wide: WideRow[] = [];
  let gasLimit = model.groupLimit;
  let seller: Address = asset;
  for (const { lane } of entries) {
    const { isWide, limit } = laneGas(lane, model);
    gasLimit += limit;
    seller = lane.lane.seller;
    if (isWide) wide.push(toWideRow(toCollectable(lane)));
    else rows.push(packRow(toCollectable(lane)));
  }
  return { seller, asset, gasLimit, rows, wide };
}
