import { toAddress, toBytes32 } from "../core/keys.ts";
import type { AccountId, LaneId } from "./types.ts";

export { DEFAULT_LANE } from "../../voucher/types.ts";

/** Copies an account's name in lower case. */
export function toAccountId({ chainId, escrow, seller, asset, buyer }: AccountId): AccountId {
  return {
    chainId,
    escrow: toAddress(escrow),
    seller: toAddress(seller),
    asset: toAddress(asset),
    buyer: toAddress(buyer),
  };
}

/** Copies a lane's name in lower case. */
export function toLaneId(lane: LaneId): LaneId {
  return { ...toAccountId(lane), id: toBytes32(lane.id) };
}

/** Key of an account in maps and tables. Its parts must be in lower case. */
export function accountKey({ chainId, escrow, seller, asset, buyer }: AccountId): string {
  return `${chainId}:${escrow}:${seller}:${asset}:${buyer}`;
}

/** Key of a lane in maps. Its parts must be in lower case. */
export function laneKey(lane: LaneId): string {
  return `${accountKey(lane)}:${lane.id}`;
}
