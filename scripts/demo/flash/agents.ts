import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import type { Address, PrivateKeyAccount } from "viem";
import {
  createEscrowReader,
  FlashEvmScheme,
  wrapFetchWithFlash,
  type PayerOptions,
} from "../../../client/x402/flash/index.ts";
import type { ChainClient } from "../chain.ts";
import { demoAccount } from "../common.ts";
import { DemoError } from "../errors.ts";

/** An agent of the demo. It pays from its wallet, and never sends a transaction to pay. */
export interface Agent {
  readonly name: string;
  readonly account: PrivateKeyAccount;
  readonly fetch: typeof fetch;
}

/** One paid request, as its agent saw it. */
export interface PaidRequest {
  readonly agent: string;
  /** Where it was served. */
  readonly url: string;
  /** Milliseconds from the call of `fetch` to the answer. */
  readonly latency: number;
  /** What the settlement says was accepted, token base units. */
  readonly amount: bigint;
}

/** The agent that empties its wallet, and how each agent pays. */
export const RUNAWAY = "agent 4";
const KINDS: Readonly<Record<string, NonNullable<PayerOptions["payBy"]>>> = {
  "agent 1": "tab",
  "agent 2": "tab",
  "agent 3": "payment",
  [RUNAWAY]: "tab",
};

/** What agents are made of. */
export interface MakeAgentsParameters {
  readonly settlement: Address;
  readonly client: ChainClient;
  /** What each locks for a server, token base units. */
  readonly escrow: bigint;
}

/** Makes agents that pay through one contract. */
export function makeAgents({ settlement, client, escrow }: MakeAgentsParameters): readonly Agent[] {
  return Object.entries(KINDS).map(([name, payBy]) => {
    const account = demoAccount(`flash ${name}`);
    const chain = createEscrowReader(client);
    // The table shows what small escrows insure: none of them grows.
    const opening = { amount: () => escrow, renew: false };
    const scheme = new FlashEvmScheme({ client: account, settlements: [settlement], payBy, opening, chain });
    const sdk = new x402Client().register("eip155:*", scheme);
    return { name, account, fetch: wrapFetchWithFlash(fetch, sdk, scheme) };
  });
}

/** Has an agent pay for one request. */
export async function payOnce({ name, fetch }: Agent, url: string): Promise<PaidRequest> {
  const started = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  const latency = performance.now() - started;
  const header = response.headers.get("PAYMENT-RESPONSE");
  if (response.status !== 200 || header === null) {
    const required = response.headers.get("PAYMENT-REQUIRED");
    const why = required === null ? "" : ` (${decodePaymentRequiredHeader(required).error})`;
    throw new DemoError(`${name} got ${response.status} from ${url} instead of what it paid for${why}.`);
  }
  const { amount } = decodePaymentResponseHeader(header);
  if (amount === undefined) throw new DemoError(`${name} was not told what it paid.`);
  return { agent: name, url, latency, amount: BigInt(amount) };
}
