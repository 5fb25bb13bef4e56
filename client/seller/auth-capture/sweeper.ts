import { createBackground, type Background } from "../core/background.ts";
import type { PaymentManager } from "./manager.ts";

/** Settings of {@link createPaymentSweeper}. */
export interface PaymentSweeperOptions {
  /** What sweeps. */
  readonly manager: Pick<PaymentManager, "sweep">;
  /** Milliseconds between two sweeps; 5,000 by default. */
  readonly interval?: number;
  /** Told of what failed; it is tried again. */
  readonly onError?: (error: unknown, retryInMilliseconds: number) => void;
}

/**
 * Makes the sweeper of a seller's payments: whatever a crash, a handler without an end, a failed void or a stranger left behind ends
 * captured or back at the payer. Keep it running as long as payments are held.
 *
 * - Source: docs/x402/auth-capture.md, Payments of a seller
 *
 * @param options - {@link PaymentSweeperOptions}.
 * @returns Work that stands still until it is started.
 *
 * @example
 * const sweeper = createPaymentSweeper({ manager, onError: console.error });
 * sweeper.start();
 */
export function createPaymentSweeper(options: PaymentSweeperOptions): Background {
  const { manager, interval = 5_000, onError = () => undefined } = options;
  return createBackground({
    interval,
    run: (signal) => manager.sweep(signal),
    onFailure: onError,
    onAlert: () => () => undefined,
  });
}
