import type { Address, Hex } from "viem";
import { largest } from "../../../core/amounts.ts";
import { ReservationLostError, StoreClosedError } from "../../core/errors.ts";
import { toAddress, toBytes32 } from "../../core/keys.ts";
import type { BlockReference } from "../../core/types.ts";
import { ChargeAboveReservationError } from "../errors.ts";
import { accountKey, toAccountId, toLaneId } from "../keys.ts";
import type {
  AccountId,
  AccountState,
  EscrowId,
  LaneId,
  LaneState,
  LiveRelease,
  Reservation,
  SessionSigner,
} from "../types.ts";
import type {
  ChainUpdate,
  CollectableLane,
  Commitment,
  LaneOffer,
  LeaseParameters,
  ListLanesParameters,
  ReserveParameters,
  ReserveRefusal,
  ReserveResult,
  SignerUpdate,
  VoucherStore,
} from "./types.ts";
import type { Persistence, SellerId } from "./persistence.ts";
import {
  isServing,
  isUsed,
  coverageOf,
  owedOf,
  spendableOf,
  toAccountState,
  toCollectable,
  toLaneState,
  uncollectedOf,
  type AccountRecord,
  type LaneFacts,
  type LaneRecord,
} from "./records.ts";
import { endOverdueRequests, lease, mergeUpdate, refuse, toOffer } from "./rules.ts";
import { createSignerBook, type SignerBook } from "./signerBook.ts";

/** Settings of {@link createEmbeddedStore}. */
export interface EmbeddedStoreOptions {
  readonly persistence: Persistence;
  /** Most accounts held in memory; idle ones beyond are read again when they are needed. */
  readonly maxCachedAccounts: number;
}

/**
 * Makes a store of one process: it decides in memory, where no other step can come between, and writes each effect to its
 * persistence before the effect shows.
 */
export function createEmbeddedStore({ persistence, maxCachedAccounts }: EmbeddedStoreOptions): VoucherStore {
  return new EmbeddedStore(persistence, maxCachedAccounts);
}

class EmbeddedStore implements VoucherStore {
  readonly #persistence: Persistence;
  readonly #maxCached: number;
  /** Least recently used first. */
  readonly #cache = new Map<string, AccountRecord>();
  readonly #signers: SignerBook;
  /** Numbers reservations within this process; they do not outlive it. */
  #reservations = 0;
  #latestNow = 0n;
  #isClosed = false;

  constructor(persistence: Persistence, maxCached: number) {
    this.#persistence = persistence;
    this.#maxCached = maxCached;
    this.#signers = createSignerBook(persistence);
  }

