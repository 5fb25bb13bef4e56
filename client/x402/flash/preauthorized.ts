import type { x402Client } from "@x402/core/client";
import type { PaymentPayload } from "@x402/core/types";
import { createPaidFetch, type PaidFetchOptions } from "../core/paidFetch.ts";
import { keyOfPayload, type FlashEvmScheme } from "./client.ts";
import { CORRECTIVE_KEYS, FLASH_SCHEME } from "./constants.ts";

/** Payments that are signed for one request after the first: the epoch may be corrected, and then the nonce. */
const MAX_CORRECTIONS = 2;
/** Milliseconds within which a request that the server asks to send again is sent again. */
const DEFAULT_PATIENCE = 60_000;

/** Settings of {@link wrapFetchWithFlash}. */
export interface WrapFetchWithFlashOptions extends PaidFetchOptions {
  /** Milliseconds to go on while an opening becomes final or the escrow is used up, 60,000 by default. */
  readonly patience?: number;
}

/**
 * Wraps `fetch` so that a route that was paid by `flash` before is paid again without asking for its price first: one round trip instead of
 * two. A request whose escrow is not final yet, or used up until something is settled, sends the same payment again when the server says
 * so. When the price has changed, the request is paid anew. A request that gets no answer frees what it held at once.
 *
 * @param fetch - The function to wrap.
 * @param client - Client with `scheme` registered. Offers of other schemes are paid too, but never in advance.
 * @param scheme - Who signs.
 * @param options - {@link WrapFetchWithFlashOptions}.
 * @returns A `fetch` that pays.
 * @throws Whatever `client.createPaymentPayload` throws: the payer's limits, or no offer that can be paid.
 *
 * @example
 * const paidFetch = wrapFetchWithFlash(fetch, new x402Client().register("eip155:*", scheme), scheme);
 */
export function wrapFetchWithFlash(
  fetch: typeof globalThis.fetch,
  client: x402Client,
  scheme: FlashEvmScheme,
  { patience = DEFAULT_PATIENCE, ...options }: WrapFetchWithFlashOptions = {},
): typeof globalThis.fetch {
  const keyOf = ({ payload, accepted }: PaymentPayload) => keyOfPayload(payload, accepted.amount);
  const advance = {
    scheme: FLASH_SCHEME,
    correctiveKeys: CORRECTIVE_KEYS,
    maxCorrections: MAX_CORRECTIONS,
    patience,
    isResent: (payload: PaymentPayload) => scheme.payer.isResent(keyOf(payload)),
    unanswered: (payload: PaymentPayload) => scheme.payer.unanswered(keyOf(payload)),
  };
  return createPaidFetch({ ...options, fetch, client, advance });
}
