import type { Address, Hash, Hex } from "viem";
import type { ReleaseAuthorization, SignedVoucher, SkipReason, Voucher } from "../../voucher/types.ts";
import type { BlockReference } from "../core/types.ts";
import type { RejectionCode } from "./rejections.ts";

/**
 * What a seller runs: the store, the acceptance of vouchers, the view of the chain, releases and the collector.
 *
 * Amounts are token base units and times unix seconds, both `bigint`. Addresses and 32-byte values may be written in any case;
 * every key this layer returns is lower case.
 */

/* ACCOUNTS, LANES AND BLOCKS */

/** Names one account: what one buyer holds for one seller in one asset of one escrow on one chain. */
export interface AccountId {
  readonly chainId: bigint;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  readonly buyer: Address;
}

/** Names one lane of an account. */
export interface LaneId extends AccountId {
  /** Lane, 32 bytes; zero is the default lane. */
  readonly id: Hex;
}

/** The key that signed a voucher, and how it was checked. */
export interface VoucherSigner {
  /** The buyer itself, or its session signer. */
  readonly address: Address;
  /** `buyer` and `session` are keys; `contract` is a contract wallet that answered ERC-1271. */
  readonly kind: "buyer" | "session" | "contract";
}

/** A voucher that was accepted, and who signed it. Collectable up to `voucher.valueAggregate`. */
export interface AcceptedVoucher extends SignedVoucher {
  readonly signer: VoucherSigner;
}

/** What a request that is being served holds of a lane. */
export interface Reservation {
  /** Names the reservation; drawn by the store. */
  readonly reservationId: string;
  readonly lane: LaneId;
  /** Most that {@link VoucherStore.commit} may charge, token base units. */
  readonly price: bigint;
  /** Charged total of the lane before this request, token base units. */
  readonly chargedBefore: bigint;
  /** Unix seconds; past it another request may take the lane, and a commit then fails. */
  readonly until: bigint;
}

/** One lane as the store holds it. */
export interface LaneState {
  readonly lane: LaneId;
  /** Cumulative amount really charged, token base units. Never falls; starts at the collected total first seen on-chain. */
  readonly charged: bigint;
  /** Collected total as last seen on-chain, token base units. Above `charged` when somebody collected a metered voucher's ceiling. */
  readonly collected: bigint;
  /** Latest accepted voucher; absent until one was committed. `charged <= max(latest.voucher.valueAggregate, collected)`. */
  readonly latest?: AcceptedVoucher;
  /** Request that is being served, if any. */
  readonly reservation?: Reservation;
  /** Unix seconds until which a 402 has promised this lane; zero when it is free. */
  readonly leasedUntil: bigint;
}

/** A key that may sign vouchers of a buyer, as last seen on-chain. */
export interface SessionSigner {
  readonly signer: Address;
  /** Last second at which its vouchers can be collected, unix seconds; zero when it never could sign. */
  readonly validUntil: bigint;
  /** Whether it was revoked for good. */
  readonly isRevoked: boolean;
}

/** A release signed by the seller that was not executed yet, as far as the seller knows. It lowers what is spendable. */
export interface LiveRelease {
  readonly authorization: ReleaseAuthorization;
  /** Seller's signature. */
  readonly signature: Hex;
}

/** One account as the store holds it. */
export interface AccountState {
  readonly account: AccountId;
  /** Balance on-chain, thawing part included, token base units. */
  readonly balance: bigint;
  /** Effective thawing on-chain, token base units. */
  readonly thawing: bigint;
  /** First second of a withdrawal, unix seconds; zero while nothing thaws. */
  readonly thawEndTime: bigint;
  /** Block at which balance, thawing and collected totals were read. */
  readonly syncedBlock: BlockReference;
  readonly releases: readonly LiveRelease[];
  /** What new vouchers may still use, token base units: see {@link VoucherStore.reserve}. */
  readonly spendable: bigint;
  /** Charged over all lanes and collected in none of them, token base units. */
  readonly owed: bigint;
}

/* STORE */

