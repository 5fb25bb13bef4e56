import type { Hash } from "viem";
import { ReservationLostError } from "../../core/errors.ts";
import type {
  EscrowUpdate,
  FlashItem,
  FlashRefusal,
  FlashReservation,
  FlashReserveParameters,
  LiveRelease,
  PublishedTab,
  UnsettledItem,
} from "../types.ts";
import { isInWords, isNonceUsed, useNonce, useWord } from "./nonceWindow.ts";
import {
  copyBook,
  isAccepting,
  newBook,
  pendingOf,
  roomOf,
  toLane,
  type Book,
  type ItemRecord,
  type LaneRecord,
} from "./records.ts";

/** The decisions of every store over one book. Nothing here waits, so a decision and its effect are one step. */

/** What one change leaves to be written besides the book itself. */
export interface BookChange {
  readonly book: Book;
  /** True when facts of the chain or the stop changed; else only the accepted total and the nonces did. */
  readonly isRead?: boolean;
  /** True when everything of earlier epochs can go. */
  readonly isNewEpoch?: boolean;
  readonly lanes?: readonly LaneRecord[];
  readonly added?: ItemRecord;
  /** Digests of items that the chain shows as settled. */
  readonly settled?: readonly Hash[];
  readonly addedReleases?: readonly LiveRelease[];
  /** Nonces of releases that ended. */
  readonly endedReleases?: readonly bigint[];
}

/**
 * Says why a request is not taken; undefined when it is.
 *
 * @param isKnown - Whether an item of this digest was committed before; asked of transactions only.
 */
export function refuse(book: Book, request: FlashReserveParameters, isKnown: boolean): FlashRefusal | undefined {
  if (book.isStale) return "unknownEscrow";
  if (!isAccepting(book)) return "notOpen";
  if (request.epoch !== book.epoch) return "epoch";
  const { item } = request;
  switch (item.kind) {
    case "tab":
      return refuseTab(book, item, request);
    case "payment":
      return refuseNonce(book, item.nonce, request) ?? refuseAmount(book, item.amount, request.price);
    case "transaction":
    case "settled":
      if (isKnown || isReserved(book, item.digest)) return "duplicate";
      return refuseAmount(book, item.amount, request.price);
  }
}

function refuseNonce({ nonces }: Book, nonce: bigint, { nonceWindow }: FlashReserveParameters) {
  if (isNonceUsed(nonces, nonce)) return "nonceUsed";
  return nonce >= nonces.base + nonceWindow ? "nonceOutOfWindow" : undefined;
}

function refuseAmount(book: Book, amount: bigint, price: bigint): FlashRefusal | undefined {
  if (amount < price) return "insufficient";
  return amount > roomOf(book) ? "exposure" : undefined;
}

function refuseTab(
  book: Book,
  item: Extract<FlashItem, { readonly kind: "tab" }>,
  { price, maxLanes }: FlashReserveParameters,
): FlashRefusal | undefined {
  const lane = book.lanes.get(item.lane);
  if (lane === undefined && book.lanes.size >= maxLanes) return "laneLimit";
  if (isPublic(lane, item)) return "tabPublic";
  const consumed = lane === undefined ? 0n : lane.charged + pendingOf(book, item.lane);
  if (consumed + price > higher(item.total, authorisedOf(lane))) return "insufficient";
  const increase = increaseOf(book, item);
  // What a tab authorised before is counted already.
  return increase > 0n && increase > roomOf(book) ? "exposure" : undefined;
}

/** Whether everybody can read the tab, or one of a higher total in its lane. */
function isPublic(lane: LaneRecord | undefined, { total }: Extract<FlashItem, { readonly kind: "tab" }>): boolean {
  const known = lane === undefined ? 0n : higher(lane.published, lane.settled);
  return known > 0n && total <= known;
}

function isReserved({ reservations }: Book, digest: Hash): boolean {
  for (const { item } of reservations.values()) if (item.digest === digest) return true;
  return false;
}

/** What an item adds to A. */
function increaseOf(book: Book, item: FlashItem): bigint {
  if (item.kind !== "tab") return item.amount;
  const authorised = authorisedOf(book.lanes.get(item.lane));
  return item.total > authorised ? item.total - authorised : 0n;
}

