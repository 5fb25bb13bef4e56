import { encodeFunctionData, multicall3Abi, type Address, type Hex } from "viem";
import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import type { AggregatedCall } from "../../core/permit.ts";

/** A transaction without what its sender adds. */
export interface RelayTransaction {
  readonly to: Address;
  readonly data: Hex;
}

/** Puts calls into one transaction: one goes straight to its target, several through Multicall3, all or none. */
export function toTransaction(calls: readonly AggregatedCall[]): RelayTransaction {
  const [only, ...others] = calls;
  if (only !== undefined && others.length === 0) return { to: only.target, data: only.callData };
  const data = encodeFunctionData({ abi: multicall3Abi, functionName: "aggregate3", args: [calls] });
  return { to: MULTICALL3_ADDRESS, data };
}
