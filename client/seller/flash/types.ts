import type { Address, Hash, Hex } from "viem";
import type { CloseEscrow, Escrow, ReleaseEscrow, SkipReason } from "../../flash/types.ts";
import type { SignatureBackend } from "../core/signature.ts";
import type { BlockReference } from "../core/types.ts";
import type { FlashRejectionCode } from "./rejections.ts";

/**
 * What a server of the scheme `flash` runs: the store that tracks its exposure, the acceptance of payments, the view of the chain and
 * the settler. The rules R1 to R12 of docs/flash/guarantee.md stand beside what follows them.
 *
 * Amounts are token base units and times unix seconds, both `bigint`. Addresses and 32-byte values may be written in any case;
 * every key this layer returns is lower case.
 */

/* ESCROWS AND WHAT THE CHAIN SAYS OF THEM */

/** Names one escrow: what one client has locked for one server in one token of one FlashSettlement. */
export interface FlashEscrowId {
  /** Chain of the contract. */
  readonly chainId: bigint;
  /** Address of FlashSettlement. */
  readonly settlement: Address;
  /** Client of the escrow. */
  readonly client: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
}

/** Names one FlashSettlement on one chain. */
export interface SettlementId {
  /** Chain of the contract. */
  readonly chainId: bigint;
  /** Address of FlashSettlement. */
  readonly settlement: Address;
}

/** One consistent read of an escrow: every member from one call at one block. */
export interface EscrowRead extends Escrow {
  readonly block: BlockReference;
}

/**
 * What the chain says of one escrow (R7). What raises what may be accepted counts at the depth the server chose; what lowers it counts
 * as soon as the head shows it.
 */
export interface EscrowUpdate {
  readonly escrow: FlashEscrowId;
  /** At the depth the server chose. */
  readonly confirmed: EscrowRead;
  /** At the head. */
  readonly head: EscrowRead;
  /** Nonce words (`nonce >> 8`) of the epoch at the depth the server chose: those of unsettled payments, and the ones of the window. */
  readonly nonceWords: readonly { readonly word: bigint; readonly bits: bigint }[];
  /** Settled totals at the depth the server chose, of the lanes that the store knows. */
  readonly lanes: readonly { readonly lane: bigint; readonly settled: bigint }[];
  /** Content keys of signed transactions that were used, 32 bytes each, at the depth the server chose. */
  readonly usedTransactions: readonly Hex[];
  /** Nonces of live releases that were used or cancelled, at the depth the server chose. */
  readonly endedReleases: readonly bigint[];
}

/* ITEMS */

/** What a client signed to pay with, already checked. */
export type FlashItem =
  | {
      readonly kind: "payment";
      /** EIP-712 digest, 32 bytes: names the payment. */
      readonly digest: Hash;
      /** Token base units. */
      readonly amount: bigint;
      /** Nonce of the payment. */
      readonly nonce: bigint;
      /** Zero for as long as the epoch lasts. */
      readonly deadline: bigint;
      /** The signer's, 64 or 65 bytes. */
      readonly signature: Hex;
    }
  | {
      readonly kind: "tab";
      /** EIP-712 digest, 32 bytes: names the tab. */
      readonly digest: Hash;
      /** Cumulative total of the lane. */
      readonly total: bigint;
      /** Lane of tabs. */
      readonly lane: bigint;
      /** Zero for as long as the epoch lasts. */
      readonly deadline: bigint;
      /** The signer's, 64 or 65 bytes. */
      readonly signature: Hex;
    }
  | {
      readonly kind: "transaction";
      /** Content key of the contract, 32 bytes: names the payment. */
      readonly digest: Hash;
      /** Token base units. */
      readonly amount: bigint;
      /** Nonce of the payment. */
      readonly nonce: bigint;
      /** Zero for as long as the epoch lasts. */
      readonly deadline: bigint;
      /** The signed transaction, from the type byte on. */
      readonly rawTransaction: Hex;
    }
  | {
      /** Paid before it is served: a transaction of the original form whose receipt has the confirmations the server chose. */
      readonly kind: "settled";
      /** Transaction hash, 32 bytes. */
      readonly digest: Hash;
      /** Token base units. */
      readonly amount: bigint;
    };

