import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import type { PaymentRequired, SettleResponse } from "@x402/core/types";
import type { PrivateKeyAccount } from "viem/accounts";
import {
  DeferredEvmScheme,
  type BuyerEvent,
  type DeferredEvmSchemeOptions,
} from "../../../client/x402/deferred/index.ts";
import { canonical } from "../../../deployments/index.ts";

/** A paying client with the stock SDK. */
export interface Agent {
  readonly scheme: DeferredEvmScheme;
  readonly client: x402Client;
  readonly events: BuyerEvent[];
  /** Stock `wrapFetchWithPayment`. */
  readonly fetch: typeof fetch;
  /** Requests that left, payments included. */
  readonly sent: Request[];
}

/** Every market has its escrow at the one address of the production module. */
const escrows = [canonical.VoucherEscrow];

/** Makes an agent that trusts the escrow of the markets. */
export function makeAgent(buyer: PrivateKeyAccount, options: Partial<DeferredEvmSchemeOptions> = {}): Agent {
  const events: BuyerEvent[] = [];
  const sent: Request[] = [];
  const scheme = new DeferredEvmScheme({ buyer, escrows, onEvent: (event) => events.push(event), ...options });
  const client = new x402Client().register("eip155:*", scheme);
  const recording: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    sent.push(request);
    return fetch(request);
  };
  return { scheme, client, events, sent, fetch: wrapFetchWithPayment(recording, client) };
}

/** Reads the settlement of a paid answer. */
export function settlementOf(response: Response): SettleResponse {
  const header = response.headers.get("PAYMENT-RESPONSE");
  if (header === null) throw new Error(`No settlement in a ${response.status}`);
  return decodePaymentResponseHeader(header);
}

/** Reads the offers of a 402. */
export function offersOf(response: Response): PaymentRequired {
  const header = response.headers.get("PAYMENT-REQUIRED");
  if (header === null) throw new Error(`No offers in a ${response.status}`);
  return decodePaymentRequiredHeader(header);
}
