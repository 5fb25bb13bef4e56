import type { BuyerContext } from "./buyerContext.ts";
import { checkCorrection } from "./buyerCorrection.ts";
import type { OpenAccount } from "./buyerEntry.ts";
import { reactionTo, type Reaction } from "./reactions.ts";
import type { Deposit, Offer } from "./types.ts";

/** A refused payment. */
export interface RefusedPayment {
  readonly account: OpenAccount;
  /** What it carried. */
  readonly deposit: Deposit | undefined;
  readonly authorizesSigner: boolean;
}

/**
 * Takes what a refusal teaches, as far as it is proven.
 *
 * @param offer - The new offer of the same terms; undefined when there is none.
 * @returns Whether another payment may succeed.
 */
export async function learnFromRefusal(
  context: BuyerContext,
  { account, deposit, authorizesSigner }: RefusedPayment,
  code: string,
  offer: Offer | undefined,
): Promise<boolean> {
  const { state } = account;
  const reaction = reactionTo(code);
  if (deposit !== undefined) learnAboutDeposit(account, deposit, reaction);
  if (offer === undefined || offer.escrow !== state.id.escrow) return false;
  if (reaction === "fewerLanes") account.maxLanes = Math.max(1, state.laneCount);
  const isHonest = await learnLaneIfMeant(context, account, reaction, offer);
  if (offer.account !== undefined) {
    state.setAvailable(offer.account.balance);
    account.facts = offer.account;
  }
  switch (reaction) {
    case "lane":
    case "fewerLanes":
      return isHonest;
    case "deposit":
    case "newDeposit":
      return isHonest && context.deposits !== undefined;
    case "signer":
      state.signerValidUntil = 0n;
      return context.session !== undefined && !authorizesSigner;
    case "noDeposit":
    case "none":
      return false;
  }
}

/**
 * Goes on from what an offer says about its lane, if that is proven to be signed by the buyer.
 *
 * @returns False when the offer is a lie: a voucher that is not ours, or a total above what was signed.
 */
export async function learnLane(context: BuyerContext, { state }: OpenAccount, offer: Offer): Promise<boolean> {
  const { id } = offer;
  const account = state.id;
  const remembered = state.promisedIn(id);
  const correction = await checkCorrection({ account, offer, remembered, ownKeys: context.ownKeys });
  switch (correction.kind) {
    case "proven": {
      const { nonce, timestamp, expiry } = correction.voucher;
      const { charged, promised } = correction;
      state.adoptLane({ id, nextNonce: nonce + 1n, charged, promised, timestamp, expiry });
      context.emit({ kind: "corrected", account, id, charged });
      return true;
    }
    case "remembered":
      state.rebaseLane(id, correction.charged, offer.type === "new");
      return true;
    case "unproven":
      // Perhaps the seller lost its store. A fresh lane starts at zero and needs no belief.
      state.avoidLane(id);
      return true;
    case "false":
      state.avoidLane(id);
      context.emit({ kind: "correctionRefused", account, id, reason: correction.reason });
      return false;
  }
}

async function learnLaneIfMeant(
  context: BuyerContext,
  account: OpenAccount,
  reaction: Reaction,
  offer: Offer,
): Promise<boolean> {
  const isMeant = reaction === "lane" || reaction === "fewerLanes" || reaction === "deposit";
  return isMeant ? learnLane(context, account, offer) : true;
}

function learnAboutDeposit({ state }: OpenAccount, deposit: Deposit, reaction: Reaction): void {
  if (reaction === "newDeposit" || reaction === "noDeposit") state.dropDeposit(deposit);
  if (reaction !== "deposit") return;
  // The seller has the deposit, and it does not suffice: it was executed before, and most of it is used.
  state.confirmDeposit(deposit);
  state.setAvailable(0n);
}
