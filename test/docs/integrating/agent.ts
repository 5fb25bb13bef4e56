// #region README
import { x402Client } from "@x402/core/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { createPublicClient, http, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { canonical } from "x402-escrow/deployments";
import {
  createDepositCheck,
  createFileBuyerStorage,
  DeferredEvmScheme,
  withBuyerHeader,
} from "x402-escrow/x402/deferred";

export interface AgentSettings {
  readonly rpcUrl: string;
  /** Holds USDC; needs no ETH. */
  readonly key: Hex;
  /** JSON file with what the agent has signed. */
  readonly statePath: string;
  /** For logs and alarms. */
  readonly report: (what: string, details: unknown) => void;
}

/** A `fetch` that pays for what it asks for, within its limits. */
export function createPaidFetch({ rpcUrl, key, statePath, report }: AgentSettings): typeof fetch {
  const client = createPublicClient({ chain: base, transport: http(rpcUrl) });
  const scheme = new DeferredEvmScheme({
    buyer: privateKeyToAccount(key),
    escrows: [canonical.VoucherEscrow], // Whom it trusts with deposits. It signs for no other contract.
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
