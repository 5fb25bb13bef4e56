import { keccak256, stringToHex, type Address, type Hex } from "viem";
import type { Voucher } from "../../../client/voucher/types.ts";
import { DEFAULT_LANE } from "../../../client/voucher/types.ts";
import type { AccountId, LiveRelease, Reservation } from "../../../client/seller/voucher/types.ts";
import type { BlockReference } from "../../../client/seller/core/types.ts";
import type { ChainUpdate, ReserveParameters, VoucherStore } from "../../../client/seller/voucher/store/types.ts";

/** Facts shared by the tests of the seller side that need no chain. */

export const NOW = 1_800_000_000n;
export const DAY = 86_400n;

export const ACCOUNT: AccountId = {
  chainId: 8453n,
  escrow: "0x00000000000000000000000000000000000000e5",
  seller: "0x00000000000000000000000000000000000000a1",
  asset: "0x00000000000000000000000000000000000000c2",
  buyer: "0x00000000000000000000000000000000000000b1",
};

export const ESCROW = { chainId: ACCOUNT.chainId, escrow: ACCOUNT.escrow };

export function laneId(name: string): Hex {
  return keccak256(stringToHex(name));
}

export function block(number: bigint, timestamp = NOW): BlockReference {
  return { number, timestamp, hash: keccak256(stringToHex(`block ${number}`)) };
}

export function chainUpdate(overrides: Partial<ChainUpdate> = {}): ChainUpdate {
  return {
    account: ACCOUNT,
    block: block(100n),
    balance: 1_000n,
    thawing: 0n,
    thawEndTime: 0n,
    lanes: [{ id: DEFAULT_LANE, collected: 0n }],
    endedReleases: [],
    ...overrides,
  };
}

export function voucher(overrides: Partial<Voucher> = {}): Voucher {
  return {
    ...ACCOUNT,
    id: DEFAULT_LANE,
    valueAggregate: 100n,
    timestamp: NOW,
    nonce: 0n,
    expiry: NOW + 7n * DAY,
    ...overrides,
  };
}

/** A request as the acceptor hands it to the store; the signature was checked there, so any does. */
export function request(
  overrides: Partial<Voucher> = {},
  parameters: Partial<Omit<ReserveParameters, "voucher">> = {},
): ReserveParameters {
  const promised = voucher(overrides);
  const text = `${promised.buyer}${promised.id}${promised.nonce}${promised.valueAggregate}${promised.expiry}`;
  return {
    voucher: promised,
    signature: `0x${"11".repeat(65)}`,
    signer: { address: promised.buyer, kind: "buyer" },
    voucherHash: keccak256(stringToHex(text)),
    price: 100n,
    now: NOW,
    until: NOW + 300n,
    maxLanes: 4,
    ...parameters,
  };
}

export function liveRelease(amount: bigint, name: string, expiry = NOW + 3_600n): LiveRelease {
  const { buyer, seller, asset } = ACCOUNT;
  const authorization = {
    buyer,
    seller,
    asset,
    id: DEFAULT_LANE,
    collectedAtLeast: 0n,
    amount,
    nonce: laneId(name),
    expiry,
  };
  return { authorization, signature: `0x${"22".repeat(65)}` };
}

/** Reserves a lane of a store that must grant it. */
export async function reserved(store: VoucherStore, parameters: ReserveParameters): Promise<Reservation> {
  const result = await store.reserve(parameters);
  if (!result.isReserved) throw new Error(`refused: ${result.reason}`);
  return result.reservation;
}

/** The reason of a store that must refuse. */
export async function refusal(store: VoucherStore, parameters: ReserveParameters): Promise<string> {
  const result = await store.reserve(parameters);
  if (result.isReserved) throw new Error("the store granted the reservation");
  return result.reason;
}

/** Reserves and charges in one go. */
export async function charge(store: VoucherStore, parameters: ReserveParameters, amount = parameters.price) {
  return store.commit(await reserved(store, parameters), amount, parameters.now);
}

export function address(name: string): Address {
  return `0x${keccak256(stringToHex(name)).slice(26)}`;
}
