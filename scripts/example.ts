import type { Address } from "viem";
import { actorKey } from "../test/helpers/actors.ts";

/** Where the example finds its chain and its contract. */
export interface ExampleChain {
  readonly rpcUrl: string;
  readonly escrow: Address;
}

/** What a process of the example reads from its environment, under the names it has there. */
export type ExampleEnvironment = Readonly<Record<string, string>>;

/**
 * Environment of `npm run example:seller`, with well-known keys. A local chain mines for transactions alone, so nothing can wait for another block,
 * and forgets everything when it ends, so the store of the vouchers must not outlive it.
 */
export function sellerEnvironment({ rpcUrl, escrow }: ExampleChain): ExampleEnvironment {
  const keys = { SELLER_KEY: actorKey("seller"), GAS_KEY: actorKey("relayer") };
  return { RPC_URL: rpcUrl, ESCROW: escrow, ...keys, CONFIRMATIONS: "0", STORE: ":memory:" };
}

/** Environment of `npm run example:buyer`, with a well-known key. */
export function buyerEnvironment({ escrow }: Pick<ExampleChain, "escrow">): ExampleEnvironment {
  return { ESCROW: escrow, BUYER_KEY: actorKey("buyer") };
}

/** Lines for two shells that run the example on the chain of `npm run chain`. */
export function exampleLines(chain: ExampleChain): { readonly seller: string; readonly buyer: string } {
  return {
    seller: lineOf(sellerEnvironment(chain), "example:seller"),
    buyer: lineOf(buyerEnvironment(chain), "example:buyer"),
  };
}

function lineOf(environment: ExampleEnvironment, script: string): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [...variables, `npm run ${script}`].join(" \\\n  ");
}
