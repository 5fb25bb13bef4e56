import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address, Hash } from "viem";
import { ReservationLostError, StoreClosedError, StoreContentionError } from "../../core/errors.ts";
import { toBytes32 } from "../../core/keys.ts";
import { integer, text, type Row } from "../../core/rows.ts";
import { createSerial, type Serial } from "../../core/serial.ts";
import type { BlockReference } from "../../core/types.ts";
import { escrowKey, toEscrowId, toServerId, toSettlementId, type ServerId } from "../keys.ts";
import type {
  EscrowUpdate,
  FlashDurability,
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
import { migrate } from "./postgresSchema.ts";
import { openPostgresPool, type PostgresPool, type PostgresQuery } from "../../core/postgresPool.ts";
import * as queries from "./postgresQueries.ts";
import {
  copyBook,
  MAX_SETTLED_ITEMS,
  newBook,
  tabStatusOf,
  toLane,
  topBlockOf,
  toState,
  type Book,
  type ItemRecord,
} from "./records.ts";
import {
  fromBits,
  fromItemRow,
  fromLaneRow,
  fromReleaseRow,
  fromStatusRow,
  parseItem,
  parseRead,
  stringify,
  toBits,
  toItemRow,
  toLaneRow,
  toReleaseRow,
} from "./rows.ts";
import {
  applyRead,
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

/** Settings of {@link createPostgresFlashStore}. */
export interface PostgresFlashStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly connectionString: string;
  /**
   * When what was written is safe; `strict` by default. `group` is the same here: PostgreSQL itself lets commits share a write. With
   * `process` a crash of the database server can lose the last commits.
   */
  readonly durability?: FlashDurability;
  /** Most connections of this process; 10 by default. */
  readonly maxConnections?: number;
  /** How connections are opened; the package `pg` by default. */
  readonly openPool?: typeof openPostgresPool;
}

/**
 * Opens a store in a PostgreSQL database, which any number of processes may share. Needs the package `pg`, and makes its tables, whose
 * names begin with `x402_flash_`, where they are missing. A process that crashes leaves its reservations until their time is over.
 *
 * @param options - {@link PostgresFlashStoreOptions}.
 * @returns The store.
 * @throws {PostgresUnavailableError} the package `pg` is not installed.
 * @throws {StoreVersionError} a newer version of this package made the tables.
 *
 * @example
 * const store = await createPostgresFlashStore({ connectionString: "postgres://seller@127.0.0.1/seller" });
 */
export async function createPostgresFlashStore(options: PostgresFlashStoreOptions): Promise<FlashStore> {
  const { connectionString, durability = "strict", maxConnections = 10, openPool = openPostgresPool } = options;
  const pool = await openPool({ connectionString, maxConnections, isSynchronous: durability !== "process" });
  try {
    await migrate(pool);
    return new PostgresFlashStore(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** A book as the database held it at one version. */
interface Shelved {
  readonly id: string;
  readonly version: bigint;
  readonly book: Book;
}

/** A change to write, and what the caller is told when it was written. */
interface Step<T> {
  readonly change?: BookChange;
  readonly reservation?: FlashReservation;
  readonly answer: T;
}

type Decision<T> = (shelved: Shelved | undefined) => Promise<Step<T>>;

const MAX_ATTEMPTS = 200;
/** Attempts without a pause, then pauses of up to so many milliseconds, so that processes get out of step. */
const EAGER_ATTEMPTS = 3;
const MAX_PAUSE_MS = 10;
const MAX_CACHED_BOOKS = 10_000;

class PostgresFlashStore implements FlashStore {
  readonly #pool: PostgresPool;
  /** Books as last seen. They may be behind; the conditional write finds out. Oldest first. */
  readonly #books = new Map<string, Shelved>();
  /** Steps of one process on one escrow wait in line, so that they do not make one another's writes fail. */
  readonly #lines = new Map<string, { readonly run: Serial; waiting: number }>();
  #isClosed = false;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async reserve(request: FlashReserveParameters): Promise<FlashReserveResult> {
    return this.#change<FlashReserveResult>(
      toEscrowId(request.escrow),
      async (shelved) => {
        if (shelved === undefined) return { answer: { isReserved: false, reason: "unknownEscrow" } };
        const { book } = shelved;
        const reason = await this.#refuse(shelved, request);
        if (reason !== undefined) return { answer: { isReserved: false, reason, state: toState(book) } };
        const reservation = take(book, request, randomUUID());
        return { change: changeOf(book), reservation, answer: { isReserved: true, reservation, state: toState(book) } };
      },
      request.now,
    );
  }

  async check(request: FlashReserveParameters): Promise<FlashRefusal | undefined> {
    const escrow = toEscrowId(request.escrow);
    const shelved = await this.#withoutOverdue(escrow, await this.#load(escrow), request.now);
    return shelved === undefined ? "unknownEscrow" : this.#refuse(shelved, request);
  }

  async commit(reservation: FlashReservation, now: bigint): Promise<void> {
    const { item, reservationId } = reservation;
    const items = item.kind === "tab" ? [] : [toItemRow({ item, acceptedAt: now })];
    const gone = await this.#query(queries.COMMIT, [reservationId, JSON.stringify(items)]);
    if (gone.length === 0) throw new ReservationLostError(reservationId, "has ended");
    const known = this.#books.get(escrowKey(reservation.escrow));
    if (known?.book.reservations.has(reservationId) === true) changeOf(commit(known.book, reservation, now).book);
  }

  async cancel({ escrow, reservationId }: FlashReservation): Promise<void> {
    await this.#query(queries.CANCEL, [reservationId]);
    this.#books.delete(escrowKey(escrow));
  }

  async getEscrow(escrow: FlashEscrowId): Promise<FlashEscrowState | undefined> {
    const shelved = await this.#load(toEscrowId(escrow));
    return shelved === undefined ? undefined : toState(shelved.book);
  }

  async getLane(escrow: FlashEscrowId, lane: bigint): Promise<FlashLane | undefined> {
    return (await this.listLanes(escrow)).find((candidate) => candidate.lane === lane);
  }

  async listLanes(escrow: FlashEscrowId): Promise<readonly FlashLane[]> {
    const shelved = await this.#load(toEscrowId(escrow));
    return shelved === undefined ? [] : [...shelved.book.lanes.values()].map((lane) => toLane(shelved.book, lane));
  }

  async listEscrows(server: ServerId): Promise<readonly FlashEscrowState[]> {
    return (await this.#loadAll(toServerId(server))).map(({ book }) => toState(book));
  }

  async applyChain(updates: readonly EscrowUpdate[]): Promise<void> {
    for (const update of updates) {
      const escrow = toEscrowId(update.escrow);
      await this.#change(escrow, async (shelved) => {
        const items = shelved === undefined ? [] : await this.#listItems(shelved);
        const change = applyRead(shelved?.book, { ...update, escrow }, items);
        return { answer: undefined, ...(change === undefined ? {} : { change }) };
      });
    }
  }

  async rewindChain(settlement: SettlementId, block: bigint): Promise<void> {
    const { chainId, settlement: address } = toSettlementId(settlement);
    await this.#query(queries.MARK_STALE, [chainId.toString(), address, block.toString()]);
    this.#books.clear();
  }

  async stop(escrow: FlashEscrowId, epoch: bigint, now?: bigint): Promise<void> {
    const decide: Decision<undefined> = async (shelved) => {
      if (shelved === undefined || shelved.book.epoch !== epoch) return { answer: undefined };
      shelved.book.isStopped = true;
      return { change: changeOf(shelved.book, { isRead: true }), answer: undefined };
    };
    await this.#change(toEscrowId(escrow), decide, now);
  }

  async addRelease(escrow: FlashEscrowId, release: LiveRelease): Promise<boolean> {
    return this.#change<boolean>(toEscrowId(escrow), async (shelved) => {
      if (shelved === undefined || !mayRelease(shelved.book, release)) return { answer: false };
      shelved.book.releases.set(release.authorization.nonce, release);
      return { change: changeOf(shelved.book, { addedReleases: [release] }), answer: true };
    });
  }

  async listUnsettled(server: ServerId): Promise<readonly UnsettledItem[]> {
    const unsettled: UnsettledItem[] = [];
    for (const shelved of await this.#loadAll(toServerId(server))) {
      unsettled.push(...unsettledOf(shelved.book, await this.#listItems(shelved)));
    }
    return inSettlingOrder(unsettled);
  }

  async listUnsettledOf(escrow: FlashEscrowId): Promise<readonly UnsettledItem[]> {
    const shelved = await this.#load(toEscrowId(escrow));
    return shelved === undefined ? [] : inSettlingOrder(unsettledOf(shelved.book, await this.#listItems(shelved)));
  }

  async getItem(escrow: FlashEscrowId, digest: Hash): Promise<FlashItemStatus | undefined> {
    const [id, key] = [toEscrowId(escrow), toBytes32(digest)];
    const [row] = await this.#query(queries.FIND_ITEM, [...escrowValues(id), key]);
    if (row === undefined) return undefined;
    const status = fromStatusRow(row, key);
    if (status !== undefined) return status;
    const shelved = await this.#load(id);
    return shelved === undefined ? undefined : tabStatusOf(shelved.book, key);
  }

  async noteSettled(escrow: FlashEscrowId, digests: readonly Hash[], transactionHash: Hash): Promise<void> {
    const values = escrowValues(toEscrowId(escrow));
    await this.#query(queries.NOTE_SETTLED, [...values, digests.map(toBytes32), toBytes32(transactionHash)]);
    await this.#query(queries.FORGET_SETTLED, [...values, MAX_SETTLED_ITEMS]);
  }

  async notePublished(escrow: FlashEscrowId, epoch: bigint, tabs: readonly PublishedTab[]): Promise<void> {
    await this.#change(toEscrowId(escrow), async (shelved) => {
      const change = shelved?.book.epoch === epoch ? publish(shelved.book, tabs) : undefined;
      return { answer: undefined, ...(change === undefined ? {} : { change }) };
    });
  }

  async noteImpaired(escrow: FlashEscrowId, epoch: bigint): Promise<void> {
    await this.#change(toEscrowId(escrow), async (shelved) => {
      if (shelved === undefined || shelved.book.epoch !== epoch || shelved.book.isImpaired)
        return { answer: undefined };
      shelved.book.isImpaired = true;
      return { change: changeOf(shelved.book, { isRead: true }), answer: undefined };
    });
  }

  async getSyncedBlock(settlement: SettlementId, server: Address): Promise<BlockReference | undefined> {
    const [row] = await this.#query(queries.LOAD_SYNCED_BLOCK, serverValues(toServerId({ ...settlement, server })));
    if (row === undefined) return undefined;
    return { number: integer(row, "number"), timestamp: integer(row, "timestamp"), hash: text(row, "hash") as Hash };
  }

  async setSyncedBlock(settlement: SettlementId, server: Address, block: BlockReference): Promise<void> {
    const values = serverValues(toServerId({ ...settlement, server }));
    const { number: height, timestamp, hash } = block;
    await this.#query(queries.SAVE_SYNCED_BLOCK, [...values, height.toString(), timestamp.toString(), hash]);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pool.end();
  }

  async #refuse({ id, book }: Shelved, request: FlashReserveParameters): Promise<FlashRefusal | undefined> {
    const { kind, digest } = request.item;
    const isTransaction = kind === "transaction" || kind === "settled";
    // Asked after the book was read: whoever reserves the digest later changes the book, and this decision is not written.
    const found = isTransaction ? await this.#query(queries.HAS_ITEM, [id, book.epoch.toString(), digest]) : [];
    return refuse(book, request, found.length > 0);
  }

  /** Decides on the book and writes what was decided, again and again until nobody changed the book in between. */
  #change<T>(escrow: FlashEscrowId, decide: Decision<T>, now?: bigint): Promise<T> {
    return this.#inLine(escrowKey(escrow), async () => {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        if (attempt > EAGER_ATTEMPTS) await sleep(Math.random() * MAX_PAUSE_MS);
        const step = await this.#attempt(escrow, decide, now);
        if (step !== undefined) return step.answer;
        this.#books.delete(escrowKey(escrow));
      }
      throw new StoreContentionError(MAX_ATTEMPTS);
    });
  }

  /** Gives nothing when the book changed before the decision on it was written. */
  async #attempt<T>(escrow: FlashEscrowId, decide: Decision<T>, now?: bigint): Promise<Step<T> | undefined> {
    const known = this.#books.get(escrowKey(escrow)) ?? (await this.#load(escrow));
    const current = now === undefined ? known : await this.#withoutOverdue(escrow, known, now);
    // A copy, because what is not written must not be remembered.
    const shelved = current === undefined ? undefined : { ...current, book: copyBook(current.book) };
    const step = await decide(shelved);
    const { change, reservation } = step;
    return change === undefined || (await this.#write(shelved, change, reservation)) ? step : undefined;
  }

  /** Writes a change, if the book is still as it was. */
  async #write(shelved: Shelved | undefined, change: BookChange, reservation?: FlashReservation): Promise<boolean> {
    const { book } = change;
    if (shelved === undefined) return (await this.#query(queries.INSERT_BOOK, insertValues(book))).length > 0;
    const { id, version } = shelved;
    const written = await this.#query(queries.WRITE_BOOK, [
      id,
      version.toString(),
      ...writeValues(change, reservation),
    ]);
    if (written.length === 0) return false;
    this.#remember({ id, version: version + 1n, book });
    if (change.isNewEpoch === true) {
      for (const query of queries.FORGET_EPOCHS) await this.#query(query, [id, book.epoch.toString()]);
    }
    return true;
  }

  /** Ends reservations that are past their time, those of processes that crashed among them. */
  async #withoutOverdue(
    escrow: FlashEscrowId,
    shelved: Shelved | undefined,
    now: bigint,
  ): Promise<Shelved | undefined> {
    const overdue = shelved === undefined ? [] : overdueOf(shelved.book, now);
    if (overdue.length === 0) return shelved;
    for (const { reservationId } of overdue) await this.#query(queries.CANCEL, [reservationId]);
    this.#books.delete(escrowKey(escrow));
    return this.#load(escrow);
  }

  async #load(escrow: FlashEscrowId): Promise<Shelved | undefined> {
    const [row] = await this.#query(queries.LOAD_BOOK, escrowValues(escrow));
    const shelved = row === undefined ? undefined : fromBookRow(row);
    if (shelved !== undefined) this.#remember(shelved);
    return shelved;
  }

  async #loadAll(server: ServerId): Promise<readonly Shelved[]> {
    return (await this.#query(queries.LOAD_BOOKS, serverValues(server))).map(fromBookRow);
  }

  async #listItems({ id, book }: Shelved): Promise<readonly ItemRecord[]> {
    return (await this.#query(queries.LIST_ITEMS, [id, book.epoch.toString()])).map(fromItemRow);
  }

  /** Keeps the newer of two views of a book. */
  #remember(shelved: Shelved): void {
    const { key } = shelved.book;
    const known = this.#books.get(key);
    if (known !== undefined && known.version > shelved.version) return;
    this.#books.delete(key);
    this.#books.set(key, shelved);
    const oldest = this.#books.size <= MAX_CACHED_BOOKS ? undefined : this.#books.keys().next().value;
    if (oldest !== undefined) this.#books.delete(oldest);
  }

  async #inLine<T>(key: string, step: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key) ?? { run: createSerial(), waiting: 0 };
    this.#lines.set(key, line);
    line.waiting += 1;
    try {
      return await line.run(step);
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) this.#lines.delete(key);
    }
  }

  async #query(query: PostgresQuery, values: readonly unknown[]): Promise<readonly Row[]> {
    if (this.#isClosed) throw new StoreClosedError();
    return (await this.#pool.query({ ...query, values })).rows;
  }
}

