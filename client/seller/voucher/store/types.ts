import type { Address, Hash, Hex } from "viem";
import type { SignedVoucher, Voucher } from "../../../voucher/types.ts";
import type {
  EscrowId,
  AccountId,
  LaneId,
  VoucherSigner,
  AcceptedVoucher,
  Reservation,
  LaneState,
  SessionSigner,
  LiveRelease,
  AccountState,
} from "../types.ts";
import type { BlockReference } from "../../core/types.ts";

/** What a store of vouchers takes, answers and promises. */

/** What one request asks of the store. The signature was checked before. */
export interface ReserveParameters {
  readonly voucher: Voucher;
  /** Signature of the voucher. */
  readonly signature: Hex;
  readonly signer: VoucherSigner;
  /** EIP-712 digest of the voucher, 32 bytes. */
  readonly voucherHash: Hash;
  /** Most the request may be charged, token base units. */
  readonly price: bigint;
  /** Unix seconds. */
  readonly now: bigint;
  /** Unix seconds until which the reservation holds, see {@link Reservation.until}. */
  readonly until: bigint;
  /** Most lanes a buyer may use in one account, the default lane included. */
  readonly maxLanes: number;
  /** Most that may be charged and not yet collected in one account, token base units; no limit when absent. */
  readonly maxUncollected?: bigint;
  /** Time of the oldest block whose facts about the account still count, unix seconds; every block's when absent. */
  readonly readSince?: bigint;
  /** Counted as balance although it is not on-chain yet, token base units. Only {@link VoucherStore.check} heeds it. */
  readonly pendingDeposit?: bigint;
}

/**
 * Why the store refused.
 *
 * - `unknownAccount`: the account was never read from the chain, or not for too long. Read it, then ask again.
 * - `unknownLane`: the lane's collected total was never read from the chain. Read it, then ask again.
 * - `busy`: another request of this lane is being served.
 * - `duplicate`: this very voucher was committed before; it pays for nothing more.
 * - `staleNonce`: the nonce is not above the latest accepted one.
 * - `staleTimestamp`: signed before the latest accepted voucher.
 * - `staleExpiry`: expires before the latest accepted voucher.
 * - `signedByKey`: a contract wallet signed, and the lane holds uncollected charges that a key signed. A wallet can un-sign.
 * - `belowCharged`: the ceiling is below the charged total plus the price.
 * - `uncovered`: the account does not cover the price.
 * - `laneLimit`: the lane would be one too many for this buyer.
 * - `exposureLimit`: more than `maxUncollected` would be uncollected.
 */
export type ReserveRefusal =
  | "unknownAccount"
  | "unknownLane"
  | "busy"
  | "duplicate"
  | "staleNonce"
  | "staleTimestamp"
  | "staleExpiry"
  | "signedByKey"
  | "belowCharged"
  | "uncovered"
  | "laneLimit"
  | "exposureLimit";

/** Answer to {@link VoucherStore.reserve}. */
export type ReserveResult =
  | { readonly isReserved: true; readonly reservation: Reservation }
  | {
      readonly isReserved: false;
      readonly reason: ReserveRefusal;
      /** The lane as it stands; absent when the store does not know it. */
      readonly lane?: LaneState;
      /** What the account still covers, token base units; absent when the account is unknown. */
      readonly spendable?: bigint;
    };

/** Asks for a lane to offer in a 402. */
export interface LeaseParameters {
  readonly account: AccountId;
  /** Unix seconds. */
  readonly now: bigint;
  /** Unix seconds until which the lane is kept for whoever got the offer. */
  readonly until: bigint;
  /** Most lanes a buyer may use in one account, the default lane included. */
  readonly maxLanes: number;
  /** Lane that is no good to whoever asks, 32 bytes. */
  readonly except?: Hex;
}

