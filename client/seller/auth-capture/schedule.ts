import type { PaymentStatus } from "../../auth-capture/read.ts";
import { largest, smallest } from "../../core/amounts.ts";
import type { PaymentRecord } from "./types.ts";

/** How long one piece of work keeps the sweeper away, seconds. */
export const WORK_SECONDS = 60n;
/** Between two looks at what is due by this machine's clock and not yet by the chain's, seconds. */
export const WATCH_SECONDS = 10n;
/** Between two looks at what is held, seconds. */
const KEEP_SECONDS = 3_600n;
/** Pause after the first failure, seconds; it doubles from one to the next. */
const RETRY_SECONDS = 30n;
const MAX_DOUBLINGS = 7;
/** How long after the end of a signature its collection could still be undone and done again by the chain, seconds. */
const EXPIRY_MARGIN = 60n;

/**
 * When nobody can collect a payment any more. One look then is enough, and all that strangers can have the chain asked by payments without
 * money.
 */
export function endOf({ paymentInfo }: PaymentRecord): bigint {
  return paymentInfo.preApprovalExpiry + EXPIRY_MARGIN;
}

/** When nothing can come of a closed payment any more: it is not taken for a new one, and nothing of it can be refunded. */
export function endOfClosed(record: PaymentRecord, { refundable }: Pick<PaymentStatus, "refundable">): bigint {
  return refundable > 0n ? largest(endOf(record), record.paymentInfo.refundExpiry) : endOf(record);
}

/** What the sweeper does for anybody. */
export function isPushed(action: string): action is "releaseDue" | "voidExpired" {
  return action === "releaseDue" || action === "voidExpired";
}

/** Pauses grow while something fails, but never so that the end of the hold would be missed. */
export function afterFailure({ failures = 0, paymentInfo }: PaymentRecord, now: bigint) {
  const pause = RETRY_SECONDS * 2n ** BigInt(Math.min(failures, MAX_DOUBLINGS));
  const left = paymentInfo.authorizationExpiry - now;
  const longest = left > 0n ? largest(RETRY_SECONDS, left / 4n) : pause;
  return { failures: failures + 1, dueAt: now + smallest(pause, longest) };
}

/** When a held payment is looked at again: when its time comes, or before, since a dispute can change that. */
export function nextLook({ actions }: PaymentStatus, now: bigint): bigint {
  const times = actions
    .filter(({ action }) => isPushed(action))
    .map(({ from }) => (from <= now ? now + WATCH_SECONDS : from));
  return smallest(now + KEEP_SECONDS, ...times);
}

/**
 * When a payment is looked at again, whose chain may undo what was done: when that is final, and often enough before the end of the hold
 * that there is time to do it again. Undefined once it is final.
 */
export function nextCheck(
  { finalAt = 0n, paymentInfo }: Pick<PaymentRecord, "finalAt" | "paymentInfo">,
  now: bigint,
): bigint | undefined {
  if (now >= finalAt) return undefined;
  const left = paymentInfo.authorizationExpiry - now;
  return left > 0n ? smallest(finalAt, now + largest(WATCH_SECONDS, left / 2n)) : finalAt;
}
