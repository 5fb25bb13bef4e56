import { largest, smallest } from "../../core/amounts.ts";
import type { FlashRejectionCode } from "./rejections.ts";
import type { EscrowRead, ExpectedRenewal, FlashEscrowState, FlashLimits } from "./types.ts";

/**
 * Says why nothing is accepted on an escrow, whatever is presented; undefined when something may be.
 *
 * @param now - Unix seconds.
 */
export function refuseState(state: FlashEscrowState, limits: FlashLimits, now: bigint): FlashRejectionCode | undefined {
  return refuseStanding(state) ?? refuseTerms(state, limits) ?? refuseTime(state, limits, now);
}

/** Says why nothing is accepted, whatever the lock: what was paid before it is served needs none. */
export function refuseStanding({ confirmed, head, isStopped }: FlashEscrowState): FlashRejectionCode | undefined {
  if (!confirmed.isOpen) return head.isOpen ? "flash_escrow_pending" : "flash_escrow_not_found";
  const isLeaving = [confirmed, head].some(
    ({ isClosedByClient, isClosedByServer }) => isClosedByClient || isClosedByServer,
  );
  return isStopped || isLeaving || !head.isOpen || head.epoch !== confirmed.epoch ? "flash_escrow_closing" : undefined;
}

function refuseTerms({ confirmed, head }: FlashEscrowState, limits: FlashLimits): FlashRejectionCode | undefined {
  if (confirmed.closeDelay < limits.minCloseDelay) return "flash_lock_too_short";
  return smallest(confirmed.balance, head.balance) < limits.minEscrow ? "flash_escrow_too_small" : undefined;
}

/** R2, strictly: at the unlock time itself the client may withdraw in front of the settlement. */
export function refuseTime(
  state: FlashEscrowState,
  { settleSeconds }: Pick<FlashLimits, "settleSeconds">,
  now: bigint,
): FlashRejectionCode | undefined {
  if (now + settleSeconds >= unlockOf(state)) return "flash_lock_too_short";
  return now + settleSeconds >= noticeEndOf(state.confirmed) ? "flash_stale_state" : undefined;
}

/**
 * Up to when the escrow is certainly locked (R2), unix seconds: its unlock time, or the close delay after the block at which it was read
 * last, because a close that was not seen yet is younger than that block.
 */
export function safeUntilOf(state: FlashEscrowState): bigint {
  return smallest(unlockOf(state), noticeEndOf(state.confirmed));
}

/** What the head shows to be lower counts at once. */
function unlockOf({ confirmed, head }: FlashEscrowState): bigint {
  return smallest(confirmed.unlockAt, head.unlockAt);
}

function noticeEndOf({ block, closeDelay }: EscrowRead): bigint {
  return block.timestamp + closeDelay;
}

/** The state as it will be once the escrow has gained what is expected. */
export function withRenewal(state: FlashEscrowState, expected: ExpectedRenewal | undefined): FlashEscrowState {
  if (expected === undefined) return state;
  const { topUp, unlockAt } = expected;
  const renew = (read: EscrowRead): EscrowRead => ({
    ...read,
    balance: read.balance + topUp,
    unlockAt: largest(read.unlockAt, unlockAt),
  });
  return { ...state, confirmed: renew(state.confirmed), head: renew(state.head) };
}
