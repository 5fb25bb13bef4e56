import type { x402Client } from "@x402/core/client";
import type { Hex } from "viem";
import { createPaidFetch, type PaidFetchOptions } from "../core/paidFetch.ts";
import type { DeferredEvmScheme } from "./client.ts";
import { DEFERRED_SCHEME } from "./constants.ts";

/** Settings of {@link wrapFetchWithVouchers}. */
export interface WrapFetchWithVouchersOptions extends PaidFetchOptions {}

/**
 * Wraps `fetch` so that a route that was paid by vouchers before is paid again without asking for its price first: one round trip instead
 * of two. When the price has changed, the seller's 402 says so, and the request is paid anew, once. A request that gets no answer frees
 * its lane at once.
 *
 * @param fetch - The function to wrap.
 * @param client - Client with `scheme` registered. Offers of other schemes are paid too, but never in advance.
 * @param scheme - Who signs the vouchers.
 * @param options - {@link WrapFetchWithVouchersOptions}.
 * @returns A `fetch` that pays.
 * @throws Whatever `client.createPaymentPayload` throws: the buyer's limits, or no offer that can be paid.
 *
 * @example
 * const paidFetch = wrapFetchWithVouchers(fetch, new x402Client().register("eip155:*", scheme), scheme);
 */
export function wrapFetchWithVouchers(
  fetch: typeof globalThis.fetch,
  client: x402Client,
  scheme: DeferredEvmScheme,
  options: WrapFetchWithVouchersOptions = {},
): typeof globalThis.fetch {
  const advance = {
    scheme: DEFERRED_SCHEME,
    maxCorrections: 1,
    patience: Number.POSITIVE_INFINITY,
    isResent: () => false,
    unanswered: ({ payload }: { readonly payload: Record<string, unknown> }) =>
      scheme.buyer.unanswered(payload["signature"] as Hex),
  };
  return createPaidFetch({ ...options, fetch, client, advance });
}
