import type { BuyerAccount } from "./buyerAccount.ts";
import type { BuyerEvent, BuyerOptions } from "./buyerTypes.ts";
import { DepositNeededError } from "./errors.ts";

/** What a review asks, and whom it tells. */
export interface DepositReviewParameters {
  readonly wasDepositUsed: BuyerOptions["wasDepositUsed"];
  /** All accounts that count against the limits. */
  readonly accounts: Iterable<BuyerAccount>;
  /** Unix seconds. */
  readonly now: bigint;
  readonly emit: (event: BuyerEvent) => void;
}

/**
 * Decides on a deposit, and decides again when the limits left no room and some deposit turns out to have never been executed. Nobody is
 * asked while there is room.
 *
 * @throws {DepositNeededError} the limits leave no room.
 */
export async function decideWithReview<T>(decide: () => T | Promise<T>, review: () => Promise<boolean>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof DepositNeededError) || !(await review())) throw error;
    return decide();
  }
}

/**
 * Finds out what became of deposits that the seller denied or never answered and that nobody can execute any more.
 *
 * @returns Whether one of them no longer counts.
 */
export async function reviewDeposits(parameters: DepositReviewParameters): Promise<boolean> {
  const { wasDepositUsed, accounts, now, emit } = parameters;
  if (wasDepositUsed === undefined) return false;
  let isAnyUnused = false;
  for (const account of accounts) {
    for (const deposit of account.deniedBefore(now)) {
      try {
        const wasUsed = await wasDepositUsed(deposit, account.id);
        if (wasUsed === undefined) continue;
        account.settleDenied(deposit, wasUsed);
        isAnyUnused ||= !wasUsed;
      } catch (error) {
        // One that cannot be asked about goes on counting, and must not keep the others from being asked about.
        emit({ kind: "depositCheckFailed", error });
      }
    }
  }
  return isAnyUnused;
}
