import { ChainBusyError, ChainUnavailableError } from "../errors.ts";
import type { RefreshParameters } from "../types.ts";

/** A read that somebody waits for. */
export interface PendingRead {
  readonly parameters: RefreshParameters;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Reads that wait until they are done together. */
export interface ReadQueue {
  /** @throws {ChainBusyError} too many wait. */
  add(parameters: RefreshParameters): Promise<void>;
  /** Takes every read that may be done at `block`. */
  take(block: bigint): readonly PendingRead[];
  readonly size: number;
  rejectAll(error: unknown): void;
}

/** Makes a queue of at most `limit` reads. */
export function createReadQueue(limit: number): ReadQueue {
  let waiting: readonly PendingRead[] = [];
  return {
    add: async (parameters) => {
      if (waiting.length >= limit) throw new ChainBusyError(waiting.length);
      const { signal } = parameters;
      if (signal?.aborted === true) throw aborted(signal);
      await new Promise<void>((resolve, reject) => {
        const read: PendingRead = { parameters, resolve, reject };
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
    take: (block) => {
      const isReady = ({ parameters }: PendingRead): boolean => (parameters.minBlock ?? 0n) <= block;
      const ready = waiting.filter(isReady);
      waiting = waiting.filter((read) => !isReady(read));
      return ready;
    },
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

function aborted(signal: AbortSignal): ChainUnavailableError {
  return new ChainUnavailableError("the caller gave up", signal.reason);
}