function authorisedOf(lane: LaneRecord | undefined): bigint {
  return lane === undefined ? 0n : lane.tab.total;
}

/** Reserves an item that {@link refuse} let pass. */
export function take(book: Book, request: FlashReserveParameters, reservationId: string): FlashReservation {
  const { item, price, until, now, nonceWindow } = request;
  const increase = increaseOf(book, item);
  const reservation = { reservationId, escrow: book.escrow, epoch: book.epoch, item, price, increase, until };
  book.accepted += increase;
  if (item.kind === "payment") book.nonces = useNonce(book.nonces, item.nonce, nonceWindow);
  if (item.kind === "tab" && increase > 0n) put(book, raise(book.lanes.get(item.lane), item, now));
  book.reservations.set(reservationId, reservation);
  return reservation;
}

function raise(
  lane: LaneRecord | undefined,
  { lane: id, ...tab }: Extract<FlashItem, { readonly kind: "tab" }>,
  now: bigint,
): LaneRecord {
  const { total, digest, deadline, signature } = tab;
  const known = lane ?? { lane: id, charged: 0n, settled: 0n, published: 0n, acceptedAt: now };
  const acceptedAt = authorisedOf(lane) > known.settled ? known.acceptedAt : now;
  return { ...known, tab: { total, digest, deadline, signature }, acceptedAt };
}

/**
 * Ends a reservation with its acceptance.
 *
 * @throws {ReservationLostError} it ended before.
 */
export function commit(book: Book | undefined, { reservationId }: FlashReservation, now: bigint): BookChange {
  const reservation = book?.reservations.get(reservationId);
  if (book === undefined || reservation === undefined) throw new ReservationLostError(reservationId, "has ended");
  book.reservations.delete(reservationId);
  const { item, price } = reservation;
  if (item.kind !== "tab") return changeOf(book, { added: { item, acceptedAt: now } });
  const lane = book.lanes.get(item.lane);
  if (lane === undefined) throw new ReservationLostError(reservationId, "lost its lane");
  put(book, { ...lane, charged: lane.charged + price });
  return changeOf(book);
}

/**
 * What is to be written of a book: the accepted total counts every tab that raised it, so every lane that changed goes along.
 *
 * @param rest - What the change is besides.
 */
export function changeOf(book: Book, rest: Omit<BookChange, "book" | "lanes"> = {}): BookChange {
  const lanes = [...book.unwritten].flatMap((id) => book.lanes.get(id) ?? []);
  book.unwritten.clear();
  return { book, lanes, ...rest };
}

function put(book: Book, lane: LaneRecord): void {
  book.lanes.set(lane.lane, lane);
  book.unwritten.add(lane.lane);
}

/** Ends a reservation without its acceptance. The nonce stays used, and a tab stays authorised. */
export function cancel(book: Book, reservationId: string): void {
  const reservation = book.reservations.get(reservationId);
  if (reservation === undefined) return;
  book.reservations.delete(reservationId);
  if (reservation.item.kind !== "tab") book.accepted -= reservation.increase;
}

/** Reservations that are past their time: they should hold nothing any more. */
export function overdueOf({ reservations }: Book, now: bigint): readonly FlashReservation[] {
  const overdue: FlashReservation[] = [];
  for (const reservation of reservations.values()) if (reservation.until < now) overdue.push(reservation);
  return overdue;
}

/**
 * Puts what was read from the chain. Gives nothing when there is nothing to put: the read is old, or of an escrow that never was open.
 *
 * @param known - The book before; not changed.
 * @param items - Items of the book that are not settled.
 */
