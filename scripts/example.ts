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

/** Where the example of the scheme `flash` finds its chain and its contract. */
export interface FlashExampleChain {
  readonly rpcUrl: string;
  readonly settlement: Address;
}

/** Environment of `npm run example:flash:seller`. Who sells pays the gas of what it settles, so it is an account of its own. */
export function flashSellerEnvironment({ rpcUrl, settlement }: FlashExampleChain): ExampleEnvironment {
  const key = { SERVER_KEY: actorKey("otherSeller") };
  return { RPC_URL: rpcUrl, SETTLEMENT: settlement, ...key, CONFIRMATIONS: "0", STORE: ":memory:" };
}

/** Environment of `npm run example:flash:buyer`. */
export function flashBuyerEnvironment({ rpcUrl, settlement }: FlashExampleChain): ExampleEnvironment {
  return { RPC_URL: rpcUrl, SETTLEMENT: settlement, CLIENT_KEY: actorKey("otherBuyer") };
}

/** Where the example of the scheme `auth-capture` finds its chain and the factory of operators. */
export interface AuthCaptureExampleChain {
  readonly rpcUrl: string;
  readonly factory: Address;
}

/** Environment of `npm run example:auth-capture:seller`. Who sells pays the gas of what it collects, so it is an account of its own. */
export function authCaptureSellerEnvironment({ rpcUrl, factory }: AuthCaptureExampleChain): ExampleEnvironment {
  return { RPC_URL: rpcUrl, FACTORY: factory, SELLER_KEY: actorKey("signer"), STORE: ":memory:" };
}

/** Environment of `npm run example:auth-capture:buyer`. */
export function authCaptureBuyerEnvironment({ factory }: Pick<AuthCaptureExampleChain, "factory">): ExampleEnvironment {
  return { FACTORY: factory, PAYER_KEY: actorKey("stranger") };
}

/** Lines for two shells that run the example of the scheme `auth-capture` on the chain of `npm run chain`. */
export function authCaptureExampleLines(chain: AuthCaptureExampleChain): {
  readonly seller: string;
  readonly buyer: string;
} {
  return {
    seller: lineOf(authCaptureSellerEnvironment(chain), "example:auth-capture:seller"),
    buyer: lineOf(authCaptureBuyerEnvironment(chain), "example:auth-capture:buyer"),
  };
}

/** Lines for two shells that run the example of the scheme `flash` on the chain of `npm run chain`. */
export function flashExampleLines(chain: FlashExampleChain): { readonly seller: string; readonly buyer: string } {
  return {
    seller: lineOf(flashSellerEnvironment(chain), "example:flash:seller"),
    buyer: lineOf(flashBuyerEnvironment(chain), "example:flash:buyer"),
  };
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
