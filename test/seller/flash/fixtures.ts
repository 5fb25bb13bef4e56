import { keccak256, stringToHex, type Address, type Hash, type Hex } from "viem";
import { DEFAULT_FLASH_LIMITS } from "../../../client/seller/flash/limits.ts";
import type {
  EscrowRead,
  EscrowUpdate,
  FlashEscrowId,
  FlashItem,
  FlashReservation,
  FlashReserveParameters,
  FlashStore,
  LiveRelease,
} from "../../../client/seller/flash/types.ts";
import type { BlockReference } from "../../../client/seller/core/types.ts";

/** Facts shared by the tests of the scheme `flash` that need no chain. */

export const NOW = 1_800_000_000n;
export const DAY = 86_400n;

export const ESCROW: FlashEscrowId = {
  chainId: 8453n,
  settlement: "0x00000000000000000000000000000000000000f5",
  client: "0x00000000000000000000000000000000000000b1",
  server: "0x00000000000000000000000000000000000000a1",
  token: "0x00000000000000000000000000000000000000c2",
};

export const SETTLEMENT = { chainId: ESCROW.chainId, settlement: ESCROW.settlement };
export const SERVER = { ...SETTLEMENT, server: ESCROW.server };
export const SIGNER: Address = "0x00000000000000000000000000000000000000d1";

const LIMITS = DEFAULT_FLASH_LIMITS;

export function hashOf(name: string): Hash {
  return keccak256(stringToHex(name));
}

export function block(number: bigint, timestamp = NOW): BlockReference {
  return { number, timestamp, hash: hashOf(`block ${number}`) };
}

/** An open escrow of 1,000 units, with a day to go. */
export function read(overrides: Partial<EscrowRead> = {}): EscrowRead {
  return {
    balance: 1_000n,
    settled: 0n,
    unlockAt: NOW + DAY,
    signer: SIGNER,
    closeDelay: 3_600n,
    epoch: 0n,
    isOpen: true,
    isClosedByClient: false,
    isClosedByServer: false,
    block: block(100n),
    ...overrides,
  };
}

/** What the chain says, the same at both depths unless `head` differs. */
export function update(
  overrides: Partial<EscrowRead> = {},
  rest: Partial<Omit<EscrowUpdate, "confirmed" | "head">> & { readonly head?: Partial<EscrowRead> } = {},
): EscrowUpdate {
  const confirmed = read(overrides);
  const { head, ...others } = rest;
  return {
    escrow: ESCROW,
    confirmed,
    head: { ...confirmed, ...head },
    nonceWords: [],
    lanes: [],
    usedTransactions: [],
    endedReleases: [],
    ...others,
  };
}

export function payment(nonce: bigint, amount = 100n, deadline = 0n): Extract<FlashItem, { kind: "payment" }> {
  return {
    kind: "payment",
    digest: hashOf(`payment ${nonce} ${amount} ${deadline}`),
    amount,
    nonce,
    deadline,
    signature: `0x${"11".repeat(65)}`,
  };
}

/** What a lane shows of a {@link tab}. */
export const PROOF = { deadline: 0n, signature: `0x${"22".repeat(65)}` } as const;

export function tab(total: bigint, lane = 17n, deadline = 0n): Extract<FlashItem, { kind: "tab" }> {
  return {
    kind: "tab",
    digest: hashOf(`tab ${lane} ${total} ${deadline}`),
    total,
    lane,
    deadline,
    signature: `0x${"22".repeat(65)}`,
  };
}

export function transaction(name: string, amount = 100n): Extract<FlashItem, { kind: "transaction" }> {
  const rawTransaction: Hex = `0x02${hashOf(name).slice(2)}`;
  return { kind: "transaction", digest: hashOf(`content ${name}`), amount, nonce: 0n, deadline: 0n, rawTransaction };
}

export function settledTransaction(name: string, amount = 100n): Extract<FlashItem, { kind: "settled" }> {
  return { kind: "settled", digest: hashOf(`mined ${name}`), amount };
}

/** A request as the acceptor hands it to the store; the signature was checked there, so any does. */
export function request(item: FlashItem, overrides: Partial<FlashReserveParameters> = {}): FlashReserveParameters {
  return {
    escrow: ESCROW,
    epoch: 0n,
    item,
    price: 100n,
    now: NOW,
    until: NOW + LIMITS.reservationSeconds,
    nonceWindow: LIMITS.nonceWindow,
    maxLanes: 4,
    ...overrides,
  };
}

export function liveRelease(amount: bigint, nonce: bigint, deadline = NOW + 3_600n, epoch = 0n): LiveRelease {
  const { client, server, token } = ESCROW;
  return {
    authorization: { client, server, token, epoch, amount, nonce, deadline },
    signature: `0x${"33".repeat(65)}`,
  };
}

/** Reserves in a store that must grant it. */
export async function reserved(
  store: FlashStore,
  item: FlashItem,
  overrides: Partial<FlashReserveParameters> = {},
): Promise<FlashReservation> {
  const result = await store.reserve(request(item, overrides));
  if (!result.isReserved) throw new Error(`refused: ${result.reason}`);
  return result.reservation;
}

/** The reason of a store that must refuse. */
export async function refusal(
  store: FlashStore,
  item: FlashItem,
  overrides: Partial<FlashReserveParameters> = {},
): Promise<string> {
  const result = await store.reserve(request(item, overrides));
  if (result.isReserved) throw new Error("the store granted the reservation");
  return result.reason;
}

/** Reserves and commits in one go. */
export async function accepted(
  store: FlashStore,
  item: FlashItem,
  overrides: Partial<FlashReserveParameters> = {},
): Promise<void> {
  await store.commit(await reserved(store, item, overrides), overrides.now ?? NOW);
}
