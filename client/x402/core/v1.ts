/** x402 version 1 over HTTP, whatever the scheme and the framework: the payment comes in one header, the settlement goes in another. */

export const V1_PAYMENT_HEADER = "X-PAYMENT";
export const V1_SETTLEMENT_HEADER = "X-PAYMENT-RESPONSE";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Longest payment that is decoded, in characters; Node refuses longer headers by default. */
const MAX_PAYMENT_LENGTH = 16_384;

/** A request, whatever the framework. */
export interface RequestV1 {
  readonly method: string;
  /** Full URL of the resource. */
  readonly url: string;
  readonly headerOf: (name: string) => string | undefined;
}

/** An answer, whatever the framework. */
export interface ResponseV1 {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Serves one resource to clients of x402 version 1. Never throws. */
export type V1Handler = (request: RequestV1) => Promise<ResponseV1>;

/** Writes a settlement as the header has it. */
export function encodeSettlementV1(settlement: object): string {
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
  readonly request: {
    readonly method: string;
    readonly originalUrl: string;
    readonly protocol: string;
    get(name: string): string | undefined;
  };
  readonly response: {
    status(code: number): unknown;
    set(headers: Record<string, string>): unknown;
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