/** One lane as the store holds it. Serve iff `consumed + price <= authorised`. */
export interface FlashLane {
  /** Lane of tabs. */
  readonly lane: bigint;
  /** Highest accepted total, token base units. */
  readonly authorised: bigint;
  /** Charged in this lane, requests that are being served included, token base units. */
  readonly consumed: bigint;
  /** Settled total on-chain, token base units. */
  readonly settled: bigint;
  /** The client's tab of {@link authorised}; absent where it is not shown. */
  readonly proof?: TabProof;
}

/** What a tab was signed with, beside its lane and total. */
export interface TabProof {
  /** Zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  /** The signer's, 64 or 65 bytes. */
  readonly signature: Hex;
}

/** One escrow as the store holds it, in its current epoch. */
export interface FlashEscrowState {
  readonly escrow: FlashEscrowId;
  readonly confirmed: EscrowRead;
  readonly head: EscrowRead;
  /** A: what was accepted in this epoch, requests that are being served included. A tab counts its increase. Never falls but by a cancelled payment. */
  readonly accepted: bigint;
  /** R: releases that may still execute, of any epoch. */
  readonly releases: readonly LiveRelease[];
  /** What may still be accepted (R1): `min over both reads (balance + settled) - accepted - releases`; zero while {@link isAccepting} is false. */
  readonly available: bigint;
  /** True while both reads show the escrow open in this epoch, and nobody closed it and the server did not stop. */
  readonly isAccepting: boolean;
  /** True after a re-organisation took back what was read; read the escrow again. */
  readonly isStale: boolean;
  /** `accepted - settled` of the confirmed read: what the settler still has to bring home; never negative. */
  readonly unsettled: bigint;
  /** True once the server decided to close; nothing is accepted any more in this epoch (R11). */
  readonly isStopped: boolean;
  /** True once the client's wallet failed in this epoch and the escrow paid (R10). */
  readonly isImpaired: boolean;
  /** Lowest nonce of the window that a 402 advertises. */
  readonly nonceBase: bigint;
}

/** A release signed or sent by the server that may still execute (R12). */
export interface LiveRelease {
  readonly authorization: ReleaseEscrow;
  /** The server's signature. */
  readonly signature: Hex;
}

/* STORE */

/**
 * When what a store wrote is safe.
 *
 * - `process`: it survives the end of the process, SIGKILL included; it was handed to the operating system.
 * - `group`: it survives a loss of power; the requests of a few milliseconds share one synchronous write.
 * - `strict`: it survives a loss of power, with a synchronous write a request.
 */
export type FlashDurability = "process" | "group" | "strict";

/** What one request asks of the store. The signature and the limits of time were checked before. */
export interface FlashReserveParameters {
  readonly escrow: FlashEscrowId;
  /** Epoch that the item names. */
  readonly epoch: bigint;
  readonly item: FlashItem;
  /** What the request costs, token base units. A payment of more is taken whole. */
  readonly price: bigint;
  /** Unix seconds. */
  readonly now: bigint;
  /** Unix seconds; past it the reservation may end without a commit. */
  readonly until: bigint;
  /** How many nonces above the base are taken, 1,024 at most (R4). */
  readonly nonceWindow: bigint;
  /** Most lanes an escrow may use. */
  readonly maxLanes: number;
}

/**
 * Why the store refused.
 *
 * - `unknownEscrow`: it was never read from the chain, or a re-organisation took back what was read. Read it, then ask again.
 * - `notOpen`: it is not open, or one side closed, or the server stopped.
 * - `epoch`: the item names another epoch.
 * - `nonceUsed`, `nonceOutOfWindow`: R4. Nonces below the window count as used.
 * - `duplicate`: this very transaction was accepted before.
 * - `insufficient`: the item pays less than the price; of a tab, its lane has less than the price left.
 * - `tabPublic`: the tab, or one above it, was sent to the chain, where everybody can read it: it no longer shows who presents it.
 * - `exposure`: R1.
 * - `laneLimit`: the lane would be one too many for this escrow.
 */
export type FlashRefusal =
  | "unknownEscrow"
  | "notOpen"
  | "epoch"
  | "nonceUsed"
  | "nonceOutOfWindow"
  | "duplicate"
  | "insufficient"
  | "tabPublic"
  | "exposure"
  | "laneLimit";

