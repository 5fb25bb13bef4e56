import type { Address, Hash } from "viem";
import { ReservationLostError, StoreClosedError } from "../../core/errors.ts";
import { toBytes32 } from "../../core/keys.ts";
import type { BlockReference } from "../../core/types.ts";
import { escrowKey, toEscrowId, toServerId, toSettlementId, type ServerId } from "../keys.ts";
import type {
  EscrowUpdate,
  FlashEscrowId,
  FlashEscrowState,
  FlashItemStatus,
  FlashLane,
  FlashRefusal,
  FlashReservation,
  FlashReserveParameters,
  FlashReserveResult,
  FlashStore,
  LiveRelease,
  PublishedTab,
  SettlementId,
  UnsettledItem,
} from "../types.ts";
import type { FlashPersistence } from "./persistence.ts";
import { tabStatusOf, toLane, topBlockOf, toState, type Book } from "./records.ts";
import {
  applyRead,
  cancel,
  changeOf,
  commit,
  inSettlingOrder,
  mayRelease,
  overdueOf,
  publish,
  refuse,
  take,
  unsettledOf,
  type BookChange,
} from "./rules.ts";

/** Settings of {@link createEmbeddedFlashStore}. */
export interface EmbeddedFlashStoreOptions {
  readonly persistence: FlashPersistence;
  /** Most escrows held in memory; idle ones beyond are read again when they are needed. */
  readonly maxCachedEscrows: number;
}

/** Makes a store of one process: it decides in memory, where no other step can come between, and writes each effect at once. */
export function createEmbeddedFlashStore({ persistence, maxCachedEscrows }: EmbeddedFlashStoreOptions): FlashStore {
  return new EmbeddedFlashStore(persistence, maxCachedEscrows);
}

class EmbeddedFlashStore implements FlashStore {
  readonly #persistence: FlashPersistence;
  readonly #maxCached: number;
  /** Least recently used first. */
  readonly #books = new Map<string, Book>();
  /** Numbers reservations within this process; they do not outlive it. */
  #reservations = 0;
  #isClosed = false;

  constructor(persistence: FlashPersistence, maxCached: number) {
    this.#persistence = persistence;
    this.#maxCached = maxCached;
  }

