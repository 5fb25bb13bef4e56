import type { Address, Hash } from "viem";
import { voucherEscrowAbi } from "../../../client/abi/index.ts";
import { DemoError } from "../errors.ts";
import type { PaidRequest } from "../payOnce.ts";
import type { ChainClient } from "../chain.ts";

/** One group that was paid on-chain, by whomever. */
export interface PaidGroup {
  readonly transaction: Hash;
  /** Token base units. */
  readonly paid: bigint;
}

/** Token base units of one party before and after. */
export interface Holding {
  readonly name: string;
  readonly before: bigint;
  readonly after: bigint;
}

/** What agents were told, what the seller wrote down, and what the chain says. */
export interface Books {
  /** How many requests were made. */
  readonly made: number;
  readonly requests: readonly PaidRequest[];
  /** Charged in all lanes, by the seller's store. */
  readonly charged: bigint;
  readonly groups: readonly PaidGroup[];
  /** Agents by the names in `requests`. */
  readonly agents: readonly Holding[];
  readonly seller: Holding;
  readonly escrow: Holding;
}

/** Reads what the escrow has paid since a block. */
export async function paidGroups(client: ChainClient, address: Address, fromBlock: bigint): Promise<PaidGroup[]> {
  const query = { address, abi: voucherEscrowAbi, fromBlock, strict: true } as const;
  const batches = await client.getContractEvents({ ...query, eventName: "BatchCollected" });
  return batches.map(({ transactionHash, args }) => ({ transaction: transactionHash, paid: args.paid }));
}

/**
 * Compares the books.
 *
 * @throws {DemoError} they do not agree to the last unit, or more than one transaction collected.
 */
export function checkBooks({ made, requests, charged, groups, agents, seller, escrow }: Books): void {
  const told = sum(requests.map((request) => request.amount));
  check("Requests answered", requests.length, made);
  check("USDC units in the seller's books", charged, told);
  check("Transactions that collected", new Set(groups.map(({ transaction }) => transaction)).size, 1);
  check("USDC units collected in batches", sum(groups.map(({ paid }) => paid)), told);
  for (const { name, before, after } of agents) {
    const own = sum(requests.filter(({ agent }) => agent === name).map((request) => request.amount));
    check(`USDC units of ${name}`, after, before - own);
  }
  check("USDC units of the seller", seller.after, seller.before + told);
  check("USDC units of the escrow", escrow.after, 0n);
  const all = [...agents, seller, escrow];
  check("USDC units of everybody", sum(all.map(({ after }) => after)), sum(all.map(({ before }) => before)));
}

function check(what: string, actual: bigint | number, expected: bigint | number): void {
  if (actual !== expected) throw new DemoError(`${what}: ${actual} instead of ${expected}. This is a bug.`);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
