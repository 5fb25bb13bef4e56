import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import { DemoError } from "./errors.ts";

/** One paid request, as whoever paid it saw it. */
export interface PaidRequest {
  /** Who paid. */
  readonly agent: string;
  /** Where it was served. */
  readonly url: string;
  /** Milliseconds from the call of `fetch` to the answer. */
  readonly latency: number;
  /** What the settlement says was paid, token base units. */
  readonly amount: bigint;
}

/** Has an agent pay for one request. */
export async function payOnce(
  { name, fetch }: { readonly name: string; readonly fetch: typeof globalThis.fetch },
  url: string,
): Promise<PaidRequest> {
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