/** What a request that is being served holds of an escrow. */
export interface FlashReservation {
  /** Names the reservation; drawn by the store. */
  readonly reservationId: string;
  readonly escrow: FlashEscrowId;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  readonly item: FlashItem;
  /** What the request costs, token base units. */
  readonly price: bigint;
  /** What it added to the accepted total, token base units. */
  readonly increase: bigint;
  /** Unix seconds; past it the reservation may end without a commit. */
  readonly until: bigint;
}

/** Answer to {@link FlashStore.reserve}. `state` is what a corrective 402 builds on; absent when the store does not know the escrow. */
export type FlashReserveResult =
  | { readonly isReserved: true; readonly reservation: FlashReservation; readonly state: FlashEscrowState }
  | { readonly isReserved: false; readonly reason: FlashRefusal; readonly state?: FlashEscrowState };

/** An accepted item that the chain does not show as settled yet. */
export interface UnsettledItem {
  readonly escrow: FlashEscrowId;
  /** Epoch in which it was accepted. */
  readonly epoch: bigint;
  /** What the client signed. */
  readonly item: Exclude<FlashItem, { readonly kind: "settled" }>;
  /** What settling it brings, token base units: the amount, or the lane's highest total less what it has settled. */
  readonly due: bigint;
  /** When it was accepted, unix seconds; of a lane, the oldest total that is not settled. */
  readonly acceptedAt: bigint;
}

/** A tab that everybody can read. */
export interface PublishedTab {
  /** Lane of tabs. */
  readonly lane: bigint;
  /** Cumulative total of the lane, token base units. */
  readonly total: bigint;
}

/** What became of an accepted item. */
export interface FlashItemStatus {
  /** `settled` once the chain shows it, at the depth the server chose. */
  readonly status: "accepted" | "settled";
  /** The transaction that settled it; absent when somebody else sent it. */
  readonly transactionHash?: Hash;
}

/**
 * Keeps what a server has accepted. One store serves any number of escrows; any number of processes may share one PostgreSQL store, and
 * together never accept more than the escrow (R1), because a reservation is one conditional write.
 *
 * Every operation is one atomic step, and what it changed is durable at the store's {@link FlashDurability} when its promise resolves. A
 * reservation alone need not be: those of a store that one process owns end with the process.
 *
 * Never lose a store while its escrows are open: the accepted total lives here alone, and without it what was served before counts as
 * credit of the client. Close the escrows of a lost store instead.
 */
export interface FlashStore {
  /** Accepts an item for one request, if R1, R4 and R11 allow it. */
  reserve(parameters: FlashReserveParameters): Promise<FlashReserveResult>;

  /** Says what {@link reserve} would refuse, and reserves nothing. */
  check(parameters: FlashReserveParameters): Promise<FlashRefusal | undefined>;

  /**
   * Makes the acceptance durable (R9). Nothing may be answered before. A reservation that is past its time but still held is committed.
   *
   * @throws {ReservationLostError} the reservation ended, or its epoch did. Nothing was accepted now.
   */
  commit(reservation: FlashReservation, now: bigint): Promise<void>;

  /**
   * Ends a reservation whose request was not served. A payment's amount is free again and its nonce stays used; a transaction may be
   * presented again; a tab stays authorised, and what the request would have consumed is free for the next one. Does nothing when it
   * ended before.
   */
  cancel(reservation: FlashReservation): Promise<void>;

  /** Reads an escrow; undefined when the store does not know it. */
  getEscrow(escrow: FlashEscrowId): Promise<FlashEscrowState | undefined>;
  /** Reads a lane of the current epoch; undefined when the store does not know it. */
  getLane(escrow: FlashEscrowId, lane: bigint): Promise<FlashLane | undefined>;
  /** Reads every lane of the current epoch. */
  listLanes(escrow: FlashEscrowId): Promise<readonly FlashLane[]>;

  /** Every escrow of a server that the store knows, open or not. */
  listEscrows(id: SettlementId & { readonly server: Address }): Promise<readonly FlashEscrowState[]>;

  /**
   * Puts what was read from the chain, each escrow in one step. A read older than the one known is ignored; a newer epoch starts an empty book. A
   * release ends with the read that shows it used or cancelled, or whose block is past its deadline, never by the local clock (R12): so
   * read escrows with live releases again as time passes.
   */
  applyChain(updates: readonly EscrowUpdate[]): Promise<void>;

