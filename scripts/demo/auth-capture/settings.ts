import type { Address } from "viem";
import { makeTerms } from "../../../client/auth-capture/index.ts";
import { demoAccount } from "../common.ts";

const DAY = 86_400n;

/** Who is paid, signs captures and refunds, and holds no ETH. */
export const SELLER = demoAccount("auth-capture seller");
/** Pays the gas of the server; it has no right to a payment. */
export const SERVER_GAS = demoAccount("auth-capture server gas");
/** Splits what is disputed. */
export const ARBITER = demoAccount("auth-capture arbiter");
/** Somebody with ETH and without a right. */
export const THIRD_PARTY = demoAccount("auth-capture third party");

/** The operators of the seller: their addresses follow from these terms. */
export const TERMS = {
  hold: makeTerms({ authorizer: SELLER.address, maxHold: 7n * DAY }),
  arbitrated: makeTerms({
    authorizer: SELLER.address,
    arbiter: ARBITER.address,
    maxHold: 7n * DAY,
    disputeWindow: DAY,
    releaseLead: DAY,
  }),
} as const;

/** What is sold, and what becomes of it; token base units. */
export interface Sale {
  readonly title: string;
  readonly path: string;
  readonly terms: keyof typeof TERMS;
  /** Held of the payer's. */
  readonly price: bigint;
  /** Captured for the seller. */
  readonly captured: bigint;
  /** Given back by the seller afterwards. */
  readonly refunded: bigint;
}

/** The four purchases, one of each agent. */
export const SALES = {
  metered: {
    title: "captured in part, the rest voided",
    path: "/translation",
    terms: "hold",
    price: 5_000_000n,
    captured: 3_141_593n,
    refunded: 0n,
  },
  refunded: {
    title: "captured, a part refunded",
    path: "/order",
    terms: "hold",
    price: 6_000_000n,
    captured: 6_000_000n,
    refunded: 2_718_282n,
  },
  disputed: {
    title: "disputed, split by the arbiter",
    path: "/report",
    terms: "arbitrated",
    price: 8_000_000n,
    captured: 2_666_667n,
    refunded: 0n,
  },
  abandoned: {
    title: "abandoned, returned by a third party",
    path: "/rendering",
    terms: "hold",
    price: 4_000_000n,
    captured: 0n,
    refunded: 0n,
  },
} as const satisfies Readonly<Record<string, Sale>>;

/** Name of a purchase. */
export type SaleName = keyof typeof SALES;

/** What the server's process is given. */
export interface ServerSettings {
  readonly rpcUrl: string;
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  /** Address of SignedRefundCollector. */
  readonly refundCollector: Address;
  /** SQLite file of its payments. */
  readonly storePath: string;
}

/** What the server's process tells when it listens. */
export interface ServerReady {
  readonly url: string;
}
