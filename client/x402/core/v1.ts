/** x402 version 1 over HTTP, whatever the scheme and the framework: the payment comes in one header, the settlement goes in another. */

export const V1_PAYMENT_HEADER = "X-PAYMENT";
const V1_SETTLEMENT_HEADER = "X-PAYMENT-RESPONSE";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Longest payment that is decoded, in characters; Node refuses longer headers by default. */
const MAX_PAYMENT_LENGTH = 16_384;

/** A request, whatever the framework. */
export interface RequestV1 {
  /** HTTP method. */
  readonly method: string;
  /** Full URL of the resource. */
  readonly url: string;
  /** Reads a header; undefined when it is absent. */
  readonly headerOf: (name: string) => string | undefined;
}

/** An answer, whatever the framework. */
export interface ResponseV1 {
  /** HTTP status. */
  readonly status: number;
  /** Headers to set. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What to send. */
  readonly body?: string | Uint8Array;
}

/** Serves one resource to clients of x402 version 1. Never throws. */
export type V1Handler = (request: RequestV1) => Promise<ResponseV1>;

/** A paid request that is about to be served. */
export interface ServeV1Parameters {
  /** Serves it. A status of 400 or more, or a throw, is not charged. */
  readonly respond: () => Promise<ResponseV1>;
  /** Charges it; gives the settlement, or what is answered instead when it cannot be charged. */
  readonly charge: () => Promise<{ readonly settlement: object } | { readonly refusal: ResponseV1 }>;
  /** Ends it without a charge. */
  readonly release: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Serves a paid request, and charges it only when it was served. */
export async function serveV1({ respond, charge, release, onError }: ServeV1Parameters): Promise<ResponseV1> {
  let response: ResponseV1;
  try {
    response = await respond();
  } catch (error) {
    onError(error);
    await release();
    return { status: 500 };
  }
  if (response.status >= 400) {
    await release();
    return response;
  }
  const charged = await charge();
  if ("refusal" in charged) return charged.refusal;
  const headers = { [V1_SETTLEMENT_HEADER]: encodeSettlementV1(charged.settlement), "Cache-Control": "private" };
  return { ...response, headers: { ...response.headers, ...headers } };
}

/** Makes a 402 of version 1. */
export function askV1(accepts: readonly object[], error: string): ResponseV1 {
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  return { status: 402, headers, body: JSON.stringify({ x402Version: 1, error, accepts }) };
}

/** Writes a settlement as the header has it. */
function encodeSettlementV1(settlement: object): string {
  return Buffer.from(JSON.stringify(settlement)).toString("base64");
}

/** Reads the payment header; undefined when it is not base64 of a JSON object. */
export function decodePaymentV1(header: string): Readonly<Record<string, unknown>> | undefined {
  if (header.length > MAX_PAYMENT_LENGTH || !BASE64.test(header)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(header, "base64").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** What an Express request and response have that the handler needs. */
export interface ExpressLike {
  /** As Express hands it to a handler. */
  readonly request: {
    /** HTTP method. */
    readonly method: string;
    /** Path and query as they were asked for. */
    readonly originalUrl: string;
    /** `http` or `https`. */
    readonly protocol: string;
    /** Reads a header. */
    get(name: string): string | undefined;
  };
  /** As Express hands it to a handler. */
  readonly response: {
    /** Sets the status. */
    status(code: number): unknown;
    /** Sets headers. */
    set(headers: Record<string, string>): unknown;
    /** Sends the body, and ends the answer. */
    send(body?: string | Buffer): unknown;
  };
}

/**
 * Mounts a handler in Express.
 *
 * @param handler - Made by `createV1Handler` of a scheme.
 * @returns A request handler of Express.
 *
 * @example
 * app.get("/v1/weather", toExpressHandler(handler));
 */
export function toExpressHandler(
  handler: V1Handler,
): (request: ExpressLike["request"], response: ExpressLike["response"]) => Promise<void> {
  return async (request, response) => {
    const { method, protocol, originalUrl } = request;
    const headerOf = (name: string) => request.get(name);
    const answer = await handler({ method, url: `${protocol}://${request.get("host") ?? ""}${originalUrl}`, headerOf });
    response.status(answer.status);
    response.set({ ...answer.headers });
    response.send(typeof answer.body === "object" ? Buffer.from(answer.body) : answer.body);
  };
}
