import type { AssetFacts } from "../core/assets.ts";
import type { Address } from "viem";
import type { AcceptParameters, Rejection } from "../../seller/voucher/types.ts";
import type { LaneOffer } from "../../seller/voucher/store/types.ts";
import { messageOf, type DeferredCode } from "./codes.ts";
import { readFactsFor, type SellerDesk } from "./sellerDesk.ts";

/** What a corrective 402 tells whoever has proven to be the buyer. */
export interface Corrective {
  readonly offer: LaneOffer;
  /** What new vouchers can use, token base units. */
  readonly balance: bigint;
  readonly assetFacts?: AssetFacts;
}

/** A payment that is not accepted. */
export interface Refusal {
  readonly isAdmitted: false;
  readonly code: DeferredCode;
  /** One sentence for people. */
  readonly message: string;
  /** Buyer that the voucher names; proven only when `corrective` is there. */
  readonly payer?: Address;
  readonly corrective?: Corrective;
}

/** Makes a refusal. */
export function refuse(code: DeferredCode, payer?: Address): Refusal {
  return { isAdmitted: false, code, message: messageOf(code), ...(payer !== undefined && { payer }) };
}

/** Tells a refusal from anything else that a step may give. */
export function isRefusal(value: object): value is Refusal {
  return "isAdmitted" in value && value.isAdmitted === false;
}

/** Turns the acceptor's rejection into a refusal, with everything the buyer needs to do better. */
export async function toRefusal(
  rejection: Rejection,
  desk: SellerDesk,
  { voucher: { buyer }, asset, price }: AcceptParameters,
  onError: (error: unknown) => void,
): Promise<Refusal> {
  const refusal = refuse(rejection.code, buyer);
  const { corrective: offer, spendable } = rejection;
  if (offer === undefined) return refusal;
  const balance = spendable ?? (await desk.acceptor.getAccount({ buyer, asset })).spendable;
  let assetFacts: AssetFacts | undefined;
  try {
    if (balance < price) assetFacts = await readFactsFor(desk, buyer, asset, price);
  } catch (error) {
    // The buyer can still deposit by a method that needs no facts.
    onError(error);
  }
  return { ...refusal, corrective: { offer, balance, ...(assetFacts !== undefined && { assetFacts }) } };
}
