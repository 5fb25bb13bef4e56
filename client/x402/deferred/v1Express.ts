import type { V1Handler } from "../core/v1.ts";

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
 * @param handler - Made by {@link createV1Handler}.
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
