import type { Hash, Hex } from "viem";
import { escrowKey } from "../keys.ts";
import type {
  EscrowRead,
  FlashEscrowId,
  FlashEscrowState,
  FlashItem,
  FlashItemStatus,
  FlashLane,
  FlashReservation,
  LiveRelease,
} from "../types.ts";
import type { NonceWindow } from "./nonceWindow.ts";

/** The highest tab that was accepted in a lane. */
export interface AcceptedTab {
  readonly total: bigint;
  readonly digest: Hash;
  readonly deadline: bigint;
  readonly signature: Hex;
}

/** One lane of a book. */
export interface LaneRecord {
  readonly lane: bigint;
  readonly tab: AcceptedTab;
  /** Charged by requests that were committed, token base units. */
  readonly charged: bigint;
  /** Settled total on-chain, token base units. */
  readonly settled: bigint;
  /** Highest total that was sent to the chain to be settled, token base units. */
  readonly published: bigint;
  /** When the oldest total that is not settled was accepted, unix seconds. */
  readonly acceptedAt: bigint;
}

/** A payment, a transaction or a settled transaction that was committed. */
export interface ItemRecord {
  readonly item: Exclude<FlashItem, { readonly kind: "tab" }>;
  readonly acceptedAt: bigint;
}

/** Everything a store decides with about one escrow in its current epoch. Belongs to one store, which alone changes it. */
export interface Book {
  readonly escrow: FlashEscrowId;
  readonly key: string;
  readonly epoch: bigint;
  readonly confirmed: EscrowRead;
  readonly head: EscrowRead;
  /** True after a re-organisation took back what was read. */
  isStale: boolean;
  isStopped: boolean;
  isImpaired: boolean;
  /** A, requests that are being served included. */
  accepted: bigint;
  nonces: NonceWindow;
  readonly lanes: Map<bigint, LaneRecord>;
  /** Lanes that changed since they were written. */
  readonly unwritten: Set<bigint>;
  /** By nonce. */
  readonly releases: Map<bigint, LiveRelease>;
  /** By id. */
  readonly reservations: Map<string, FlashReservation>;
}

/** Most settled items of an escrow that a store remembers: they are told about, and nothing is decided with them. */
export const MAX_SETTLED_ITEMS = 10_000;

/** Largest settled total of an epoch: 96 bits. */
const MAX_SETTLED = (1n << 96n) - 1n;

/** Starts the book of one epoch. Releases of earlier ones carry over (R12). */
export function newBook(
  escrow: FlashEscrowId,
  confirmed: EscrowRead,
  head: EscrowRead,
  releases: ReadonlyMap<bigint, LiveRelease> = new Map(),
): Book {
  return {
    escrow,
    key: escrowKey(escrow),
    epoch: confirmed.epoch,
    confirmed,
    head,
    isStale: false,
    isStopped: false,
    isImpaired: false,
    accepted: 0n,
    nonces: { base: 0n, bits: 0n },
    lanes: new Map(),
    unwritten: new Set(),
    releases: new Map(releases),
    reservations: new Map(),
  };
}

/** Copies a book, so that a change can be given up. */
export function copyBook(book: Book): Book {
  return {
    ...book,
    lanes: new Map(book.lanes),
    unwritten: new Set(book.unwritten),
    releases: new Map(book.releases),
    reservations: new Map(book.reservations),
  };
}

/** What both reads hold for the server: the lower of them, because either may be the chain's last word (R7). */
function coverOf({ confirmed, head }: Book): bigint {
  return [confirmed, head].map(({ balance, settled }) => balance + settled).reduce(lesser, MAX_SETTLED);
}

/** R: what releases may still take. */
function releasedOf({ releases }: Book): bigint {
  let sum = 0n;
  for (const { authorization } of releases.values()) sum += authorization.amount;
  return sum;
}

/** `balance + settled - accepted - releases` (R1); negative when a deep re-organisation took back what was counted. */
export function roomOf(book: Book): bigint {
  return coverOf(book) - book.accepted - releasedOf(book);
}

/** Whether anything may be accepted at all. */
export function isAccepting(book: Book): boolean {
  return !book.isStale && !book.isStopped && isOpenIn(book, book.confirmed) && isOpenIn(book, book.head);
}

function isOpenIn({ epoch }: Book, read: EscrowRead): boolean {
  return read.isOpen && read.epoch === epoch && !(read.isClosedByClient || read.isClosedByServer);
}

/** What the requests being served hold of a lane. */
export function pendingOf({ reservations }: Book, lane: bigint): bigint {
  let sum = 0n;
  for (const { item, price } of reservations.values()) if (item.kind === "tab" && item.lane === lane) sum += price;
  return sum;
}

/** A without the one-shot items that are only reserved: what a store that one process owns writes down. */
export function committedOf({ accepted, reservations }: Book): bigint {
  let sum = accepted;
  for (const { item, increase } of reservations.values()) if (item.kind !== "tab") sum -= increase;
  return sum;
}

/** Highest block that anything of the book was read at: what a re-organisation below it takes back. */
export function topBlockOf({ confirmed, head }: Book): bigint {
  const [one, other] = [confirmed.block.number, head.block.number];
  if (one < other) return other;
  return one;
}

export function toState(book: Book): FlashEscrowState {
  const { escrow, confirmed, head, accepted, isStale, isStopped, isImpaired } = book;
  const room = roomOf(book);
  const unsettled = accepted - (confirmed.epoch === book.epoch ? confirmed.settled : 0n);
  const accepting = isAccepting(book);
  return {
    escrow,
    confirmed,
    head,
    accepted,
    releases: [...book.releases.values()],
    available: accepting && room > 0n ? room : 0n,
    isAccepting: accepting,
    isStale,
    unsettled: unsettled > 0n ? unsettled : 0n,
    isStopped,
    isImpaired,
    nonceBase: book.nonces.base,
  };
}

export function toLane(book: Book, { lane, tab, charged, settled }: LaneRecord): FlashLane {
  const { total: authorised, deadline, signature } = tab;
  return { lane, authorised, consumed: charged + pendingOf(book, lane), settled, proof: { deadline, signature } };
}

/** What became of the highest tab of a lane; undefined when it is not the highest one. */
export function tabStatusOf({ lanes }: Book, digest: Hash): FlashItemStatus | undefined {
  for (const { tab, settled } of lanes.values()) {
    if (tab.digest === digest) return { status: tab.total > settled ? "accepted" : "settled" };
  }
  return undefined;
}

function lesser(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