function serverValues({ chainId, settlement, server }: ServerId): readonly string[] {
  return [chainId.toString(), settlement, server];
}

function escrowValues(escrow: FlashEscrowId): readonly string[] {
  return [...serverValues(escrow), escrow.client, escrow.token];
}

function insertValues(book: Book): readonly unknown[] {
  const { escrow, epoch, confirmed, head, isStale, isStopped, accepted, nonces } = book;
  return [
    ...escrowValues(escrow),
    epoch.toString(),
    stringify(confirmed),
    stringify(head),
    topBlockOf(book).toString(),
    isStale,
    isStopped,
    accepted.toString(),
    nonces.base.toString(),
    toBits(nonces.bits),
  ];
}

function writeValues(change: BookChange, reservation?: FlashReservation): readonly unknown[] {
  const { book, isRead = false, lanes = [], settled = [], addedReleases = [], endedReleases = [] } = change;
  const { accepted, nonces, epoch, isStale, isStopped, isImpaired, confirmed, head } = book;
  return [
    accepted.toString(),
    nonces.base.toString(),
    toBits(nonces.bits),
    epoch.toString(),
    isStale,
    isStopped,
    ...(isRead ? [stringify(confirmed), stringify(head), topBlockOf(book).toString()] : [null, null, null]),
    JSON.stringify(lanes.map(toLaneRow)),
    JSON.stringify(reservation === undefined ? [] : [toReservationRow(reservation)]),
    JSON.stringify(addedReleases.map(toReleaseRow)),
    endedReleases.map(String),
    settled,
    isImpaired,
  ];
}