  /** Forgets every read above `block`, after a re-organisation deeper than was expected: the escrows are unknown until they are read again. */
  rewindChain(id: SettlementId, block: bigint): Promise<void>;

  /**
   * Stops accepting in this epoch, for every process (R11). Does nothing in another epoch.
   *
   * @param now - Unix seconds: requests that are past their time by then end, since no later request ends them. Absent: none does.
   */
  stop(escrow: FlashEscrowId, epoch: bigint, now?: bigint): Promise<void>;

  /**
   * Records a release of the current epoch before it leaves the server, if R1 still holds with it. It may be stopped or closing.
   *
   * @returns False when it does not hold, the epoch is another one, or a live release has this nonce.
   */
  addRelease(escrow: FlashEscrowId, release: LiveRelease): Promise<boolean>;

  /** Accepted items that the chain does not show as settled, oldest deadline first, then oldest acceptance (R8). None whose deadline the confirmed read has passed. */
  listUnsettled(id: SettlementId & { readonly server: Address }): Promise<readonly UnsettledItem[]>;

  /** {@link listUnsettled} of one escrow; empty when the store does not know it. */
  listUnsettledOf(escrow: FlashEscrowId): Promise<readonly UnsettledItem[]>;

  /**
   * Says what became of an item. Undefined when the store does not know it: it was never accepted, a later tab of its lane took its place,
   * its epoch ended before it was settled, or 10,000 others of its escrow were settled since.
   */
  getItem(escrow: FlashEscrowId, digest: Hash): Promise<FlashItemStatus | undefined>;

  /** Notes which transaction settled items of an escrow, for {@link getItem} alone. Does nothing when the store does not know the escrow. */
  noteSettled(escrow: FlashEscrowId, digests: readonly Hash[], transactionHash: Hash): Promise<void>;

  /**
   * Notes that tabs are about to be sent to the chain, where everybody can read them: from then on only higher totals pay for requests. Does
   * nothing in another epoch.
   */
  notePublished(escrow: FlashEscrowId, epoch: bigint, tabs: readonly PublishedTab[]): Promise<void>;

  /** Notes that the client's wallet failed in this epoch (R10). Does nothing in another epoch. */
  noteImpaired(escrow: FlashEscrowId, epoch: bigint): Promise<void>;

  /** Reads up to where the chain was synced; undefined before the first time. */
  getSyncedBlock(id: SettlementId, server: Address): Promise<BlockReference | undefined>;
  /** Notes up to where the chain was synced. */
  setSyncedBlock(id: SettlementId, server: Address, block: BlockReference): Promise<void>;

  /** Closes files and connections. Every later call fails with {StoreClosedError}. */
  close(): Promise<void>;
}

/* ACCEPTANCE */

/** What acceptance needs of the view of the chain; none of it asks the chain but {@link refreshEscrow}. */
export interface FlashChainFacts {
  /** Timestamp of the head plus the seconds since it was seen, by a clock that only runs forward; undefined before the first head. */
  readonly chainTime: bigint | undefined;
  /**
   * Reads one escrow into the store.
   *
   * @throws {ChainUnavailableError} the chain does not answer.
   * @throws {ChainBusyError} too many reads wait.
   */
  refreshEscrow(escrow: FlashEscrowId, options?: RefreshEscrowOptions): Promise<void>;
}

