import type { Address, TransactionReceipt } from "viem";
import { parseBatch } from "../../../voucher/events.ts";
import { laneKey } from "../keys.ts";
import { toAddress } from "../../core/keys.ts";
import type { EscrowId } from "../types.ts";
import type { Batch } from "./batches.ts";
import type { Hint } from "./outcomes.ts";

/** What the receipt of a batch says. */
export interface ReadReceipt {
  /** Of lanes without effect, by lane key. */
  readonly hints: ReadonlyMap<string, Hint>;
  /** Assets whose group had no effect. */
  readonly failedAssets: ReadonlySet<Address>;
}

/** Reads what had no effect in a batch of one seller. */
export function readReceipt(
  { chainId, escrow, seller }: EscrowId & { readonly seller: Address },
  { lanes }: Batch,
  { status, logs }: TransactionReceipt,
): ReadReceipt {
  const hints = new Map<string, Hint>();
  const { skipped, failed } = parseBatch({ escrow, logs });
  const assets = status === "success" ? failed.map(({ asset }) => asset) : lanes.map(({ lane }) => lane.lane.asset);
  const failedAssets = new Set(assets.map(toAddress));
  for (const { lane } of lanes) {
    if (failedAssets.has(lane.lane.asset)) hints.set(laneKey(lane.lane), "GroupFailed");
  }
  for (const { voucherId, buyer, asset, reason } of skipped) {
    const lane = { chainId, escrow, seller, asset: toAddress(asset), buyer: toAddress(buyer), id: voucherId };
    hints.set(laneKey(lane), reason);
  }
  return { hints, failedAssets };
}
