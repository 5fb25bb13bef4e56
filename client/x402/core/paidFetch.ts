import { x402HTTPClient, type x402Client } from "@x402/core/client";
import type { PaymentPayload, PaymentRequired } from "@x402/core/types";

/** Routes whose offer is remembered. */
const MAX_ROUTES = 256;

/** Settings of a `fetch` that pays in advance. */
export interface PaidFetchOptions {
  /** Names the route of a request: requests of one name share an offer. Method, origin and path by default. */
  readonly routeOf?: (request: Request) => string;
}

/** The scheme that is paid in advance. */
export interface AdvanceScheme {
  readonly scheme: string;
  /** Keys of its offers' `extra` that correct one payment, and say nothing to the next request. */
  readonly correctiveKeys?: readonly string[];
  /** Most payments that are signed for one request after the first. */
  readonly maxCorrections: number;
  /** Milliseconds after which a refused request is not paid again, however it was refused. */
  readonly patience: number;
  /** Whether a payment was signed for an earlier request or attempt, so that sending it again promises nothing new. */
  isResent(payload: PaymentPayload): boolean;
  /** No answer came to a payment. */
  unanswered(payload: PaymentPayload): Promise<void>;
}

/** What {@link createPaidFetch} is made of. */
export interface PaidFetchParameters extends PaidFetchOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly client: x402Client;
  readonly advance: AdvanceScheme;
}

interface PaidResponse {
  readonly response: Response;
  readonly payload: PaymentPayload;
  /** Whether it was signed for this attempt. */
  readonly isNew: boolean;
  /** Whether the refusal taught enough for another payment. */
  readonly isCorrected: boolean;
}

/**
 * Makes a `fetch` that pays a route it has paid before without asking for its price first: one round trip instead of two. When the price
 * has changed, the 402 says so, and the request is paid anew. A request that gets no answer frees what it held at once.
 */
export function createPaidFetch({
  fetch,
  client,
  advance,
  routeOf = defaultRouteOf,
}: PaidFetchParameters): typeof globalThis.fetch {
  const http = new x402HTTPClient(client);
  const offers = new Map<string, PaymentRequired>();
  const isOurs = ({ accepted }: PaymentPayload) => accepted.scheme === advance.scheme;

  async function pay(request: Request, route: string, required: PaymentRequired): Promise<PaidResponse> {
    const payload = await client.createPaymentPayload(required);
    const isNew = !isOurs(payload) || !advance.isResent(payload);
    remember(route, isOurs(payload) ? required : undefined);
    const paid = request.clone();
    for (const [name, value] of Object.entries(http.encodePaymentSignatureHeader(payload))) {
      paid.headers.set(name, value);
    }
    const response = await send(paid, payload);
    const headerOf = (name: string) => response.headers.get(name);
    const { recovered } = await http.processPaymentResult(payload, headerOf, response.status);
    return { response, payload, isNew, isCorrected: recovered };
  }

  async function send(request: Request, payload: PaymentPayload): Promise<Response> {
    try {
      return await fetch(request);
    } catch (error) {
      if (isOurs(payload)) await advance.unanswered(payload);
      throw error;
    }
  }

  /** Only payments of this scheme are worth signing before the price is known to be the same. */
  function remember(route: string, required: PaymentRequired | undefined): void {
    offers.delete(route);
    if (required === undefined) return;
    offers.set(route, withoutCorrection(required, advance));
    const oldest = offers.keys().next().value;
    if (offers.size > MAX_ROUTES && oldest !== undefined) offers.delete(oldest);
  }

  /** Pays until the request is served, or nothing more is to be learned. A blind one goes by an old offer. */
  async function payOn(request: Request, first: PaymentRequired, isFirstBlind: boolean): Promise<Response> {
    const route = routeOf(request);
    const giveUpAt = Date.now() + advance.patience;
    let required = first;
    let isBlind = isFirstBlind;
    let signed = 0;
    for (;;) {
      const paid = await pay(request, route, required);
      if (paid.isNew) signed += 1;
      const next = readPaymentRequired(http, paid.response);
      const isWorthIt = paid.isCorrected || (isBlind && next !== undefined && !isStillOffered(next, paid.payload));
      if (!isWorthIt || signed > advance.maxCorrections || Date.now() > giveUpAt) return paid.response;
      isBlind = false;
      required = next ?? required;
    }
  }

  return async (input, init) => {
    const request = new Request(input, init);
    const known = offers.get(routeOf(request));
    if (known !== undefined) return payOn(request, known, true);
    const unpaid = await fetch(request.clone());
    const required = readPaymentRequired(http, unpaid);
    return required === undefined ? unpaid : payOn(request, required, false);
  };
}

function defaultRouteOf({ method, url }: Request): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

/** A 402 without what corrected the payment before it: a later request would go on from what is long past. */
function withoutCorrection(
  required: PaymentRequired,
  { scheme, correctiveKeys = [] }: Pick<AdvanceScheme, "scheme" | "correctiveKeys">,
): PaymentRequired {
  const { error: _error, ...rest } = required;
  const isLasting = ([key]: readonly [string, unknown]) => !correctiveKeys.includes(key);
  const accepts = required.accepts.map((accept) =>
    accept.scheme === scheme
      ? { ...accept, extra: Object.fromEntries(Object.entries(accept.extra).filter(isLasting)) }
      : accept,
  );
  return { ...rest, accepts };
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
