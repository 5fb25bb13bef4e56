import { x402Client } from "@x402/core/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { Address, PrivateKeyAccount } from "viem";
import { DeferredEvmScheme, withBuyerHeader } from "../../../client/x402/deferred/index.ts";
import { payOnce, type PaidRequest } from "../payOnce.ts";
import { demoAccount } from "./settings.ts";

/** An agent of the demo. It holds USDC and no native coin: it never sends a transaction. */
export interface Agent {
  readonly name: string;
  readonly account: PrivateKeyAccount;
  readonly scheme: DeferredEvmScheme;
  readonly fetch: typeof fetch;
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
