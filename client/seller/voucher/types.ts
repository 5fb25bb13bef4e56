import type { BlockReference } from "../core/types.ts";
import type { Address, Hex } from "viem";
import type { ReleaseAuthorization, SignedVoucher, Voucher } from "../../voucher/types.ts";
import type { RejectionCode } from "./rejections.ts";
import type { Commitment, LaneOffer } from "./store/types.ts";

/**
 * What a seller deals in: accounts and their lanes, the acceptance of vouchers, releases. The parts it runs have types of their own:
 * `store/types.ts`, `chain/types.ts` and `collect/types.ts`.
 *
 * Amounts are token base units and times unix seconds, both `bigint`. Addresses and 32-byte values may be written in any case;
 * every key this layer returns is lower case.
 */

/* ACCOUNTS, LANES AND BLOCKS */

/** Names one escrow on one chain. */
export interface EscrowId {
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
}

/** Names one account: what one buyer holds for one seller in one asset of one escrow on one chain. */
export interface AccountId {
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Buyer of the account. */
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
  /** The key. */
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
  /** Who is paid. */
  readonly seller: Address;
  /** ERC-20 contracts the seller is paid in. */
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
    /** Who asks, by its own word. */
    readonly buyer: Address;
    /** ERC-20 contract that the route asks for. */
    readonly asset: Address;
    /** Unix seconds; the acceptor's clock when absent. */
    readonly now?: bigint;
  }): Promise<LaneOffer>;

  /** Reads the account of a buyer, from the chain the first time. */
  getAccount(parameters: { readonly buyer: Address; readonly asset: Address }): Promise<AccountState>;
}

/* RELEASES */

/** Asks for a signed release. */
export interface ReleaseParameters {
  /** Buyer of the account. */
  readonly buyer: Address;
  /** ERC-20 contract. */
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