/** How {@link FlashChainFacts.refreshEscrow} reads. */
export interface RefreshEscrowOptions {
  /** Least block, for example that of a receipt: waits until it has the confirmations that the server chose. */
  readonly minBlock?: bigint;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** Settings of `createFlashAcceptor`. */
export interface FlashAcceptorOptions {
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  /** ERC-20 contracts the server is paid in: ones that move exactly what they are told to. */
  readonly tokens: readonly Address[];
  readonly store: FlashStore;
  readonly chain: FlashChainFacts;
  /** What differs from `DEFAULT_FLASH_LIMITS`. */
  readonly limits?: Partial<FlashLimits>;
  /** Unix seconds; the machine's clock by default. The chain's time counts where it is later. */
  readonly clock?: () => bigint;
  /** How signatures are recovered; native where it loads, by default. */
  readonly signatures?: SignatureBackend;
  /** What happens to a payer whose wallet failed (R10), see {@link SettlePolicy.onFallback}; `continue` by default. */
  readonly onFallback?: SettlePolicy["onFallback"];
}

/** What a server allows. Every field has a default, see `DEFAULT_FLASH_LIMITS`. */
export interface FlashLimits {
  /** T (R2, R3): seconds from an acceptance to a settlement in a block, whatever happens: holding, sending, outages and clock skew. */
  readonly settleSeconds: bigint;
  /** Least `closeDelay` of an escrow, seconds. More than {@link settleSeconds}, or nothing could ever be accepted. */
  readonly minCloseDelay: bigint;
  /** Least balance of an escrow, token base units. */
  readonly minEscrow: bigint;
  /** How many nonces above the base are taken, 1,024 at most (R4). */
  readonly nonceWindow: bigint;
  /** Most lanes an escrow may use. */
  readonly maxLanes: number;
  /**
   * Most signed transactions that are accepted and not settled, in all escrows; zero takes none. They cost more gas to settle than anything
   * else, and whoever pays chooses how many there are.
   */
  readonly maxTransactions: number;
  /** Least amount of a signed transaction, token base units: well above the gas of its settlement, about 120,000. */
  readonly minTransaction: bigint;
  /** Seconds a request may be served: part of {@link settleSeconds}, and less than that. */
  readonly reservationSeconds: bigint;
}

/** A payment as it arrived, decoded but not yet believed. */
export type PresentedItem =
  | {
      readonly kind: "payment";
      /** Who pays, by its own word. */
      readonly client: Address;
      /** Token base units. */
      readonly amount: bigint;
      /** Nonce of the payment. */
      readonly nonce: bigint;
      /** Unix seconds, inclusive; zero for as long as the epoch lasts. */
      readonly deadline: bigint;
      /** Epoch that it is signed for. */
      readonly epoch: bigint;
      /** The signer's, 64 or 65 bytes. */
      readonly signature: Hex;
    }
  | {
      readonly kind: "tab";
      /** Who pays, by its own word. */
      readonly client: Address;
      /** Cumulative total of the lane, token base units. */
      readonly total: bigint;
      /** Lane of tabs. */
      readonly lane: bigint;
      /** Unix seconds, inclusive; zero for as long as the epoch lasts. */
      readonly deadline: bigint;
      /** Epoch that it is signed for. */
      readonly epoch: bigint;
      /** The signer's, 64 or 65 bytes. */
      readonly signature: Hex;
    }
  | { readonly kind: "transaction"; readonly rawTransaction: Hex };

/** Asks whether one paid request may be served. */
export interface FlashAcceptParameters {
  readonly item: PresentedItem;
  /** Token of the route; one of the acceptor's. */
  readonly token: Address;
  /** What the request costs, token base units; not zero. */
  readonly price: bigint;
}

/** What an escrow is about to gain, for {@link FlashAcceptor.check}. */
export interface ExpectedRenewal {
  /** Token base units; zero for none. */
  readonly topUp: bigint;
  /** Unix seconds; zero for no extension. */
  readonly unlockAt: bigint;
}

/** Asks whether a request may be served that was paid on-chain before: see `createSettleFirst`, which checks the transaction. */
export interface FlashSettledParameters {
  /** Who has paid. */
  readonly client: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Transaction hash, 32 bytes: pays for one request. */
  readonly transactionHash: Hash;
  /** What it paid, token base units. */
  readonly amount: bigint;
  /** Epoch in which it paid. */
  readonly epoch: bigint;
  /** What the request costs, token base units; not zero. */
  readonly price: bigint;
}

/** A refusal. Safe to send to whoever asked. */
export interface FlashRejection {
  readonly isAccepted: false;
  readonly code: FlashRejectionCode;
  /** One sentence for people. */
  readonly message: string;
  /** What the next item must build on; only for items that the escrow's signer signed, and that nobody else can have read on the chain. */
  readonly corrective?: FlashCorrection;
  /** When to try again, milliseconds. */
  readonly retryAfterMs?: number;
}

/** What a client needs to go on: of the epoch that the server accepts in. */
export interface FlashCorrection {
  /** Epoch to pay in. */
  readonly epoch: bigint;
  /** Lowest nonce that is taken. */
  readonly nonceBase: bigint;
  /** What the escrow still covers, token base units. */
  readonly available: bigint;
  readonly lanes: readonly FlashLane[];
}

/** Answer to {@link FlashAcceptor.accept}. */
export type FlashAcceptResult =
  | {
      readonly isAccepted: true;
      /** Hand it to {@link FlashAcceptor.commit} or {@link FlashAcceptor.cancel}, exactly once. */
      readonly reservation: FlashReservation;
      readonly state: FlashEscrowState;
      /** First second at which nothing is accepted any more without a newer view (R2), unix seconds. */
      readonly safeUntil: bigint;
    }
  | FlashRejection;

/** Decides over payments. Asks the chain only about escrows that the store does not know. */
export interface FlashAcceptor {
  readonly limits: FlashLimits;
  /** Unix seconds, by its clock or by the chain's time where that is later. */
  now(): bigint;