export function applyRead(
  known: Book | undefined,
  update: EscrowUpdate,
  items: readonly ItemRecord[],
): BookChange | undefined {
  const { confirmed, head } = update;
  if (known === undefined && !confirmed.isOpen && !head.isOpen) return undefined;
  const isOld = known !== undefined && !known.isStale && confirmed.block.number < known.confirmed.block.number;
  if (isOld) return undefined;
  // Both end on this very read, whose balance already shows what they took: never on a clock of ours.
  const endedReleases = [...(known?.releases ?? [])]
    .filter(([nonce, { authorization }]) => isEnded(update, nonce, authorization.deadline))
    .map(([nonce]) => nonce);
  const releases = new Map(known?.releases);
  for (const nonce of endedReleases) releases.delete(nonce);
  if (known === undefined || confirmed.epoch > known.epoch) {
    const book = newBook(update.escrow, confirmed, head, releases);
    applyWords(book, update);
    return changeOf(book, { isRead: true, isNewEpoch: true, endedReleases });
  }
  const isHeadOld = !known.isStale && head.block.number < known.head.block.number;
  const book: Book = { ...copyBook(known), confirmed, head: isHeadOld ? known.head : head, isStale: false, releases };
  // An epoch before the book's is a re-organisation: nothing is accepted until the chain is back where it was.
  if (confirmed.epoch < known.epoch) return changeOf(book, { isRead: true, endedReleases });
  applyWords(book, update);
  const settled = items.filter(({ item }) => isSettled(update, item)).map(({ item }) => item.digest);
  applyLanes(book, update);
  return changeOf(book, { isRead: true, settled, endedReleases });
}

function isEnded({ confirmed, endedReleases }: EscrowUpdate, nonce: bigint, deadline: bigint): boolean {
  return endedReleases.includes(nonce) || deadline < confirmed.block.timestamp;
}

function isSettled({ nonceWords, usedTransactions }: EscrowUpdate, item: ItemRecord["item"]): boolean {
  if (item.kind === "payment") return isInWords(nonceWords, item.nonce);
  return usedTransactions.some((key) => key.toLowerCase() === item.digest);
}

function applyWords(book: Book, { nonceWords }: EscrowUpdate): void {
  for (const { word, bits } of nonceWords) book.nonces = useWord(book.nonces, word, bits);
}

function applyLanes(book: Book, { lanes }: EscrowUpdate): void {
  for (const { lane: id, settled } of lanes) {
    const lane = book.lanes.get(id);
    if (lane !== undefined && lane.settled !== settled) put(book, { ...lane, settled });
  }
}

/** Notes that everybody can read tabs from now on. Gives nothing when that is known. */
export function publish(book: Book, tabs: readonly PublishedTab[]): BookChange | undefined {
  const news = tabs.filter(({ lane, total }) => total > (book.lanes.get(lane)?.published ?? total));
  for (const { lane: id, total } of news) {
    const lane = book.lanes.get(id);
    if (lane !== undefined) put(book, { ...lane, published: higher(lane.published, total) });
  }
  return news.length === 0 ? undefined : changeOf(book);
}

/** Whether a release may leave the server (R1). A server that stopped, or whose client is leaving, may still release. */
export function mayRelease(book: Book, { authorization }: LiveRelease): boolean {
  const { epoch, amount, nonce } = authorization;
  const isCurrent = !book.isStale && [book.confirmed, book.head].every((read) => read.isOpen && read.epoch === epoch);
  return isCurrent && epoch === book.epoch && !book.releases.has(nonce) && amount <= roomOf(book);
}

/** What is left to settle of a book, unless its deadline lies before what the chain shows. */
export function unsettledOf(book: Book, items: readonly ItemRecord[]): readonly UnsettledItem[] {
  const { escrow, epoch, confirmed } = book;
  const oneShots = items.flatMap(({ item, acceptedAt }) =>
    item.kind === "settled" ? [] : [{ escrow, epoch, item, due: item.amount, acceptedAt }],
  );
  const tabs = [...book.lanes.values()].map((lane) => {
    const item = { kind: "tab", lane: lane.lane, ...lane.tab } as const;
    return { escrow, epoch, item, due: toLane(book, lane).authorised - lane.settled, acceptedAt: lane.acceptedAt };
  });
  return [...oneShots, ...tabs].filter(
    ({ item: { deadline }, due }) => due > 0n && (deadline === 0n || deadline >= confirmed.block.timestamp),
  );
}

/** Oldest deadline first, then oldest acceptance (R8). */
export function inSettlingOrder(items: readonly UnsettledItem[]): readonly UnsettledItem[] {
  const rank = ({ item: { deadline } }: UnsettledItem): bigint => (deadline === 0n ? 1n << 64n : deadline);
  return items.toSorted((one, other) => compare(rank(one), rank(other)) || compare(one.acceptedAt, other.acceptedAt));
}

function compare(one: bigint, other: bigint): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function higher(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
