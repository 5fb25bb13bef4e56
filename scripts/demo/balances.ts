import { erc20Abi, formatUnits, type Address } from "viem";
import { USDC } from "../../test/base/addresses.ts";
import type { ChainClient } from "./chain.ts";
import { newTable } from "./tables.ts";

/** Reads USDC balances, token base units, in the order of their owners. */
export async function balancesOf(client: ChainClient, owners: readonly Address[]): Promise<bigint[]> {
  const read = (owner: Address) =>
    client.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [owner] });
  return Promise.all(owners.map(read));
}

/** One line of the final balances. */
export interface BalanceLine {
  readonly owner: string;
  /** Token base units. */
  readonly before: bigint;
  /** Token base units. */
  readonly after: bigint;
}

/** The table of balances before and after, with their sums. */
export function renderBalances(lines: readonly BalanceLine[]): string {
  const table = newTable(["USDC", "before", "after"]);
  for (const { owner, before, after } of lines) table.push([owner, formatUnits(before, 6), formatUnits(after, 6)]);
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  const before = sum(lines.map((line) => line.before));
  const after = sum(lines.map((line) => line.after));
  table.push(["sum", formatUnits(before, 6), formatUnits(after, 6)]);
  return table.toString();
}
