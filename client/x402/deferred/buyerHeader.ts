import type { Address } from "viem";
import { BUYER_HEADER, BUYER_HEADER_V1 } from "./constants.ts";

/**
 * Makes every request say who will pay, so that the first 402 already offers a lane of that buyer. Everything works without it; with it a
 * buyer that has forgotten its lanes needs no correction, and a first payment knows the buyer's balance.
 *
 * Whoever sees the request learns the address; the payment shows it anyway.
 *
 * @param fetch - The function to wrap; give the result to `wrapFetchWithPayment`.
 * @param buyer - Address of the buyer.
 * @returns A `fetch` that adds the header.
 *
 * @example
 * const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, account.address), client);
 */
export function withBuyerHeader(fetch: typeof globalThis.fetch, buyer: Address): typeof globalThis.fetch {
  return (input, init) => {
    const request = new Request(input, init);
    request.headers.set(BUYER_HEADER, buyer);
    request.headers.set(BUYER_HEADER_V1, buyer);
    return fetch(request);
  };
}
