import type { Address } from "viem";
import { largest } from "../../core/amounts.ts";
import { amountOf, type AssetAmounts } from "../core/assets.ts";
import type { DepositMethod, DepositTerms } from "./types.ts";

/** Requests that the suggested deposit pays for when the seller says nothing else. */
const SUGGESTED_REQUESTS = 100n;

/** Which deposits a seller relays. Must give the same for the same price every time: buyers echo it. */
export interface DepositTermsPolicy {
  /** Least deposit, token base units; the price by default. Never below the relayer's own. */
  readonly minimum?: bigint | ((price: bigint, asset: Address) => bigint);
  /** What to suggest, token base units; a hundred times the price by default. */
  readonly suggested?: bigint | ((price: bigint, asset: Address) => bigint);
  /** Methods, the preferred one first; all the relayer's by default. An asset without ERC-3009 must not name `eip3009`. */
  readonly methods?: readonly DepositMethod[] | ((asset: Address) => readonly DepositMethod[]);
}

/** What {@link depositTermsFor} needs. */
export interface DepositTermsParameters {
  readonly policy: DepositTermsPolicy | undefined;
  /** What the relayer relays. */
  readonly relayed: { readonly methods: readonly DepositMethod[]; readonly minimumDeposits: AssetAmounts };
  /** Token base units. */
  readonly price: bigint;
  readonly asset: Address;
}

/** Works out the terms for a price; undefined when no deposit in the asset is relayed. */
export function depositTermsFor({
  policy = {},
  relayed,
  price,
  asset,
}: DepositTermsParameters): DepositTerms | undefined {
  const floor = amountOf(relayed.minimumDeposits, asset);
  if (floor === undefined) return undefined;
  const { minimum = price, suggested = price * SUGGESTED_REQUESTS, methods = relayed.methods } = policy;
  const least = largest(floor, typeof minimum === "function" ? minimum(price, asset) : minimum);
  return {
    minimum: least,
    suggested: largest(least, typeof suggested === "function" ? suggested(price, asset) : suggested),
    methods: (typeof methods === "function" ? methods(asset) : methods).filter((method) =>
      relayed.methods.includes(method),
    ),
  };
}
