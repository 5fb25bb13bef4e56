import { ChainUnavailableError } from "./errors.ts";
import { createPoller } from "./poller.ts";
import { createReadQueue, type PendingRead, type ReadRank, type ReadRequest } from "./readQueue.ts";
import { createSerial } from "./serial.ts";

/** Few enough that whoever is owed money never waits long for strangers' reads that were begun before. */
const READS_AT_ONCE = 250;

/** Below the first block: everything the chain said is in doubt. */
export const EVERY_BLOCK = -1n;

/** The work of a view of the chain: passes over its blocks, and reads that somebody waits for. One step at a time. */
export interface ChainWork<Pass, Request extends ReadRequest> {
  /** Begins to pass again and again. */
  start(): void;
  /** Ends passes and reads, and waits for the step that runs. Whoever waits for a read is told. */
  stop(): Promise<void>;
  /** Passes over the blocks now. */
  pass(): Promise<Pass>;
  /**
   * Waits for a read.
   *
   * @throws {ChainBusyError} too many wait.
   * @throws {ChainUnavailableError} the chain does not answer, the caller gave up, or the view was stopped.
   */
  read(request: Request, rank: ReadRank): Promise<void>;
}

/** Settings of {@link createChainWork}. */
export interface ChainWorkOptions<Pass, Request extends ReadRequest> {
  /** Milliseconds between two passes, and between two looks whether reads may be done. */
  readonly interval: number;
  /** Most reads that wait. */
  readonly maxPendingReads: number;
  /** Brings the store to a newer block, if there is one. */
  readonly pass: () => Promise<Pass>;
  /** Number of the block that a pass brought the store to. */
  readonly blockOf: (pass: Pass) => bigint;
  /** Does reads that may be done at the block of a pass, together. */
  readonly readAll: (pass: Pass, requests: readonly Request[]) => Promise<void>;
  /** Told about passes that failed; they are tried again. */
  readonly onError: ((error: unknown) => void) | undefined;
}

/** Makes work that stands still until it is started; a read that is asked for is done all the same. */
export function createChainWork<Pass, Request extends ReadRequest>(
  options: ChainWorkOptions<Pass, Request>,
): ChainWork<Pass, Request> {
  const { interval, pass, blockOf, readAll, onError } = options;
  const queue = createReadQueue<Request>(options.maxPendingReads);
  const inTurn = createSerial();
  /** Whoever goes on asking must not keep the view from stopping. */
  let isStopping = false;

  /**
   * Does reads that may be done now, together. A pass goes first: nothing is ever read above the last synced block, so a
   * re-organisation of what was read is always noticed.
   *
   * @returns Whether there are more.
   */
  async function serveReads(): Promise<boolean> {
    let reads: readonly PendingRead<Request>[] = [];
    let block = EVERY_BLOCK;
    try {
      const passed = await pass();
      block = blockOf(passed);
      reads = queue.take(block, READS_AT_ONCE);
      await readAll(
        passed,
        reads.map(({ parameters }) => parameters),
      );
      for (const { resolve } of reads) resolve();
    } catch (error) {
      for (const { reject } of reads) reject(error);
      // Before anything was taken, the failure is everybody's.
      if (reads.length === 0) queue.rejectAll(error);
    }
    return queue.hasReady(block);
  }

  const readPoller = createPoller({
    interval,
    run: async () => {
      let isMore = true;
      while (isMore && !isStopping) isMore = await inTurn(serveReads);
      return queue.size > 0;
    },
  });
  const passPoller = createPoller({
    interval,
    run: async () => {
      await inTurn(pass);
      return true;
    },
    ...(onError !== undefined && { onError }),
  });

  return {
    start() {
      passPoller.start();
    },
    async stop() {
      isStopping = true;
      queue.rejectAll(new ChainUnavailableError("the view of the chain was stopped", undefined));
      await Promise.all([passPoller.stop(), readPoller.stop()]);
      isStopping = false;
    },
    pass: () => inTurn(pass),
    async read(request, rank) {
      const waiting = queue.add(request, rank);
      readPoller.start();
      await waiting;
    },
  };
}
