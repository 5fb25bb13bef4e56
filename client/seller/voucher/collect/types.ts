import type { Address, Hash } from "viem";
import type { SkipReason } from "../../../voucher/types.ts";
import type { LaneId } from "../types.ts";

/** What a collector does, and what it tells of it. */

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
  /** Hashes of the collector's own, in the order in which they were sent. */
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
