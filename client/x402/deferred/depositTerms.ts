import type { Address } from "viem";
import type { DepositMethod, DepositTerms } from "./types.ts";

/** Requests that the suggested deposit pays for when the seller says nothing else. */
const SUGGESTED_REQUESTS = 100n;

/** Which deposits a seller relays. Must give the same for the same price every time: buyers echo it. */
export interface DepositTermsPolicy {
  /**
   * Least deposit worth its gas, token base units; the price by default. A buyer can take its deposit home again after the thawing period,
   * so this is all that a gas-wasting stranger must tie up.
   */
  readonly minimum?: bigint | ((price: bigint, asset: Address) => bigint);
  /** What to suggest, token base units; a hundred times the price by default. */
  readonly suggested?: bigint | ((price: bigint, asset: Address) => bigint);
  /** Methods, the preferred one first; all the relayer's by default. An asset without ERC-3009 must not name `eip3009`. */
  readonly methods?: readonly DepositMethod[] | ((asset: Address) => readonly DepositMethod[]);
}

/** What {@link depositTermsFor} needs. */
export interface DepositTermsParameters {
  readonly policy: DepositTermsPolicy | undefined;
  /** Methods the relayer knows. */
  readonly relayed: readonly DepositMethod[];
  /** Token base units. */
  readonly price: bigint;
  readonly asset: Address;
}

/** Works out the terms for a price. */
export function depositTermsFor({ policy = {}, relayed, price, asset }: DepositTermsParameters): DepositTerms {
  const { minimum = price, suggested = price * SUGGESTED_REQUESTS, methods = relayed } = policy;
  return {
    minimum: typeof minimum === "function" ? minimum(price, asset) : minimum,
    suggested: typeof suggested === "function" ? suggested(price, asset) : suggested,
    methods: (typeof methods === "function" ? methods(asset) : methods).filter((method) => relayed.includes(method)),
  };
}
