import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader } from "@x402/core/http";
import { decodePaymentResponseHeader, wrapFetchWithPayment } from "@x402/fetch";
import type { Address, PrivateKeyAccount } from "viem";
import { DeferredEvmScheme, withBuyerHeader } from "../../../client/x402/deferred/index.ts";
import { DemoError } from "../errors.ts";
import { demoAccount } from "./settings.ts";

/** An agent of the demo. It holds USDC and no native coin: it never sends a transaction. */
export interface Agent {
  readonly name: string;
  readonly account: PrivateKeyAccount;
  readonly scheme: DeferredEvmScheme;
  readonly fetch: typeof fetch;
}

/** One paid request, as its agent saw it. */
export interface PaidRequest {
  readonly agent: string;
  readonly path: string;
  /** Milliseconds from the call of `fetch` to the answer. */
  readonly latency: number;
  /** What the settlement says was charged, token base units. */
  readonly charged: bigint;
}

/** Makes agents that pay through one escrow. */
export function makeAgents(count: number, escrow: Address): Agent[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `agent ${index + 1}`;
    const account = demoAccount(name);
    const scheme = new DeferredEvmScheme({ buyer: account, escrows: [escrow] });
    const client = new x402Client().register("eip155:*", scheme);
    return { name, account, scheme, fetch: wrapFetchWithPayment(withBuyerHeader(fetch, account.address), client) };
  });
}

/** Has an agent pay for one request. */
async function payOnce(agent: Agent, url: string): Promise<PaidRequest> {
  const started = performance.now();
  const response = await agent.fetch(url);
  await response.arrayBuffer();
  const latency = performance.now() - started;
  const header = response.headers.get("PAYMENT-RESPONSE");
  if (response.status !== 200 || header === null) {
    const required = response.headers.get("PAYMENT-REQUIRED");
    const why = required === null ? "" : ` (${decodePaymentRequiredHeader(required).error})`;
    throw new DemoError(`${agent.name} got ${response.status} from ${url} instead of what it paid for${why}.`);
  }
  const settlement = decodePaymentResponseHeader(header);
  if (settlement.amount === undefined) throw new DemoError(`${agent.name} was not told what it was charged.`);
  return { agent: agent.name, path: new URL(url).pathname, latency, charged: BigInt(settlement.amount) };
}

/** Has an agent pay `paths` in order, at most `parallel` at once. */
export async function payAll(
  agent: Agent,
  api: string,
  paths: readonly string[],
  parallel: number,
  onPaid: (request: PaidRequest) => void,
): Promise<void> {
  const queue = [...paths];
  const worker = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      onPaid(await payOnce(agent, `${api}${path}`));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
