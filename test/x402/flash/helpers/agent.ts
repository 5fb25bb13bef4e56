import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import type { PrivateKeyAccount } from "viem/accounts";
import {
  FlashEvmScheme,
  wrapFetchWithFlash,
  type FlashEvmSchemeOptions,
  type PayerEvent,
} from "../../../../client/x402/flash/index.ts";
import { canonical } from "../../../../deployments/index.ts";

/** A paying client. */
export interface Agent {
  readonly scheme: FlashEvmScheme;
  readonly client: x402Client;
  readonly events: PayerEvent[];
  /** Stock `wrapFetchWithPayment`. */
  readonly stockFetch: typeof fetch;
  /** Pays in advance. */
  readonly fetch: typeof fetch;
  /** Requests that left, payments included. */
  readonly sent: Request[];
}

/** Every market has its contract at the one address of the production module. */
const settlements = [canonical.FlashSettlement];

/** Makes an agent that trusts the contract of the markets. */
export function makeAgent(client: PrivateKeyAccount, options: Partial<FlashEvmSchemeOptions> = {}): Agent {
  const events: PayerEvent[] = [];
  const sent: Request[] = [];
  const scheme = new FlashEvmScheme({ client, settlements, onEvent: (event) => events.push(event), ...options });
  const sdk = new x402Client().register("eip155:*", scheme);
  const recording: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    sent.push(request);
    return fetch(request);
  };
  return {
    scheme,
    client: sdk,
    events,
    sent,
    stockFetch: wrapFetchWithPayment(recording, sdk),
    fetch: wrapFetchWithFlash(recording, sdk, scheme),
  };
}