function toReservationRow({ reservationId, item, price, increase, until }: FlashReservation) {
  return {
    id: reservationId,
    lane: item.kind === "tab" ? item.lane.toString() : null,
    price: price.toString(),
    increase: increase.toString(),
    until: until.toString(),
    item: stringify(item),
  };
}

function fromBookRow(row: Row): Shelved {
  const escrow: FlashEscrowId = {
    chainId: integer(row, "chain_id"),
    settlement: text(row, "settlement") as Address,
    client: text(row, "client") as Address,
    server: text(row, "server") as Address,
    token: text(row, "token") as Address,
  };
  const book: Book = {
    ...newBook(escrow, parseRead(text(row, "confirmed")), parseRead(text(row, "head"))),
    epoch: integer(row, "epoch"),
    isStale: row["is_stale"] === true,
    isStopped: row["is_stopped"] === true,
    isImpaired: row["is_impaired"] === true,
    accepted: integer(row, "accepted"),
    nonces: { base: integer(row, "nonce_base"), bits: fromBits(text(row, "nonce_bits")) },
  };
  for (const lane of (row["lanes"] as readonly Row[]).map(fromLaneRow)) book.lanes.set(lane.lane, lane);
  for (const release of (row["releases"] as readonly Row[]).map(fromReleaseRow)) {
    book.releases.set(release.authorization.nonce, release);
  }
  for (const reservation of row["reservations"] as readonly Row[]) {
    const reservationId = text(reservation, "id");
    book.reservations.set(reservationId, {
      reservationId,
      escrow,
      epoch: book.epoch,
      item: parseItem(text(reservation, "item")),
      price: integer(reservation, "price"),
      increase: integer(reservation, "increase"),
      until: integer(reservation, "until"),
    });
  }
  return { id: text(row, "id"), version: integer(row, "version"), book };
}