/** What one request asks of the store. The signature was checked before. */
export interface ReserveParameters {
  readonly voucher: Voucher;
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
  readonly balance: bigint;
  /** Effective thawing. */
  readonly thawing: bigint;
  readonly thawEndTime: bigint;
  /** Collected totals, the default lane among them. */
  readonly lanes: readonly { readonly id: Hex; readonly collected: bigint }[];
  /** Nonces of live releases that were executed or cancelled, 32 bytes each. */
  readonly endedReleases: readonly Hex[];
}

/** What was read from the chain about one session signer. */
export interface SignerUpdate extends SessionSigner {
  readonly chainId: bigint;
  readonly escrow: Address;
  readonly buyer: Address;
  readonly block: BlockReference;
}

/** Names one escrow on one chain. */
export interface EscrowId {
  readonly chainId: bigint;
  readonly escrow: Address;
}

/** Picks lanes of {@link VoucherStore.listLanes}. */
export interface ListLanesParameters extends EscrowId {
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

/* ACCEPTANCE */

/** What a seller allows. Every field has a default, see {@link DEFAULT_LIMITS}. */
export interface SellerLimits {
  /**
   * Seconds the collector needs to get a collection mined, whatever happens. A voucher's expiry and a session signer's end lie at
   * least the thawing period plus this ahead, and the view of the chain is at most the thawing period less this old.
   */
  readonly collectionMargin: bigint;
  /** Most lanes a buyer may use in one account, the default lane included. */
  readonly maxLanes: number;
  /** Most that may be charged and not yet collected in one account, token base units; no limit when absent. */
  readonly maxUncollected?: bigint;
  /** Seconds a request may be served before another one may take its lane. */
  readonly reservationSeconds: bigint;
  /** Seconds a lane offered in a 402 is kept. */
  readonly leaseSeconds: bigint;
  /** Seconds a voucher's timestamp may lie in the future. */
  readonly clockSkew: bigint;
  /**
   * Whether contract wallets (ERC-1271) may pay. Each of their vouchers costs one `eth_call`, and so does whatever a stranger sends in the
   * name of one that has money in its account. A wallet can un-sign what it signed.
   */
  readonly allowsContractWallets: boolean;
}

/** Asks whether one paid request may be served. */
export interface AcceptParameters {
  readonly voucher: Voucher;
  /** 65 bytes, 64 bytes (EIP-2098), or, for contract wallets, anything. */
  readonly signature: Hex;
  /** Most the request may be charged, token base units; not zero. */
  readonly price: bigint;
  /** Asset the route asks for; one of the acceptor's assets. */
  readonly asset: Address;
  /** Unix seconds; the acceptor's clock when absent. Where the last synced block is later, a voucher's times are held against that. */
  readonly now?: bigint;
  /** Seconds, instead of {@link SellerLimits.reservationSeconds}. */
  readonly reservationSeconds?: bigint;
}

/** A refusal. Safe to send to whoever asked, but for `corrective`. */
export interface Rejection {
  readonly isAccepted: false;
  readonly code: RejectionCode;
  /** One sentence for people. */
  readonly message: string;
  /**
   * What the next voucher must build on: for the corrective 402. Present only when the refused voucher was signed by the buyer or by its
   * live session signer, so it may be shown to whoever sent it, latest voucher included.
   */
  readonly corrective?: LaneOffer;
  /** What the account still covers, token base units; on `insufficient_funds` only. Public: it follows from the chain and the buyer's own vouchers. */
  readonly spendable?: bigint;
}

/** Answer to {@link Acceptor.accept}. */
export type AcceptResult =
  | {
      readonly isAccepted: true;
      /** Hand it to {@link Acceptor.commit} or {@link Acceptor.cancel}, exactly once. */
      readonly reservation: Reservation;
      readonly signer: VoucherSigner;
    }
  | Rejection;

/**
 * Decides whether a paid request may be served. Makes no RPC, but for contract wallets, for the first request of an account, a lane or a
 * session signer that the store does not know yet, and for an account that was not read for half a thawing period.
 */
export interface Acceptor {
  readonly escrow: EscrowId;
  readonly seller: Address;
  readonly assets: readonly Address[];
  readonly limits: SellerLimits;

