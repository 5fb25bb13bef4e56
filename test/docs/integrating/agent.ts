// #region README
import { x402Client } from "@x402/core/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { createPublicClient, http, type Address, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import {
  createDepositCheck,
  createFileBuyerStorage,
  DeferredEvmScheme,
  withBuyerHeader,
} from "x402-escrow/x402/deferred";

export interface AgentSettings {
  readonly rpcUrl: string;
  /** The contract the agent trusts with its deposits. It signs for no other. */
  readonly escrow: Address;
  /** Holds USDC; needs no ETH. */
  readonly key: Hex;
  /** JSON file with what the agent has signed. */
  readonly statePath: string;
  /** For logs and alarms. */
  readonly report: (what: string, details: unknown) => void;
}

/** A `fetch` that pays for what it asks for, within its limits. */
export function createPaidFetch({ rpcUrl, escrow, key, statePath, report }: AgentSettings): typeof fetch {
  const client = createPublicClient({ chain: base, transport: http(rpcUrl) });
  const scheme = new DeferredEvmScheme({
    buyer: privateKeyToAccount(key),
    escrows: [escrow],
    limits: {
      maxPrice: 10_000n, // 0.01 USDC a request.
      maxDeposit: 1_000_000n, // 1 USDC a deposit.
      maxExposure: 2_000_000n, // 2 USDC not yet spent at one seller,
      maxTotalExposure: 10_000_000n, // and 10 at all of them together.
    },
    storage: createFileBuyerStorage(statePath),
    wasDepositUsed: createDepositCheck(client),
    onEvent: (event) => report(`agent: ${event.kind}`, event),
  });
  const paying = new x402Client().register("eip155:8453", scheme);
  return wrapFetchWithPayment(withBuyerHeader(fetch, scheme.address), paying);
}
// #endregion