  /**
   * Checks an item and reserves it for one request.
   *
   * @throws {UnknownTokenError} the route's token is not one of the acceptor's.
   * @throws {InvalidPriceError} the price is not above zero.
   */
  accept(parameters: FlashAcceptParameters): Promise<FlashAcceptResult>;

  /**
   * Accepts a request that was paid on-chain before, by R1 against what the chain shows at the depth the server chose. What is refused stays
   * credit toward later requests.
   *
   * @throws {UnknownTokenError} the route's token is not one of the acceptor's.
   * @throws {InvalidPriceError} the price is not above zero.
   */
  acceptSettled(parameters: FlashSettledParameters): Promise<FlashAcceptResult>;

  /**
   * Says what {@link accept} would refuse, and reserves nothing. Undefined when it would accept.
   *
   * @param expected - Asks as if the escrow had gained this already; nothing is accepted on it before the chain shows it.
   */
  check(parameters: FlashAcceptParameters, expected?: ExpectedRenewal): Promise<FlashRejection | undefined>;

  /**
   * See {@link FlashStore.commit}. A request that took longer than `reservationSeconds` is accepted only while T is left.
   *
   * @throws {ReservationLostError} the reservation ended, or can no longer be settled with certainty. Nothing was accepted now.
   */
  commit(reservation: FlashReservation): Promise<void>;

  /** See {@link FlashStore.cancel}. */
  cancel(reservation: FlashReservation): Promise<void>;
}

/* CHAIN */

/** A side closed, or an epoch ended, of an escrow that the store knows. */
export interface FlashChainAlert {
  readonly kind: "closing";
  readonly escrow: FlashEscrowId;
  /** First second at which the client can withdraw, unix seconds. */
  readonly unlockAt: bigint;
}

/** Keeps the store in step with the chain: what raises what may be accepted at the depth the server chose, what lowers it at the head. */
export interface FlashChainView extends FlashChainFacts {
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  /** Last block, at the depth the server chose, up to which every event is in the store; undefined before the first pass. */
  readonly confirmedBlock: BlockReference | undefined;

  /** Begins to poll. Errors are retried with growing pauses and reported to `onError`. */
  start(): void;
  /** Ends polling and waits for the pass that runs. */
  stop(): Promise<void>;
  /** Does one pass now. @throws {ChainUnavailableError} the chain does not answer. */
  sync(): Promise<BlockReference>;
  /** Calls `listener` after each pass with what it found. Returns the function that ends it. */
  onAlert(listener: (alert: FlashChainAlert) => void): () => void;
}

/* RELEASES AND LEAVING */

/** Asks for a signed release. */
export interface FlashReleaseParameters {
  /** Client of the escrow. */
  readonly client: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Token base units; all that is available when absent. */
  readonly amount?: bigint;
  /** Seconds it can be executed; 600 by default, 3,600 at most. */
  readonly validSeconds?: bigint;
}

/** A close that the server signed; whoever relays it ends the epoch's accepting for good. */
export interface SignedClose {
  readonly authorization: CloseEscrow;
  /** The server's. */
  readonly signature: Hex;
}

/** Gives escrows back: in part by releases (R12), as a whole by closing (R11). */
export interface FlashLeaving {
  /**
   * Signs a release. It counts as live from before it leaves the server until the chain shows that it ended.
   *
   * @throws {ReleaseTooLongError} more than an hour.
   * @throws {ReleaseUncoveredError} what was accepted and other releases hold what was asked for, or the escrow is not open.
   */
  release(parameters: FlashReleaseParameters): Promise<LiveRelease>;

  /** Stops accepting on an escrow, in every process, for the rest of its epoch. @throws {EscrowNotOpenError} there is none. */
  stop(escrow: { readonly client: Address; readonly token: Address }): Promise<FlashEscrowState>;