  async reserve(request: FlashReserveParameters): Promise<FlashReserveResult> {
    await this.#ready(request);
    // Found anew: a read may have put another book in its place while this waited.
    const book = this.#find(toEscrowId(request.escrow));
    if (book === undefined) return { isReserved: false, reason: "unknownEscrow" };
    const reason = this.#refuse(book, request);
    if (reason !== undefined) return { isReserved: false, reason, state: toState(book) };
    this.#reservations += 1;
    const reservation = take(book, request, String(this.#reservations));
    return { isReserved: true, reservation, state: toState(book) };
  }

  async check(request: FlashReserveParameters): Promise<FlashRefusal | undefined> {
    const book = await this.#ready(request);
    return book === undefined ? "unknownEscrow" : this.#refuse(book, request);
  }

  async commit(reservation: FlashReservation, now: bigint): Promise<void> {
    const book = this.#find(toEscrowId(reservation.escrow));
    if (book === undefined || book.epoch !== reservation.epoch) {
      throw new ReservationLostError(reservation.reservationId, "ended with its epoch");
    }
    await this.#write([commit(book, reservation, now)]);
  }

  async cancel({ escrow, reservationId }: FlashReservation): Promise<void> {
    const book = this.#find(toEscrowId(escrow));
    if (book === undefined || !book.reservations.has(reservationId)) return;
    cancel(book, reservationId);
    await this.#write([changeOf(book)]);
  }

  async getEscrow(escrow: FlashEscrowId): Promise<FlashEscrowState | undefined> {
    const book = this.#find(toEscrowId(escrow));
    return book === undefined ? undefined : toState(book);
  }

  async getLane(escrow: FlashEscrowId, lane: bigint): Promise<FlashLane | undefined> {
    const book = this.#find(toEscrowId(escrow));
    const record = book?.lanes.get(lane);
    return book === undefined || record === undefined ? undefined : toLane(book, record);
  }

  async listLanes(escrow: FlashEscrowId): Promise<readonly FlashLane[]> {
    const book = this.#find(toEscrowId(escrow));
    return book === undefined ? [] : [...book.lanes.values()].map((lane) => toLane(book, lane));
  }

  async listEscrows(server: ServerId): Promise<readonly FlashEscrowState[]> {
    return this.#booksOf(server).map(toState);
  }

  async applyChain(updates: readonly EscrowUpdate[]): Promise<void> {
    // An escrow may be named twice; the later read builds on the earlier one.
    const changes: BookChange[] = [];
    for (const update of updates) {
      const escrow = toEscrowId(update.escrow);
      const known = this.#find(escrow);
      const items = known === undefined ? [] : this.#persistence.listItems(known);
      const change = applyRead(known, { ...update, escrow }, items);
      if (change === undefined) continue;
      this.#put(change.book);
      changes.push(change);
    }
    await this.#write(changes);
  }

  async rewindChain(settlement: SettlementId, block: bigint): Promise<void> {
    this.#assertOpen();
    const { chainId, settlement: address } = toSettlementId(settlement);
    for (const book of this.#books.values()) {
      const isOurs = book.escrow.chainId === chainId && book.escrow.settlement === address;
      if (isOurs && topBlockOf(book) > block) book.isStale = true;
    }
    await this.#persistence.markStale({ chainId, settlement: address }, block);
  }

  async stop(escrow: FlashEscrowId, epoch: bigint, now?: bigint): Promise<void> {
    const book = this.#find(toEscrowId(escrow));
    if (book === undefined || book.epoch !== epoch) return;
    book.isStopped = true;
    if (now !== undefined) for (const { reservationId } of overdueOf(book, now)) cancel(book, reservationId);
    await this.#write([changeOf(book, { isRead: true })]);
  }

  async addRelease(escrow: FlashEscrowId, release: LiveRelease): Promise<boolean> {
    const book = this.#find(toEscrowId(escrow));
    if (book === undefined || !mayRelease(book, release)) return false;
    book.releases.set(release.authorization.nonce, release);
    await this.#write([changeOf(book, { addedReleases: [release] })]);
    return true;
  }

  async listUnsettled(server: ServerId): Promise<readonly UnsettledItem[]> {
    return inSettlingOrder(
      this.#booksOf(server).flatMap((book) => unsettledOf(book, this.#persistence.listItems(book))),
    );
  }

  async listUnsettledOf(escrow: FlashEscrowId): Promise<readonly UnsettledItem[]> {
    const book = this.#find(toEscrowId(escrow));
    return book === undefined ? [] : inSettlingOrder(unsettledOf(book, this.#persistence.listItems(book)));
  }

  async getItem(escrow: FlashEscrowId, digest: Hash): Promise<FlashItemStatus | undefined> {
    const book = this.#find(toEscrowId(escrow));
    if (book === undefined) return undefined;
    const key = toBytes32(digest);
    return this.#persistence.findItem(book, key) ?? tabStatusOf(book, key);
  }

  async noteSettled(escrow: FlashEscrowId, digests: readonly Hash[], transactionHash: Hash): Promise<void> {
    const book = this.#find(toEscrowId(escrow));
    if (book === undefined) return;
    await this.#persistence.noteSettled(book, digests.map(toBytes32), toBytes32(transactionHash));
  }

  async notePublished(escrow: FlashEscrowId, epoch: bigint, tabs: readonly PublishedTab[]): Promise<void> {
    const book = this.#find(toEscrowId(escrow));
    const change = book?.epoch === epoch ? publish(book, tabs) : undefined;
    if (change !== undefined) await this.#write([change]);
  }

  async noteImpaired(escrow: FlashEscrowId, epoch: bigint): Promise<void> {
    const book = this.#find(toEscrowId(escrow));
    if (book === undefined || book.epoch !== epoch || book.isImpaired) return;
    book.isImpaired = true;
    await this.#write([changeOf(book, { isRead: true })]);
  }

  async getSyncedBlock(settlement: SettlementId, server: Address): Promise<BlockReference | undefined> {
    this.#assertOpen();
    return this.#persistence.loadSyncedBlock(toServerId({ ...settlement, server }));
  }

  async setSyncedBlock(settlement: SettlementId, server: Address, block: BlockReference): Promise<void> {
    this.#assertOpen();
    await this.#persistence.saveSyncedBlock(toServerId({ ...settlement, server }), block);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#persistence.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreClosedError();
  }

  #refuse(book: Book, request: FlashReserveParameters): FlashRefusal | undefined {
    const { item } = request;
    const isTransaction = item.kind === "transaction" || item.kind === "settled";
    return refuse(book, request, isTransaction && this.#persistence.hasItem(book, item.digest));
  }

  /** The book, after requests that are past their time have let go of it. */
  #ready({ escrow: id, now }: FlashReserveParameters): Book | undefined | Promise<Book | undefined> {
    const escrow = toEscrowId(id);
    const book = this.#find(escrow);
    const overdue = book === undefined ? [] : overdueOf(book, now);
    if (book === undefined || overdue.length === 0) return book;
    for (const { reservationId } of overdue) cancel(book, reservationId);
    return this.#write([changeOf(book)]).then(() => this.#find(escrow));
  }

  #find(escrow: FlashEscrowId): Book | undefined {
    this.#assertOpen();
    const key = escrowKey(escrow);
    const cached = this.#books.get(key);
    if (cached !== undefined) {
      this.#books.delete(key);
      this.#books.set(key, cached);
      return cached;
    }
    const loaded = this.#persistence.load(escrow);
    if (loaded !== undefined) this.#put(loaded);
    return loaded;
  }

  /** What is listed need not stay in memory. */
  #booksOf(server: ServerId): readonly Book[] {
    this.#assertOpen();
    return this.#persistence
      .list(toServerId(server))
      .flatMap((escrow) => this.#books.get(escrowKey(escrow)) ?? this.#persistence.load(escrow) ?? []);
  }

  #put(book: Book): void {
    this.#books.delete(book.key);
    this.#books.set(book.key, book);
    if (this.#books.size <= this.#maxCached) return;
    for (const [key, candidate] of this.#books) {
      if (candidate === book || candidate.reservations.size > 0) continue;
      this.#books.delete(key);
      return;
    }
  }

  async #write(changes: readonly BookChange[]): Promise<void> {
    try {
      await this.#persistence.write(changes);
    } catch (error) {
      // Memory is ahead of what was written: what was not is not so, and the requests being served lose what they reserved.
      this.#books.clear();
      throw error;
    }
  }
}
