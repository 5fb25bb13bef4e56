import type { BuyerAccount } from "./buyerAccount.ts";
import { LIFETIME_SLACK, type BuyerContext } from "./buyerContext.ts";
import type { Offer } from "./types.ts";

/**
 * Until when the session signer has to be authorized for the next payment, unix seconds; undefined when there is none, or it is for long
 * enough.
 */
export function neededSessionEnd(
  { session, now }: BuyerContext,
  { signerValidUntil }: BuyerAccount,
  { minVoucherLifetime = 0n }: Offer,
): bigint | undefined {
  if (session === undefined) return undefined;
  const needed = now() + minVoucherLifetime + LIFETIME_SLACK;
  return signerValidUntil >= needed ? undefined : needed;
}
