import type { Hex } from "viem";
import type { PaymentReference } from "../../auth-capture/types.ts";
import type { Step } from "./plan.ts";
import type { Funds } from "./reverts.ts";
import type { LifecycleType } from "./types.ts";

/** Something to do to a payment, checked and not tried yet. */
export interface Work {
  readonly action: "authorize" | "charge" | LifecycleType;
  readonly payment: PaymentReference;
  /** 32 bytes. */
  readonly paymentInfoHash: Hex;
  /** What is settled once: the payment's hash, or the digest of what the authorizer signed. */
  readonly key: Hex;
  /** Transactions, in their order. */
  readonly steps: readonly Step[];
  /** One of our factories deployed the operator. */
  readonly isFactoryMade: boolean;
  /** The code of whoever is called is known, so its errors are believed. */
  readonly isTrusted: boolean;
  /** It deploys the payer's wallet, so nobody knows its code. */
  readonly isDeploying?: boolean;
  /** Whose tokens it takes; undefined where they are held already, or nobody knows. */
  readonly funds: Funds | undefined;
  /** What is settled, token base units. */
  readonly amount: bigint;
}

/** Whether work fetches a payer's tokens. */
export function isCollect({ action }: Pick<Work, "action">): boolean {
  return action === "authorize" || action === "charge";
}
