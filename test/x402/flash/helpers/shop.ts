import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express, type RequestHandler } from "express";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import type { FacilitatorClient, RouteConfig } from "@x402/core/server";
import type { PaymentRequired, PaymentRequirements, SchemeNetworkServer, SettleResponse } from "@x402/core/types";
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import type { PresentedItem } from "../../../../client/seller/flash/types.ts";
import {
  createLocalFacilitatorClient,
  FlashEvmServer,
  toWirePayload,
  type FlashEvmServerOptions,
  type FlashPayload,
  type ServerDesk,
  type WireOffer,
} from "../../../../client/x402/flash/index.ts";
import { USDC } from "../../../base/addresses.ts";
import type { Market } from "../../../seller/flash/market.ts";

/** CAIP-2 name of the local Base. */
export const NETWORK = "eip155:8453";
/** Price of every route, token base units. */
export const PRICE = 1_000n;

/** Settings of {@link openShop}. */
export interface ShopOptions {
  readonly desk?: Partial<ServerDesk>;
  readonly server?: Partial<FlashEvmServerOptions>;
  /** Further servers that the same routes can be paid to. */
  readonly others?: readonly ServerDesk[];
  /** Another plug-in and whom it asks. */
  readonly remote?: { readonly plugIn: SchemeNetworkServer; readonly facilitator: FacilitatorClient };
  /** Handler of `/fixed`. */
  readonly handler?: RequestHandler;
  /** Mounts more in front of the paid routes. */
  readonly mount?: (app: Express, desk: ServerDesk) => void;
}

/** An API behind the scheme on 127.0.0.1. */
export interface Shop {
  readonly url: string;
  readonly desk: ServerDesk;
  /** Requests that reached a handler. */
  readonly served: string[];
  /** Errors that became refusals. */
  readonly errors: unknown[];
  /** What the 402 of a route offers. */
  offer(path?: string): Promise<PaymentRequirements>;
  /** Sends a payment; `changes` go over the whole of it. */
  pay(payload: FlashPayload | object, path?: string, changes?: object): Promise<Answer>;
  /** Sends whatever stands in for a payment. */
  send(header: string, path?: string): Promise<Answer>;
  close(): Promise<void>;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Code of the 402. */
  readonly error?: string;
  /** `extra` of the first offer of a 402. */
  readonly extra?: WireOffer;
  readonly settlement?: SettleResponse;
}

/** The desk of a market's server. */
export function deskOf(market: Market, desk: Partial<ServerDesk> = {}): ServerDesk {
  const { settlement, server, acceptor, store, chain } = market;
  return { settlement, server, tokens: [USDC], acceptor, store, chain, ...desk };
}

/** Starts an API for a market's server. */
export async function openShop(market: Market, options: ShopOptions = {}): Promise<Shop> {
  const desk = deskOf(market, options.desk);
  const errors: unknown[] = [];
  const served: string[] = [];
  const plugIn =
    options.remote?.plugIn ??
    new FlashEvmServer({
      desks: [desk, ...(options.others ?? [])],
      onError: (error) => errors.push(error),
      ...options.server,
    });
  const facilitator = options.remote?.facilitator ?? createLocalFacilitatorClient([NETWORK]);
  const servers = [market.server, ...(options.others ?? []).map(({ server }) => server)];
  const route: RouteConfig = {
    accepts: servers.map((payTo) => ({ scheme: "flash", network: NETWORK, payTo, price: "$0.001" })),
  };
  const routes = { "GET /fixed": route, "GET /fails": route, "GET /throws": route, "GET /override": route };
  const app = express();
  options.mount?.(app, desk);
  app.use(paymentMiddleware(routes, new x402ResourceServer(facilitator).register(NETWORK, plugIn)));
  app.use((request, _response, next) => {
    served.push(request.path);
    next();
  });
  addHandlers(app, options.handler);
  const http = createServer(app);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const offer = async (path = "/fixed"): Promise<PaymentRequirements> => {
    const [first] = offersOf(await fetch(`${url}${path}`)).accepts;
    if (first === undefined) throw new Error("The 402 offers nothing");
    return first;
  };
  const send = async (header: string, path = "/fixed"): Promise<Answer> =>
    readAnswer(await fetch(`${url}${path}`, { headers: { "PAYMENT-SIGNATURE": header } }));
  let known: PaymentRequirements | undefined;
  return {
    url,
    desk,
    served,
    errors,
    offer,
    send,
    async pay(payload, path, changes = {}) {
      // A client remembers its offer: it pays without a first 402.
      known ??= await offer();
      return send(encode({ x402Version: 2, accepted: known, payload: wire(payload), ...changes }), path);
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function addHandlers(app: Express, handler?: RequestHandler): void {
  app.get("/fixed", handler ?? ((_request, response) => void response.send("sunny")));
  app.get("/override", (request, response) => {
    setSettlementOverrides(response, { amount: String(request.query["charge"]) });
    response.send("sunny");
  });
  app.get("/fails", (_request, response) => void response.status(500).send("out of order"));
  app.get("/throws", () => {
    throw new Error("out of order");
  });
  const quiet: express.ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();
  app.use(quiet);
}

/** Writes a payment as the header has it. */
export function encode(payment: unknown): string {
  return Buffer.from(JSON.stringify(payment)).toString("base64");
}

/** A payload of one signed item. */
export function payloadOf(item: PresentedItem): FlashPayload {
  return item.kind === "transaction" ? { type: "transaction", item } : { type: item.kind, item };
}

function wire(payload: FlashPayload | object): object {
  return "item" in payload ? toWirePayload(payload as FlashPayload) : payload;
}

/** Reads the offers of a 402. */
export function offersOf(response: Response): PaymentRequired {
  const header = response.headers.get("PAYMENT-REQUIRED");
  if (header === null) throw new Error(`No offers in a ${response.status}`);
  return decodePaymentRequiredHeader(header);
}

/** Reads everything of an answer that a test may ask for. */
export async function readAnswer(response: Response): Promise<Answer> {
  const settled = response.headers.get("PAYMENT-RESPONSE");
  const required = response.headers.has("PAYMENT-REQUIRED") ? offersOf(response) : undefined;
  const extra = required?.accepts[0]?.extra as unknown as WireOffer | undefined;
  return {
    status: response.status,
    body: await response.text(),
    ...(required?.error !== undefined && { error: required.error }),
    ...(extra !== undefined && { extra }),
    ...(settled !== null && { settlement: decodePaymentResponseHeader(settled) }),
  };
}
