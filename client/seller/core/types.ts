import type { Hash } from "viem";

/** A block as the seller has seen it. */
export interface BlockReference {
  /** Number of the block. */
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  /** 32-byte block hash. */
  readonly hash: Hash;
}