  /**
   * Stops accepting, then signs the server's close, for anyone to relay.
   *
   * @throws {EscrowNotOpenError} there is nothing to close.
   * @throws {NotSettledError} something is still to be settled, or served; nothing more is accepted by now, so ask again later.
   */
  signClose(escrow: { readonly client: Address; readonly token: Address }): Promise<SignedClose>;
}

/* SETTLER */

/** When a server settles. What could be lost is settled in time whatever stands here. */
export interface SettlePolicy {
  /** Settles an escrow once this share of its balance is unsettled, percent; 50 by default. */
  readonly exposurePercent?: bigint;
  /** Settles an escrow once its oldest unsettled item is this many seconds old; 300 by default. */
  readonly maxAge?: bigint;
  /** What happens to a payer whose wallet failed (R10): `pause` takes nothing more in this epoch. `continue` by default: R1 holds either way. */
  readonly onFallback?: "pause" | "continue";
}

/** Why an escrow is settled. */
export type SettleReason = "exposure" | "age" | "deadline" | "closing" | "unlock" | "now";

/**
 * Why an item was not settled.
 *
 * - a {SkipReason} of the contract;
 * - `Reverted`: its transaction reverted; it is tried again with more gas;
 * - `Pending`: the chain does not show it as settled and does not say why.
 */
export type SettleFailure = SkipReason | "Reverted" | "Pending";

/** What became of one item. */
export interface SettledItem {
  readonly item: UnsettledItem;
  readonly reason: SettleReason;
  /** Absent when the chain shows it as settled at the depth the server chose. */
  readonly failure?: SettleFailure;
}

/** What one run did, as the chain says at the depth the server chose. */
export interface SettleReport {
  /** Hashes of the settler's own, in the order in which they were sent. */
  readonly transactions: readonly Hash[];
  readonly items: readonly SettledItem[];
  /** Paid by wallets, token base units, by token. */
  readonly fromWallet: ReadonlyMap<Address, bigint>;
  /** Paid by escrows, as credit of the server, token base units, by token. */
  readonly fromEscrow: ReadonlyMap<Address, bigint>;
  /** Gas used by the settler's own transactions. */
  readonly gasUsed: bigint;
}

/**
 * Progress of a settlement.
 *
 * - `stuck`: a transaction of the account that nothing here has sent is not mined, perhaps one of a process that was killed; it is replaced.
 * - `replaced`: the transaction did not land for a while and was sent again with higher fees.
 * - `impaired`: a wallet failed and the escrow paid (R10).
 * - `lost`: nothing can come of the item any more, as the view of the chain has read it too. Told once, and not tried again.
 * - `failed`: a run failed, or some of its items did. They are tried again.
 */
export type SettleProgress =
  | { readonly kind: "planned"; readonly items: number; readonly transactions: number }
  | { readonly kind: "sent"; readonly hash: Hash; readonly items: number }
  | { readonly kind: "stuck"; readonly nonce: number }
  | { readonly kind: "replaced"; readonly hash: Hash; readonly by: Hash }
  | { readonly kind: "mined"; readonly hash: Hash; readonly gasUsed: bigint }
  | { readonly kind: "impaired"; readonly escrow: FlashEscrowId; readonly epoch: bigint; readonly fromEscrow: bigint }
  | { readonly kind: "reconciled"; readonly report: SettleReport }
  | { readonly kind: "lost"; readonly item: SettledItem }
  | { readonly kind: "failed"; readonly error: Error; readonly retryInMilliseconds: number };

/** Settles accepted items in time (R8), in batches, oldest deadline first. */
export interface FlashSettler {
  /** Begins to watch. Failures are retried with growing pauses and reported to `onProgress`. */
  start(): void;
  /** Ends watching and waits for the run that goes on; settles everything first when `settle` is true. A signal ends the waiting. */
  stop(options?: { readonly settle?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** Settles what is due by now, and waits until the chain confirms it. */
  settleDue(options?: { readonly signal?: AbortSignal }): Promise<SettleReport>;
  /**
   * Settles everything accepted, due or not, and waits until the chain confirms it.
   *
   * @throws {SettlementFailedError} some could not be settled and were not told as lost before.
   */
  settleNow(options?: { readonly signal?: AbortSignal }): Promise<SettleReport>;
}