  async reserve(parameters: ReserveParameters): Promise<ReserveResult> {
    const record = this.#fresh(parameters.voucher, parameters.now, parameters.readSince);
    if (record === undefined) return { isReserved: false, reason: "unknownAccount" };
    endOverdueRequests(record, parameters.now);
    const id = parameters.voucher.id.toLowerCase() as Hex;
    const reason = refuse(record, id, parameters);
    const lane = record.lanes.get(id);
    if (reason !== undefined || lane === undefined) return this.#refused(record, lane, reason ?? "unknownLane");
    this.#reservations += 1;
    const reservation: Reservation = {
      reservationId: String(this.#reservations),
      lane: { ...record.account, id },
      price: parameters.price,
      chargedBefore: lane.facts.charged,
      until: parameters.until,
    };
    const { voucher, signature, signer, voucherHash } = parameters;
    lane.pending = { reservation, voucher, signature, signer, voucherHash };
    return { isReserved: true, reservation };
  }

  async check(parameters: ReserveParameters): Promise<ReserveRefusal | undefined> {
    const record = this.#fresh(parameters.voucher, parameters.now, parameters.readSince);
    if (record === undefined) return "unknownAccount";
    endOverdueRequests(record, parameters.now);
    return refuse(record, parameters.voucher.id.toLowerCase() as Hex, parameters);
  }

  async commit(reservation: Reservation, amount: bigint, now: bigint): Promise<Commitment> {
    const { reservationId, price, lane: laneId } = reservation;
    const record = this.#find(laneId);
    const lane = record?.lanes.get(laneId.id);
    const pending = lane?.pending;
    if (record === undefined || lane === undefined || pending?.reservation.reservationId !== reservationId) {
      throw new ReservationLostError(reservationId, "has ended");
    }
    if (amount < 0n || amount > price) throw new ChargeAboveReservationError(amount, price);
    const charged = lane.facts.charged + amount;
    if (charged > pending.voucher.valueAggregate) {
      // The chain showed collections that this store never accepted; this voucher no longer reaches above them.
      lane.pending = undefined;
      throw new ReservationLostError(reservationId, "fell behind the lane's collected total");
    }
    const { voucher, signature, signer, voucherHash } = pending;
    const facts: LaneFacts = {
      charged,
      collected: lane.facts.collected,
      latest: { voucher, signature, signer },
      promised: largest(lane.facts.promised, voucher.valueAggregate),
      voucherHash,
      oldestChargeTime: uncollectedOf(lane.facts) === 0n ? now : lane.facts.oldestChargeTime,
    };
    this.#persistence.saveLane(record, lane.id, facts);
    lane.facts = facts;
    release(lane);
    return { lane: reservation.lane, amount, charged, voucherHash };
  }

  async cancel({ reservationId, lane: laneId }: Reservation): Promise<void> {
    const lane = this.#find(laneId)?.lanes.get(laneId.id);
    if (lane?.pending?.reservation.reservationId === reservationId) release(lane);
  }

  async leaseLane(parameters: LeaseParameters): Promise<LaneOffer | undefined> {
    const record = this.#fresh(parameters.account, parameters.now);
    return record === undefined ? undefined : lease(record, parameters);
  }

  async offerFor(laneId: LaneId): Promise<LaneOffer | undefined> {
    const record = this.#find(toAccountId(laneId));
    const lane = record?.lanes.get(toBytes32(laneId.id));
    return record === undefined || lane === undefined ? undefined : toOffer(record, lane, false);
  }

  async getAccount(account: AccountId): Promise<AccountState | undefined> {
    const record = this.#find(toAccountId(account));
    return record === undefined ? undefined : toAccountState(record);
  }

  async getLane(laneId: LaneId): Promise<LaneState | undefined> {
    const { id, ...account } = toLaneId(laneId);
    const record = this.#find(account);
    const lane = record?.lanes.get(id);
    return record === undefined || lane === undefined ? undefined : toLaneState(record, lane);
  }

  async getSigner(escrow: EscrowId, buyer: Address, signer: Address): Promise<SessionSigner | undefined> {
    this.#assertOpen();
    return this.#signers.find(escrow, buyer, signer);
  }

  async applyChain(updates: readonly ChainUpdate[], signers: readonly SignerUpdate[]): Promise<void> {
    this.#assertOpen();
    const records = updates.flatMap((update) => {
      const account = toAccountId(update.account);
      return mergeUpdate(this.#find(account), account, update, this.#latestNow) ?? [];
    });
    const signerRecords = signers.flatMap((signer) => this.#signers.merge(signer) ?? []);
    this.#persistence.saveAll(
      records.filter((record) => isWorthKeeping(record) || this.#isStored(record)),
      signerRecords,
    );
    for (const record of records) this.#put(record);
    this.#signers.put(signerRecords);
  }

  async rewindChain(escrow: EscrowId, block: bigint): Promise<void> {
    this.#assertOpen();
    this.#persistence.markStale(escrow, block);
    this.#signers.rewind(escrow, block);
    for (const record of this.#cache.values()) {
      const { account, facts } = record;
      const isOurs = account.chainId === escrow.chainId && account.escrow === toAddress(escrow.escrow);
      if (isOurs && facts.syncedBlock.number > block) record.facts = { ...facts, isStale: true };
    }
  }

  /** An account that was emptied must not come back from its old row. */
  #isStored({ account }: AccountRecord): boolean {
    return this.#persistence.loadAccount(account) !== undefined;
  }

  async addRelease(account: AccountId, liveRelease: LiveRelease): Promise<boolean> {
    const record = this.#find(toAccountId(account));
    if (record === undefined || record.facts.isStale) return false;
    const { exposure, limit } = coverageOf(record);
    if (exposure + liveRelease.authorization.amount > limit) return false;
    const releases = new Map(record.releases).set(toBytes32(liveRelease.authorization.nonce), liveRelease);
    this.#persistence.saveReleases(record, releases);
    record.releases = releases;
    return true;
  }

  async expireReleases(escrow: EscrowId, finalTime: bigint): Promise<void> {
    this.#assertOpen();
    for (const account of this.#persistence.listReleasing(escrow)) {
      const record = this.#find(account);
      if (record === undefined) continue;
      const live = [...record.releases].filter(([, { authorization }]) => authorization.expiry >= finalTime);
      if (live.length === record.releases.size) continue;
      const releases = new Map(live);
      this.#persistence.saveReleases(record, releases);
      record.releases = releases;
    }
  }

  async listAccounts(seller: SellerId): Promise<readonly AccountId[]> {
    this.#assertOpen();
    return this.#persistence.listAccounts(toSellerId(seller), false);
  }

  async listLanesOf(account: AccountId): Promise<readonly LaneState[]> {
    const record = this.#find(toAccountId(account));
    return record === undefined ? [] : [...record.lanes.values()].map((lane) => toLaneState(record, lane));
  }

  async listSigners(escrow: EscrowId): Promise<readonly (SessionSigner & { readonly buyer: Address })[]> {
    this.#assertOpen();
    return this.#signers.list(escrow);
  }

  async listLanes(parameters: ListLanesParameters): Promise<readonly CollectableLane[]> {
    this.#assertOpen();
    const onlyUncollected = parameters.onlyUncollected ?? false;
    const accounts = this.#persistence.listAccounts(toSellerId(parameters), onlyUncollected);
    return accounts.flatMap((account) => {
      const record = this.#cache.get(accountKey(account)) ?? this.#persistence.loadAccount(account);
      if (record === undefined) return [];
      if (onlyUncollected && owedOf(record) === 0n && record.facts.balance === 0n) return [];
      const lanes = [...record.lanes.values()].flatMap((lane) => this.#toCollectable(record, lane) ?? []);
      return onlyUncollected ? lanes.filter(({ uncollected }) => uncollected > 0n) : lanes;
    });
  }

  async getSyncedBlock(escrow: EscrowId, seller: Address): Promise<BlockReference | undefined> {
    this.#assertOpen();
    return this.#persistence.loadSyncedBlock(toSellerId({ ...escrow, seller }));
  }

  async setSyncedBlock(escrow: EscrowId, seller: Address, block: BlockReference): Promise<void> {
    this.#assertOpen();
    this.#persistence.saveSyncedBlock(toSellerId({ ...escrow, seller }), block);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#persistence.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreClosedError();
  }

  #refused(record: AccountRecord, lane: LaneRecord | undefined, reason: ReserveRefusal): ReserveResult {
    const state = lane === undefined ? {} : { lane: toLaneState(record, lane) };
    return { isReserved: false, reason, spendable: spendableOf(record), ...state };
  }

  /** The account, unless what is known of the chain about it must be read again first. */
  #fresh(account: AccountId, now: bigint, readSince = 0n): AccountRecord | undefined {
    if (now > this.#latestNow) this.#latestNow = now;
    const record = this.#find(lowerCase(account));
    if (record === undefined || record.facts.isStale) return undefined;
    return record.facts.syncedBlock.timestamp < readSince ? undefined : record;
  }

  #find(account: AccountId): AccountRecord | undefined {
    this.#assertOpen();
    const key = accountKey(account);
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return cached;
    }
    const loaded = this.#persistence.loadAccount(account);
    if (loaded !== undefined) this.#put(loaded);
    return loaded;
  }