  /** Checks a voucher and reserves its lane. Never throws for bad input: every field may come from a stranger. */
  accept(parameters: AcceptParameters): Promise<AcceptResult>;

  /**
   * Does every check of {@link accept} as if `pendingDeposit` token base units were in the account, and reserves nothing. For a payment that brings a
   * deposit, before the deposit is sent. Then send it, wait for {@link ChainView.refreshAccount}, and call {@link accept}.
   */
  check(
    parameters: AcceptParameters & { readonly pendingDeposit?: bigint },
  ): Promise<{ readonly isAccepted: true; readonly signer: VoucherSigner } | Rejection>;

  /**
   * Charges `amount` for a served request. Durable when the promise resolves; answer the client only then.
   *
   * @throws {ReservationLostError} the reservation ended before: do not serve, nothing was charged.
   * @throws {ChargeAboveReservationError} `amount` is negative or above the reserved price.
   */
  commit(reservation: Reservation, amount: bigint): Promise<Commitment>;

  /** Ends a reservation without a charge: the request was not served. */
  cancel(reservation: Reservation): Promise<void>;

  /**
   * Picks a lane for the 402 of a buyer. The buyer's address is a claim by a stranger: show `lane`, `collected` and, when nothing was
   * charged, `type`, and no more, unless the seller runs the scheme's open mode.
   *
   * @throws {ChainUnavailableError} the account was never read and the chain does not answer.
   */
  offerLane(parameters: {
    readonly buyer: Address;
    readonly asset: Address;
    readonly now?: bigint;
  }): Promise<LaneOffer>;

  /** Reads the account of a buyer, from the chain the first time. */
  getAccount(parameters: { readonly buyer: Address; readonly asset: Address }): Promise<AccountState>;
}

/* CHAIN */

/** Asks for an account to be read. */
export interface RefreshParameters {
  readonly account: AccountId;
  /** Lanes whose collected totals are wanted, besides those the store knows and the default lane. */
  readonly lanes?: readonly Hex[];
  /** Session signers that are wanted, besides those the store knows. */
  readonly signers?: readonly Address[];
  /** Least block, for example that of a deposit's receipt: waits until it has the confirmations the seller chose. */
  readonly minBlock?: bigint;
  /** True when whoever asks has proven nothing. Such reads take half of the places at most, and are done after all others. */
  readonly isUnproven?: boolean;
  readonly signal?: AbortSignal;
}

/** A thaw that has begun on an account with uncollected vouchers, or a session signer that got an end. */
export type ChainAlert =
  | { readonly kind: "thaw"; readonly account: AccountId; readonly thawEndTime: bigint }
  | { readonly kind: "signer"; readonly buyer: Address; readonly signer: Address; readonly validUntil: bigint };

/**
 * Who vouches for a voucher besides the buyer's own key.
 *
 * - `session`: a key that is or was a session signer of the buyer, whatever the signature is good for by now.
 * - `wallet`: the contract wallet at the buyer's address, and no session signer.
 * - `nobody`: the escrow would not take it.
 */
export type SignedBy = "session" | "wallet" | "nobody";

/** Keeps the store in step with the chain, at the depth the seller chose. */
export interface ChainView {
  readonly escrow: EscrowId;
  readonly seller: Address;
  /** Last block up to which every event of the seller is in the store; undefined before the first pass. */
  readonly lastSyncedBlock: BlockReference | undefined;

