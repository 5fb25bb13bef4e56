import { x402Client } from "@x402/core/client";
import type { Address, PrivateKeyAccount } from "viem";
import { createEscrowReader, FlashEvmScheme, wrapFetchWithFlash } from "../../../client/x402/flash/index.ts";
import type { ChainClient } from "../chain.ts";
import { demoAccount } from "../common.ts";

/** The client of the demo. It pays from its wallet, and never sends a transaction to pay. */
export interface Agent {
  readonly name: string;
  readonly account: PrivateKeyAccount;
  readonly fetch: typeof fetch;
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
  return { name: CLIENT, account, fetch: wrapFetchWithFlash(fetch, sdk, scheme) };
}