  /**
   * Keeps a record in memory, and as few others beyond the limit as possible: only a request that is being served must stay. Charges are
   * in the persistence, and whoever holds nothing but an offer gets another one.
   */
  #put(record: AccountRecord): void {
    this.#cache.set(record.key, record);
    for (const [key, candidate] of this.#cache) {
      if (this.#cache.size <= this.#maxCached) return;
      if (candidate !== record && !isServing(candidate)) this.#cache.delete(key);
    }
  }

  #toCollectable(record: AccountRecord, lane: LaneRecord): CollectableLane | undefined {
    const { account } = record;
    const signer = lane.facts.latest?.signer;
    const isSession = signer?.kind === "session";
    return toCollectable(
      record,
      lane,
      isSession ? this.#signers.find(account, account.buyer, signer.address) : undefined,
    );
  }
}

/** A lane whose request has ended may be offered again at once: its next voucher builds on what is stored. */
function release(lane: LaneRecord): void {
  lane.pending = undefined;
  lane.leasedUntil = 0n;
}

/** Accounts with nothing in them stay in memory only, as long as there is room: anybody can name any number of them. */
function isWorthKeeping(record: AccountRecord): boolean {
  return record.facts.balance > 0n || record.releases.size > 0 || [...record.lanes.values()].some(isUsed);
}

function lowerCase({ chainId, escrow, seller, asset, buyer }: AccountId): AccountId {
  return {
    chainId,
    escrow: escrow.toLowerCase() as Address,
    seller: seller.toLowerCase() as Address,
    asset: asset.toLowerCase() as Address,
    buyer: buyer.toLowerCase() as Address,
  };
}

function toSellerId({ chainId, escrow, seller }: SellerId): SellerId {
  return { chainId, escrow: toAddress(escrow), seller: toAddress(seller) };
}
