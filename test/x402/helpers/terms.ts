import type { Address, Hex } from "viem";
import { DEFAULT_LANE, type Offer, type PaymentTerms, type Settlement } from "../../../client/x402/deferred/index.ts";
import { USDC } from "../../base/addresses.ts";

export const seller = `0x${"5e".repeat(20)}` as Address;
export const escrow = `0x${"e5".repeat(20)}` as Address;

/** Terms of a seller that relays ERC-3009 deposits. */
export function terms(
  changes: Partial<Omit<PaymentTerms, "offer">> & { readonly offer?: Partial<Offer> } = {},
): PaymentTerms {
  const { offer, ...rest } = changes;
  return {
    chainId: 8453n,
    seller,
    asset: USDC.toLowerCase() as Address,
    price: 1_000n,
    timeout: 60n,
    ...rest,
    offer: {
      type: "new",
      id: DEFAULT_LANE,
      escrow,
      tokenDomain: { name: "USD Coin", version: "2" },
      deposit: { minimum: 1_000n, suggested: 100_000n, methods: ["eip3009"] },
      isMetered: false,
      ...offer,
    },
  };
}

/** A settlement that says `charged` of a lane. */
export function settled(id: Hex, charged: bigint): Settlement {
  return { commitment: DEFAULT_LANE, id, nonce: 0n, charged };
}
