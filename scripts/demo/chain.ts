import { createPublicClient, createWalletClient, http, type PrivateKeyAccount } from "viem";
import { base } from "viem/chains";

/** Clients of the demo's chain. It mines at once, so there is no sense in waiting between two looks. */
export function connectChain(rpcUrl: string, account: PrivateKeyAccount) {
  const options = { chain: base, transport: http(rpcUrl), pollingInterval: 20, cacheTime: 0 } as const;
  return { client: createPublicClient(options), wallet: createWalletClient({ ...options, account }) };
}

/** A client of the demo's chain. */
export type ChainClient = ReturnType<typeof connectChain>["client"];