  /** Begins to poll. Errors are retried with growing pauses and reported to `onError`. */
  start(): void;
  /** Ends polling and waits for the pass that runs. */
  stop(): Promise<void>;
  /** Does one pass now. @throws {ChainUnavailableError} the chain does not answer. */
  sync(): Promise<BlockReference>;
  /**
   * Reads one account at the chosen depth and puts it into the store. Requests that come together are read together, accounts in which
   * something is uncollected before others.
   *
   * @throws {ChainUnavailableError} the chain does not answer.
   * @throws {ChainBusyError} too many accounts wait already.
   */
  refreshAccount(parameters: RefreshParameters): Promise<void>;
  /**
   * Asks the escrow who signed a voucher that the buyer's own key did not sign: one `eth_call` at the latest block.
   *
   * @param key - Key that the signature recovers to; undefined when there is none.
   * @throws {ChainUnavailableError} the chain does not answer.
   */
  whoSigned(voucher: Voucher, signature: Hex, key: Address | undefined): Promise<SignedBy>;
  /** Calls `listener` after each pass with what it found. Returns the function that ends it. */
  onAlert(listener: (alert: ChainAlert) => void): () => void;
}

/* RELEASES */

/** Asks for a signed release. */
export interface ReleaseParameters {
  readonly buyer: Address;
  readonly asset: Address;
  /** Token base units; all that is spendable when absent. */
  readonly amount?: bigint;
  /** Lane whose collected total is the condition; the default lane when absent. */
  readonly id?: Hex;
  /** Least collected total of that lane, token base units; its charged total when absent. */
  readonly collectedAtLeast?: bigint;
  /** Seconds it can be executed, 3,600 at most and by default. */
  readonly validSeconds?: bigint;
}

/** Signs releases: the seller returns tokens to a buyer without waiting for a thaw. */
export interface Releases {
  /**
   * Signs a release and counts it as live at once.
   *
   * @throws {ReleaseTooLongError} more than an hour.
   * @throws {ReleaseUncoveredError} vouchers, thaws or other releases hold what was asked for.
   */
  sign(parameters: ReleaseParameters): Promise<LiveRelease>;
}

/* COLLECTOR */

/** Why a lane is collected. */
export type CollectReason = "value" | "age" | "thaw" | "expiry" | "signer" | "now";

/** One lane of a collection. */
export interface CollectedLane {
  readonly lane: LaneId;
  readonly reason: CollectReason;
  /** Uncollected before, token base units. */
  readonly uncollected: bigint;
  /** Collected by anyone since, token base units, as the chain says at the chosen depth. */
  readonly collected: bigint;
  /** Why nothing or not all came; absent when the lane is paid. */
  readonly failure?: SkipReason | "GroupFailed" | "Partial";
  /** What a collection of the lane alone failed with; only for contract wallets. */
  readonly error?: Error;
}

/** What one collection did, as the chain says at the chosen depth. */
export interface CollectReport {
  readonly transactions: readonly Hash[];
  /** Sum over lanes, token base units, by asset. */
  readonly collected: ReadonlyMap<Address, bigint>;
  readonly lanes: readonly CollectedLane[];
  /** Gas used by the collector's own transactions. */
  readonly gasUsed: bigint;
}

/**
 * Progress of a collection.
 *
 * - `lost`: nothing can come of the lane's latest voucher any more, because it or its signer has ended. Told once, and not tried again
 *   unless the buyer signs another voucher in this lane.
 * - `failed`: a pass failed, or some of its lanes did. Each failed lane is tried again after a while of its own, longer every time.
 */
export type CollectProgress =
  | { readonly kind: "planned"; readonly lanes: number; readonly transactions: number }
  | { readonly kind: "sent"; readonly hash: Hash; readonly lanes: number }
  | { readonly kind: "mined"; readonly hash: Hash; readonly gasUsed: bigint }
  | { readonly kind: "reconciled"; readonly report: CollectReport }
  | { readonly kind: "lost"; readonly lane: CollectedLane }
  | { readonly kind: "failed"; readonly error: Error; readonly retryInMilliseconds: number };

/** Collects accepted vouchers when it is worth the gas, and before anything can take them away. */
export interface Collector {
  /** Begins to watch. Failures are retried with growing pauses, lane by lane, and reported to `onProgress`. */
  start(): void;
  /**
   * Ends watching and waits for the collection that runs; collects everything first when `collect` is true. A signal ends the waiting; what
   * was sent by then is found again at the next start.
   */
  stop(options?: { readonly collect?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** Collects what is due by now and did not fail just before, and waits until the chain confirms it. */
  collectDue(options?: { readonly signal?: AbortSignal }): Promise<CollectReport>;
  /**
   * Collects everything charged, due or not, failed before or not, and waits until the chain confirms it.
   *
   * @throws {CollectionFailedError} some could not be collected and were not told as lost before.
   */
  collectNow(options?: { readonly signal?: AbortSignal }): Promise<CollectReport>;
}
