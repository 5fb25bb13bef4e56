import type { Address } from "viem";
import type { FlashPayload, Offer, PaymentTerms, Settlement, SignedItem } from "../../../../client/x402/flash/index.ts";
import { USDC } from "../../../base/addresses.ts";

export const server = `0x${"5e".repeat(20)}` as Address;
export const settlement = `0x${"f1".repeat(20)}` as Address;

/** Terms of a server that relays openings by ERC-3009. */
export function terms(
  changes: Partial<Omit<PaymentTerms, "offer">> & { readonly offer?: Partial<Offer> } = {},
): PaymentTerms {
  const { offer, ...rest } = changes;
  return {
    chainId: 8453n,
    server,
    token: USDC.toLowerCase() as Address,
    price: 1_000n,
    timeout: 60n,
    ...rest,
    offer: {
      settlement,
      payloadTypes: ["payment", "tab", "open", "transaction"],
      minEscrow: 10_000n,
      minTtlSeconds: 3_600n,
      minCloseDelay: 900n,
      openMethods: ["eip3009"],
      tokenDomain: { name: "USD Coin", version: "2" },
      isSettledBeforeServed: false,
      nonceBase: 0n,
      lane: 17n,
      ...offer,
    },
  };
}

/** The offer of a corrective 402. */
export function corrected(corrective: Partial<NonNullable<Offer["corrective"]>>): Offer {
  const { offer } = terms();
  return { ...offer, corrective: { epoch: 0n, nonceBase: 0n, available: 100_000n, lanes: [], ...corrective } };
}

/** A settlement that says how much of a lane is used. */
export function settled(lane?: bigint, consumed = 0n): Settlement {
  return {
    paymentId: `0x${"00".repeat(32)}`,
    status: "accepted",
    escrow: { balance: 100_000n, pending: 0n, available: 100_000n, safeUntil: 2n ** 40n, epoch: 0n },
    ...(lane !== undefined && { lane: { lane, authorised: consumed, consumed, settled: 0n } }),
  };
}

/** The payment or tab of a payload. */
export function itemOf(payload: FlashPayload): SignedItem {
  if (payload.type === "transaction") throw new Error("A transaction has no item");
  return payload.item;
}

/** Total of a tab, or amount of a payment, with its lane or nonce. */
export function figuresOf(payload: FlashPayload): readonly [string, bigint, bigint] {
  const item = itemOf(payload);
  return item.kind === "tab" ? ["tab", item.lane, item.total] : ["payment", item.nonce, item.amount];
}
