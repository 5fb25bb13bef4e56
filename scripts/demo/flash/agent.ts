import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import type { Address, PrivateKeyAccount } from "viem";
import { createEscrowReader, FlashEvmScheme, wrapFetchWithFlash } from "../../../client/x402/flash/index.ts";
import type { ChainClient } from "../chain.ts";
import { demoAccount } from "../common.ts";
import { DemoError } from "../errors.ts";

/** The client of the demo. It pays from its wallet, and never sends a transaction to pay. */
export interface Agent {
  readonly account: PrivateKeyAccount;
  readonly fetch: typeof fetch;
}

/** One paid request, as the client saw it. */
export interface PaidRequest {
  /** Where it was served. */
  readonly url: string;
  /** Milliseconds from the call of `fetch` to the answer. */
  readonly latency: number;
  /** What the settlement says was accepted, token base units. */
  readonly amount: bigint;
}

/** Its name in tables. */
export const CLIENT = "client";

/** What the client is made of. */
export interface MakeAgentParameters {
  readonly settlement: Address;
  readonly client: ChainClient;
  /** What it locks for a server, token base units. */
  readonly escrow: bigint;
}

/** Makes the client, which pays by tabs. */
export function makeAgent({ settlement, client, escrow }: MakeAgentParameters): Agent {
  const account = demoAccount("flash client");
  // The table shows what small escrows insure: none of them grows.
  const opening = { amount: () => escrow, renew: false };
  const chain = createEscrowReader(client);
  const scheme = new FlashEvmScheme({ client: account, settlements: [settlement], payBy: "tab", opening, chain });
  const sdk = new x402Client().register("eip155:*", scheme);
  return { account, fetch: wrapFetchWithFlash(fetch, sdk, scheme) };
}

/** Has the client pay for one request. */
export async function payOnce({ fetch }: Agent, url: string): Promise<PaidRequest> {
  const started = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  const latency = performance.now() - started;
  const header = response.headers.get("PAYMENT-RESPONSE");
  if (response.status !== 200 || header === null) {
    const required = response.headers.get("PAYMENT-REQUIRED");
    const why = required === null ? "" : ` (${decodePaymentRequiredHeader(required).error})`;
    throw new DemoError(`The client got ${response.status} from ${url} instead of what it paid for${why}.`);
  }
  const { amount } = decodePaymentResponseHeader(header);
  if (amount === undefined) throw new DemoError("The client was not told what it paid.");
  return { url, latency, amount: BigInt(amount) };
}
