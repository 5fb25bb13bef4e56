import { x402HTTPClient, type x402Client } from "@x402/core/client";
import type { PaymentPayload, PaymentRequired } from "@x402/core/types";
import type { Hex } from "viem";
import type { DeferredEvmScheme } from "./client.ts";
import { DEFERRED_SCHEME } from "./constants.ts";

/** Routes whose offer is remembered. */
const MAX_ROUTES = 256;

/** Settings of {@link wrapFetchWithVouchers}. */
export interface WrapFetchWithVouchersOptions {
  /** Names the route of a request: requests of one name share an offer. Method, origin and path by default. */
  readonly routeOf?: (request: Request) => string;
}

interface PaidResponse {
  readonly response: Response;
  readonly payload: PaymentPayload;
  /** Whether the refusal taught enough for another payment. */
  readonly isCorrected: boolean;
}

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
  const http = new x402HTTPClient(client);
  const routeOf = options.routeOf ?? defaultRouteOf;
  const offers = new Map<string, PaymentRequired>();

  async function pay(request: Request, route: string, required: PaymentRequired): Promise<PaidResponse> {
    const payload = await client.createPaymentPayload(required);
    remember(route, payload.accepted.scheme === DEFERRED_SCHEME ? required : undefined);
    const paid = request.clone();
    for (const [name, value] of Object.entries(http.encodePaymentSignatureHeader(payload))) {
      paid.headers.set(name, value);
    }
    const response = await send(paid, payload);
    const headerOf = (name: string) => response.headers.get(name);
    const { recovered } = await http.processPaymentResult(payload, headerOf, response.status);
    return { response, payload, isCorrected: recovered };
  }

  async function send(request: Request, payload: PaymentPayload): Promise<Response> {
    try {
      return await fetch(request);
    } catch (error) {
      if (payload.accepted.scheme === DEFERRED_SCHEME)
        await scheme.buyer.unanswered(payload.payload["signature"] as Hex);
      throw error;
    }
  }

  /** Only vouchers are worth signing before the price is known to be the same. */
  function remember(route: string, required: PaymentRequired | undefined): void {
    offers.delete(route);
    if (required === undefined) return;
    offers.set(route, required);
    const oldest = offers.keys().next().value;
    if (offers.size > MAX_ROUTES && oldest !== undefined) offers.delete(oldest);
  }

  return async (input, init) => {
    const request = new Request(input, init);
    const route = routeOf(request);
    const known = offers.get(route);
    if (known !== undefined) {
      const paid = await pay(request, route, known);
      const required = readPaymentRequired(http, paid.response);
      if (required === undefined) return paid.response;
      if (!paid.isCorrected && isStillOffered(required, paid.payload)) return paid.response;
      return (await pay(request, route, required)).response;
    }
    const unpaid = await fetch(request.clone());
    const required = readPaymentRequired(http, unpaid);
    if (required === undefined) return unpaid;
    const paid = await pay(request, route, required);
    if (!paid.isCorrected) return paid.response;
    return (await pay(request, route, readPaymentRequired(http, paid.response) ?? required)).response;
  };
}

function defaultRouteOf({ method, url }: Request): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

/** Whether a 402 still has the offer that was paid, so that paying it again would change nothing. */
function isStillOffered({ accepts }: PaymentRequired, { accepted }: PaymentPayload): boolean {
  return accepts.some(
    ({ scheme, network, asset, payTo, amount }) =>
      scheme === accepted.scheme &&
      network === accepted.network &&
      asset === accepted.asset &&
      payTo === accepted.payTo &&
      amount === accepted.amount,
  );
}

/** Reads the offers of a 402; undefined when it is none of x402 v2. */
function readPaymentRequired(http: x402HTTPClient, response: Response): PaymentRequired | undefined {
  if (response.status !== 402 || !response.headers.has("PAYMENT-REQUIRED")) return undefined;
  try {
    return http.getPaymentRequiredResponse((name) => response.headers.get(name));
  } catch {
    return undefined;
  }
}
