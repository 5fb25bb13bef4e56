import { makeTerms } from "../../../client/auth-capture/index.ts";
import type { PaymentRecord } from "../../../client/seller/auth-capture/index.ts";

/** A payment as a store keeps it. */
export function makeRecord(changes: Partial<PaymentRecord> = {}): PaymentRecord {
  const party = (digit: string) => `0x${digit.repeat(40)}` as const;
  return {
    chainId: 8453n,
    escrow: "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c",
    paymentInfo: {
      operator: party("1"),
      payer: party("2"),
      receiver: party("3"),
      token: party("4"),
      maxAmount: (1n << 120n) - 1n,
      preApprovalExpiry: 100n,
      authorizationExpiry: 200n,
      refundExpiry: 300n,
      minFeeBps: 0n,
      maxFeeBps: 0n,
      feeReceiver: party("0"),
      salt: (1n << 256n) - 1n,
    },
    paymentInfoHash: `0x${"ab".repeat(32)}`,
    terms: makeTerms({ authorizer: party("3"), maxHold: 100n }),
    stage: "serving",
    dueAt: 50n,
    isServed: false,
    version: 0,
    ...changes,
  };
}