/** A lane to offer in a 402. */
export interface LaneOffer {
  readonly lane: LaneId;
  /** `new`: nothing was ever charged or collected in this lane. `aggregation`: the next voucher adds to `base`. */
  readonly type: "new" | "aggregation";
  /** Total on top of which the next voucher adds its price, token base units; zero when `new`. Tells how much the buyer has used. */
  readonly base: bigint;
  /** Collected total on-chain, token base units. Public. */
  readonly collected: bigint;
  /** Nonce of the next voucher, as the scheme counts. */
  readonly nextNonce: bigint;
  /** Latest accepted voucher. Show it only to whoever proved to be the buyer, see {@link AcceptResult}. */
  readonly latest?: SignedVoucher;
  /** True when every lane of the buyer was taken and this one is shared with another offer. */
  readonly isShared: boolean;
}

/** What was read from the chain about one account at one block. */
export interface ChainUpdate {
  readonly account: AccountId;
  /** Block the values were read at. An update older than the account's is ignored. */
  readonly block: BlockReference;
  /** Balance, thawing part included, token base units. */
  readonly balance: bigint;
  /** Effective thawing. */
  readonly thawing: bigint;
  /** First second of a withdrawal, unix seconds; zero while nothing thaws. */
  readonly thawEndTime: bigint;
  /** Collected totals, the default lane among them. */
  readonly lanes: readonly { readonly id: Hex; readonly collected: bigint }[];
  /** Nonces of live releases that were executed or cancelled, 32 bytes each. */
  readonly endedReleases: readonly Hex[];
}

/** What was read from the chain about one session signer. */
export interface SignerUpdate extends SessionSigner {
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  /** Whose vouchers the key may sign. */
  readonly buyer: Address;
  readonly block: BlockReference;
}

/** Picks lanes of {@link VoucherStore.listLanes}. */
export interface ListLanesParameters extends EscrowId {
  /** Who is paid. */
  readonly seller: Address;
  /** Only lanes with `charged > collected`, but for empty accounts that paid as much in advance in other lanes. */
  readonly onlyUncollected?: boolean;
}

/** A lane with what the collector must know to time its collection. */
export interface CollectableLane extends LaneState {
  readonly latest: AcceptedVoucher;
  /** Charged but not collected, token base units. */
  readonly uncollected: bigint;
  /** Balance of the account on-chain, token base units; nothing can be collected from an empty one. */
  readonly balance: bigint;
  /** When the oldest uncollected charge was committed, unix seconds. */
  readonly oldestChargeTime: bigint;
  /** End of a thaw that reaches into what is uncollected in the account, unix seconds; zero while there is none. */
  readonly thawEndTime: bigint;
  /** Last second at which the latest voucher's signer counts, unix seconds; absent when the buyer itself signed. */
  readonly signerValidUntil?: bigint;
}

/** How {@link VoucherStore.commit} ended. */
export interface Commitment {
  readonly lane: LaneId;
  /** Charged by this request, token base units. */
  readonly amount: bigint;
  /** Charged total of the lane afterwards, token base units. */
  readonly charged: bigint;
  /** EIP-712 digest of the accepted voucher, 32 bytes: names the commitment in a settlement answer. */
  readonly voucherHash: Hash;
}

/**
 * Keeps what a seller has accepted. One store serves any number of accounts, and exactly one store serves a seller address.
 *
 * Every operation is one atomic step: it either has its whole effect or none, whatever runs at the same time. Whatever a method
 * changed is durable when its promise resolves; reservations and leases are not kept over a restart.
 */
export interface VoucherStore {
  /**
   * Reserves a lane for one request, if the account covers it. At most one reservation a lane.
   *
   * Covered means `price <= balance - effective thawing - live releases - sum over lanes (accepted - collected)`, where `accepted` of a
   * lane is its charged total, or, while a request is being served, its charged total plus that request's price. Where somebody collected
   * a metered voucher's ceiling, what was paid ahead of the charges covers later prices of that lane, less what is missing in other lanes.
   *
   * Reservations of the account that are past their `until` end first.
   */
  reserve(parameters: ReserveParameters): Promise<ReserveResult>;

