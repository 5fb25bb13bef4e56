import { createPoller } from "./poller.ts";

/** Work that a seller has done beside its requests: collecting, settling, sweeping. */
export interface Background {
  /** Does a step now, and goes on until it is stopped. */
  start(): void;
  /**
   * Ends the work, and waits for the step that runs.
   *
   * @param signal - Has that step give up.
   */
  stop(signal: AbortSignal): Promise<void>;
}

/** Settings of {@link createBackground}. */
export interface BackgroundOptions {
  /** Milliseconds between two steps. */
  readonly interval: number;
  /** One step; one that throws is tried again, with growing pauses. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Told about steps that threw. */
  readonly onFailure: (error: unknown, retryInMilliseconds: number) => void;
  /** Hears of what a step should not wait for; gives the way to hear no more. */
  readonly onAlert: (listener: () => void) => () => void;
}

/** A signal that never gives up. */
export const NEVER = new AbortController().signal;

/** Makes work that stands still until it is started. */
export function createBackground({ interval, run, onFailure, onAlert }: BackgroundOptions): Background {
  let abort = new AbortController();
  let endAlerts = (): void => undefined;
  const poller = createPoller({
    interval,
    run: async () => {
      await run(abort.signal);
      return true;
    },
    onError: onFailure,
  });
  return {
    start() {
      abort = new AbortController();
      endAlerts();
      endAlerts = onAlert(() => {
        poller.start();
      });
      poller.start();
    },
    async stop(signal) {
      endAlerts();
      const giveUp = (): void => {
        abort.abort(signal.reason);
      };
      if (signal.aborted) giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      await poller.stop();
      signal.removeEventListener("abort", giveUp);
    },
  };
}
