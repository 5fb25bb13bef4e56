import type { Address, Hex } from "viem";
import { MalformedKeyError } from "./errors.ts";
import type { AccountId, LaneId } from "./types.ts";

export { DEFAULT_LANE } from "../voucher/types.ts";

const ADDRESS = /^0x[0-9a-f]{40}$/;
const BYTES32 = /^0x[0-9a-f]{64}$/;

/**
 * Writes an address the one way the seller side compares it. Checksums are left to the edges: they cost a hash each.
 *
 * @throws {MalformedKeyError} not 20 bytes of hex.
 */
export function toAddress(value: string): Address {
  const lower = value.toLowerCase();
  if (!ADDRESS.test(lower)) throw new MalformedKeyError("The address", value);
  return lower as Address;
}

/**
 * Writes 32 bytes the one way the seller side compares them.
 *
 * @throws {MalformedKeyError} not 32 bytes of hex.
 */
export function toBytes32(value: string): Hex {
  const lower = value.toLowerCase();
  if (!BYTES32.test(lower)) throw new MalformedKeyError("The 32-byte value", value);
  return lower as Hex;
}

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
