import { EscrowNeededError } from "./payerErrors.ts";
import type { SignedTopUp } from "../../flash/sign.ts";
import type { AssetFacts } from "../core/assets.ts";
import type { FlashEscrowId } from "../../seller/flash/types.ts";
import type { EscrowFacts } from "./escrowReader.ts";
import type { PayerAccount } from "./payerAccount.ts";
import type { PayerContext } from "./payerContext.ts";

/** What a payer asks the chain. A chain that does not answer leaves things unknown; it stops nothing. */

/** Where an escrow stands; undefined when nobody can say. */
export function readStanding(context: PayerContext, escrow: FlashEscrowId): Promise<EscrowFacts | undefined> {
  return ask(context, ({ readEscrow }) => readEscrow(escrow, "latest"));
}

/** Allowance and permit nonce; undefined when nobody can say. */
export function readAllowance(context: PayerContext, escrow: FlashEscrowId): Promise<AssetFacts | undefined> {
  return ask(context, (chain) => chain.readAllowance(escrow));
}

/** Starts from what the chain shows, when it shows a later epoch than the payer remembers or an open escrow. */
export async function startFromChain(context: PayerContext, state: PayerAccount): Promise<void> {
  const facts = await readStanding(context, state.escrow);
  if (facts === undefined || facts.epoch < state.epoch) return;
  if (facts.epoch > state.epoch) {
    state.enterEpoch(facts.epoch, true);
    context.emit({ kind: "corrected", escrow: state.escrow, what: "epoch", value: facts.epoch });
  }
  if (!facts.isOpen) return;
  state.isOpen = true;
  state.standing = { ...state.standing, unlockAt: facts.unlockAt };
}

/**
 * Decides on an opening, and decides again when the limits left no room and some earlier opening turns out to be over. Nobody is asked while
 * there is room.
 *
 * @throws {EscrowNeededError} the limits leave no room.
 */
export async function decideWithReview<T>(decide: () => Promise<T>, review: () => Promise<boolean>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof EscrowNeededError) || !(await review())) throw error;
    return decide();
  }
}

/**
 * Counts anew what is locked, by a final block: what is over counts no longer, and of what was executed counts what is left.
 *
 * @returns Whether less counts than before.
 */
export async function reviewLocks(context: PayerContext, accounts: readonly PayerAccount[]): Promise<boolean> {
  let isAnyOver = false;
  for (const { escrow, locks } of accounts) {
    if (locks.locked === 0n) continue;
    const facts = await ask(context, ({ readEscrow }) => readEscrow(escrow, "finalized"));
    if (facts === undefined) continue;
    const uses = new Map<SignedTopUp, boolean | undefined>();
    for (const topUp of locks.topUps) {
      const { blockNumber } = facts;
      uses.set(topUp, await ask(context, ({ isTopUpUsed }) => isTopUpUsed(escrow, topUp, blockNumber)));
    }
    isAnyOver = locks.review(facts, (topUp) => uses.get(topUp)) || isAnyOver;
  }
  return isAnyOver;
}

async function ask<T>(
  { chain, emit }: PayerContext,
  question: (chain: NonNullable<PayerContext["chain"]>) => Promise<T>,
): Promise<T | undefined> {
  if (chain === undefined) return undefined;
  try {
    return await question(chain);
  } catch (error) {
    emit({ kind: "chainFailed", error });
    return undefined;
  }
}
