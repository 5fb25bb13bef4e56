import { ChainBusyError, ChainUnavailableError } from "../errors.ts";
import type { RefreshParameters } from "./types.ts";

/**
 * Who waits for a read, in the order in which reads are done.
 *
 * - `owed`: money is charged and not collected in the account.
 * - `proven`: whoever asks has proven to be the buyer of a funded account, or is the seller.
 * - `unproven`: whoever asks has proven nothing, and can ask for any number of accounts.
 */
export type ReadRank = "owed" | "proven" | "unproven";

const RANKS: readonly ReadRank[] = ["owed", "proven", "unproven"];

/** A read that somebody waits for. */
export interface PendingRead {
  readonly parameters: RefreshParameters;
  readonly rank: ReadRank;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Reads that wait until they are done together. */
export interface ReadQueue {
  /** @throws {ChainBusyError} too many wait; of the unproven ones, half as many are too many. */
  add(parameters: RefreshParameters, rank: ReadRank): Promise<void>;
  /** Takes at most `most` of the reads that may be done at `block`, by rank. */
  take(block: bigint, most: number): readonly PendingRead[];
  /** Whether a read waits that may be done at `block`. */
  hasReady(block: bigint): boolean;
  readonly size: number;
  rejectAll(error: unknown): void;
}

/** Makes a queue of at most `limit` reads. */
export function createReadQueue(limit: number): ReadQueue {
  let waiting: readonly PendingRead[] = [];

  function isFull(rank: ReadRank): boolean {
    const unproven = waiting.filter((read) => read.rank === "unproven").length;
    return waiting.length >= limit || (rank === "unproven" && unproven >= Math.ceil(limit / 2));
  }

  return {
    add: async (parameters, rank) => {
      if (isFull(rank)) throw new ChainBusyError(waiting.length);
      const { signal } = parameters;
      if (signal?.aborted === true) throw aborted(signal);
      await new Promise<void>((resolve, reject) => {
        const read: PendingRead = { parameters, rank, resolve, reject };
        waiting = [...waiting, read];
        signal?.addEventListener(
          "abort",
          () => {
            waiting = waiting.filter((other) => other !== read);
            reject(aborted(signal));
          },
          { once: true },
        );
      });
    },
    take: (block, most) => {
      const ready = waiting.filter(isReadyAt(block));
      const taken = new Set(RANKS.flatMap((rank) => ready.filter((read) => read.rank === rank)).slice(0, most));
      waiting = waiting.filter((read) => !taken.has(read));
      return [...taken];
    },
    hasReady: (block) => waiting.some(isReadyAt(block)),
    get size() {
      return waiting.length;
    },
    rejectAll: (error) => {
      const rejected = waiting;
      waiting = [];
      for (const { reject } of rejected) reject(error);
    },
  };
}

function isReadyAt(block: bigint): (read: PendingRead) => boolean {
  return ({ parameters }) => (parameters.minBlock ?? 0n) <= block;
}

function aborted(signal: AbortSignal): ChainUnavailableError {
  return new ChainUnavailableError("the caller gave up", signal.reason);
}
