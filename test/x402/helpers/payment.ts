import type { PaymentRequirements } from "@x402/core/types";
import type { Address, Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { DEFAULT_LANE, toWirePayload, type DeferredPayload } from "../../../client/x402/deferred/index.ts";
import { signVoucher, type Voucher } from "../../../client/voucher/index.ts";
import { USDC } from "../../base/addresses.ts";
import { offersOf } from "./agent.ts";
import type { Shop } from "./shop.ts";

/** A payment as it goes into the header. */
export interface HandMade {
  readonly x402Version: 2;
  readonly accepted: PaymentRequirements;
  readonly payload: Record<string, unknown>;
}

/** What a hand-made payment is made of. */
export interface HandMadeParameters {
  readonly shop: Shop;
  readonly escrow: Address;
  readonly buyer: Address;
  /** Whoever signs the voucher. */
  readonly signer: PrivateKeyAccount;
  readonly voucher?: Partial<Voucher>;
  readonly extras?: Omit<DeferredPayload, "voucher" | "signature">;
  readonly path?: string;
}

/** Makes and signs a payment without a client: the first voucher of the default lane, with changes. */
export async function makePayment(parameters: HandMadeParameters): Promise<HandMade> {
  const { shop, escrow, buyer, signer, extras, path = "/fixed" } = parameters;
  const [accepted] = offersOf(await fetch(`${shop.url}${path}`)).accepts;
  if (accepted === undefined) throw new Error("The 402 offers nothing");
  const now = BigInt(Math.floor(Date.now() / 1000));
  const voucher: Voucher = {
    id: DEFAULT_LANE,
    buyer: buyer.toLowerCase() as Address,
    seller: shop.seller.address.toLowerCase() as Address,
    valueAggregate: BigInt(accepted.amount),
    asset: USDC.toLowerCase() as Address,
    timestamp: now,
    nonce: 0n,
    escrow: escrow.toLowerCase() as Address,
    chainId: 8453n,
    expiry: now + 2_000_000n,
    ...parameters.voucher,
  };
  const signature: Hex = await signVoucher(signer, voucher);
  return { x402Version: 2, accepted, payload: { ...toWirePayload({ voucher, signature, ...extras }) } };
}

/** Sends a payment, or whatever stands in for one. */
export function sendPayment(shop: Shop, payment: unknown, path = "/fixed"): Promise<Response> {
  const header = Buffer.from(JSON.stringify(payment)).toString("base64");
  return fetch(`${shop.url}${path}`, { headers: { "PAYMENT-SIGNATURE": header } });
}