  /** Says what {@link reserve} would refuse, and reserves nothing. Heeds `pendingDeposit`. */
  check(parameters: ReserveParameters): Promise<ReserveRefusal | undefined>;

  /**
   * Charges `amount` and stores the voucher of the reservation. The charge is durable when the promise resolves.
   *
   * @param reservation - Answer of {@link reserve}.
   * @param amount - Token base units, at most the reserved price; zero keeps the voucher and charges nothing.
   * @param now - Unix seconds.
   * @throws {ReservationLostError} the reservation was committed, cancelled, or taken over after its `until`. Nothing was charged now.
   * @throws {ChargeAboveReservationError} `amount` is negative or above the reserved price. The reservation still holds.
   */
  commit(reservation: Reservation, amount: bigint, now: bigint): Promise<Commitment>;

  /** Ends a reservation without a charge. Does nothing when it ended before. */
  cancel(reservation: Reservation): Promise<void>;

  /**
   * Picks a lane to offer in a 402: the default lane when it is free, then an idle lane of the account, then a fresh random one, and
   * when the buyer has `maxLanes` already, the one whose lease ends first.
   *
   * @returns The offer, or undefined when the account was never read from the chain.
   */
  leaseLane(parameters: LeaseParameters): Promise<LaneOffer | undefined>;

  /** Says what a 402 would offer for a lane that is known, without leasing it. */
  offerFor(lane: LaneId): Promise<LaneOffer | undefined>;

  /** Reads one account. */
  getAccount(account: AccountId): Promise<AccountState | undefined>;

  /** Reads one lane. */
  getLane(lane: LaneId): Promise<LaneState | undefined>;

  /** Reads one session signer; undefined when the chain was never asked for it. */
  getSigner(escrow: EscrowId, buyer: Address, signer: Address): Promise<SessionSigner | undefined>;

  /** Puts what was read from the chain, accounts and signers, in one step. Older blocks than those known are ignored. */
  applyChain(updates: readonly ChainUpdate[], signers: readonly SignerUpdate[]): Promise<void>;

  /** Forgets every chain fact read above `block`, after a re-organisation, so that it is read again before it is used. */
  rewindChain(escrow: EscrowId, block: bigint): Promise<void>;

  /**
   * Records a release before it leaves the seller, if the account covers it like a price.
   *
   * @returns False when it is not covered or the account is unknown; nothing is recorded then.
   */
  addRelease(account: AccountId, release: LiveRelease): Promise<boolean>;

  /** Ends releases whose expiry lies before `finalTime`, the time of a final block in unix seconds. */
  expireReleases(escrow: EscrowId, finalTime: bigint): Promise<void>;

  /** Accounts of a seller that the store holds. */
  listAccounts(parameters: EscrowId & { readonly seller: Address }): Promise<readonly AccountId[]>;

  /** Lanes of one account that the store holds. */
  listLanesOf(account: AccountId): Promise<readonly LaneState[]>;

  /** Session signers of all buyers of an escrow that the store holds, each with its buyer. */
  listSigners(escrow: EscrowId): Promise<readonly (SessionSigner & { readonly buyer: Address })[]>;

  /** Lanes with an accepted voucher, with what the collector must know. */
  listLanes(parameters: ListLanesParameters): Promise<readonly CollectableLane[]>;

  /** Reads up to where the chain was synced; undefined before the first time. */
  getSyncedBlock(escrow: EscrowId, seller: Address): Promise<BlockReference | undefined>;

  /** Records up to where the chain was synced. */
  setSyncedBlock(escrow: EscrowId, seller: Address, block: BlockReference): Promise<void>;

  /** Closes files and connections. Every later call fails with {StoreClosedError}. */
  close(): Promise<void>;
}
