/** Runs a step again and again, with growing pauses while it fails. */
export interface Poller {
  /** Runs the step now, or notes that it is wanted once more when it runs already. */
  start(): void;
  /** Ends the pauses and waits for the step that runs. */
  stop(): Promise<void>;
}

/** Settings of {@link createPoller}. */
export interface PollerOptions {
  /** Milliseconds between two steps. */
  readonly interval: number;
  /** One step; true when another one is wanted after the pause. */
  readonly run: () => Promise<boolean>;
  /** Told about steps that failed; they are tried again. */
  readonly onError?: (error: unknown, retryInMilliseconds: number) => void;
  /** Longest pause after failures, milliseconds; 60,000 by default. */
  readonly maxPause?: number;
}

/** Makes a poller that stands still until it is started. */
export function createPoller({ interval, run, onError, maxPause = 60_000 }: PollerOptions): Poller {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isStopped = true;
  let failures = 0;

  async function step(): Promise<void> {
    let isMoreWanted = true;
    let pause = interval;
    try {
      isMoreWanted = await run();
      failures = 0;
    } catch (error) {
      failures += 1;
      pause = Math.max(interval, Math.min(maxPause, interval * 2 ** Math.min(failures, 16)));
      onError?.(error, pause);
    }
    running = undefined;
    if (isStopped) return;
    if (isWanted) begin();
    else if (isMoreWanted) timer = setTimeout(begin, pause);
  }

  function begin(): void {
    clearTimeout(timer);
    isWanted = false;
    running = step();
  }

  return {
    start: () => {
      isStopped = false;
      if (running === undefined) begin();
      else isWanted = true;
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
