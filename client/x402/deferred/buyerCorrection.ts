import type { Address } from "viem";
import { largest } from "../../core/amounts.ts";
import { recoverKey } from "../../core/signature.ts";
import { hashVoucher } from "../../voucher/hash.ts";
import { voucherDomain, type SignedVoucher, type Voucher } from "../../voucher/index.ts";
import type { BuyerAccountId } from "./buyerStorage.ts";
import type { Offer } from "./types.ts";

/** What an offer proves about its lane. Amounts are token base units. */
export type Correction =
  /** The seller shows a voucher of ours and claims no more than it promises. */
  | { readonly kind: "proven"; readonly voucher: Voucher; readonly charged: bigint; readonly promised: bigint }
  /** The seller shows no voucher, and claims no more than this client remembers to have signed. */
  | { readonly kind: "remembered"; readonly charged: bigint }
  /** The seller claims a total without proof. */
  | { readonly kind: "unproven" }
  /** The seller shows a voucher that is not ours, or claims more than was signed. */
  | { readonly kind: "false"; readonly reason: "notOurs" | "aboveSigned" };

/** What to check an offer against. */
export interface CheckCorrectionParameters {
  readonly account: BuyerAccountId;
  readonly offer: Offer;
  /** Highest ceiling that this client remembers to have signed in the lane, token base units. */
  readonly remembered: bigint;
  /** The buyer and its session signers. */
  readonly ownKeys: readonly Address[];
}

/** Checks what an offer says about its lane. A total is believed only as far as the buyer's own signatures reach. */
export async function checkCorrection(parameters: CheckCorrectionParameters): Promise<Correction> {
  const { account, offer, remembered, ownKeys } = parameters;
  const { latest } = offer;
  if (latest === undefined) {
    const charged = offer.charged ?? 0n;
    return charged <= remembered ? { kind: "remembered", charged } : { kind: "unproven" };
  }
  if (!(await isOwn(latest, account, ownKeys))) return { kind: "false", reason: "notOurs" };
  const { voucher } = latest;
  const promised = largest(voucher.valueAggregate, remembered);
  const charged = offer.charged ?? voucher.valueAggregate;
  return charged <= promised
    ? { kind: "proven", voucher, charged, promised }
    : { kind: "false", reason: "aboveSigned" };
}

async function isOwn(
  { voucher, signature }: SignedVoucher,
  account: BuyerAccountId,
  keys: readonly Address[],
): Promise<boolean> {
  const isForAccount =
    voucher.buyer === account.buyer &&
    voucher.seller === account.seller &&
    voucher.asset === account.asset &&
    voucher.escrow === account.escrow &&
    voucher.chainId === account.chainId;
  if (!isForAccount) return false;
  const key = await recoverKey(hashVoucher(voucher, voucherDomain(account)).digest, signature);
  return key !== undefined && keys.includes(key.toLowerCase() as Address);
}
