import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express, type RequestHandler } from "express";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import type { FacilitatorClient, RouteConfig } from "@x402/core/server";
import type { PaymentRequired, PaymentRequirements, SettleResponse } from "@x402/core/types";
import { AuthCaptureEvmScheme as StockScheme } from "@x402/evm/auth-capture/client";
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import type { Address } from "viem";
import {
  deployOperator,
  ESCROW_DEPLOYMENTS,
  type Generation,
  type PaymentReference,
  type Terms,
} from "../../../../client/auth-capture/index.ts";
import { getStatus, type PaymentStatus } from "../../../../client/auth-capture/read.ts";
import {
  createMemoryPaymentStore,
  createPaymentManager,
  createWalletSender,
  type ActionSender,
  type PaymentManager,
  type PaymentRecord,
  type PaymentStore,
} from "../../../../client/seller/auth-capture/index.ts";
import {
  AuthCaptureEvmServer,
  createLocalFacilitatorClient,
  parseReport,
  type AuthCaptureDesk,
  type PaymentReport,
} from "../../../../client/x402/auth-capture/index.ts";
import { mined } from "../../../helpers/mined.ts";
import { NETWORK, plainHold, type Bench, type Payer } from "./bench.ts";

/** Settings of {@link openShop}. */
export interface ShopOptions {
  readonly terms?: Terms;
  readonly generation?: Generation;
  /** False leaves the operator undeployed. */
  readonly isDeployed?: boolean;
  readonly store?: PaymentStore;
  readonly desk?: Partial<AuthCaptureDesk>;
  readonly sender?: (sender: ActionSender, facilitator: FacilitatorClient) => ActionSender;
  readonly facilitator?: (facilitator: FacilitatorClient) => FacilitatorClient;
  /** Handler of `/slow`. */
  readonly handler?: RequestHandler;
  readonly seller?: PrivateKeyAccount;
  readonly onUnserved?: (record: PaymentRecord) => void;
  /** Seconds that the shop's clock is ahead of the chain's. */
  readonly ahead?: () => bigint;
  /** How long a payer's signature counts, as the routes say it; the desk's time when absent. */
  readonly maxTimeoutSeconds?: number;
}

/** An API behind the scheme on 127.0.0.1. */
export interface Shop {
  readonly url: string;
  readonly seller: PrivateKeyAccount;
  readonly store: PaymentStore;
  readonly manager: PaymentManager;
  readonly scheme: AuthCaptureEvmServer;
  readonly terms: Terms;
  readonly escrow: Address;
  /** Requests that reached a handler. */
  readonly served: string[];
  /** Errors that became refusals, and captures that are tried again. */
  readonly errors: unknown[];
  /** First offer of a 402. */
  offer(path?: string): Promise<PaymentRequirements>;
  /** Sends a payment as it is. */
  send(payment: unknown, path?: string): Promise<Answer>;
  /** Signs the offer of a path as the stock client does. */
  sign(payer: Payer, path?: string): Promise<Sent>;
  /** Pays as the stock client does. */
  pay(payer: Payer, path?: string): Promise<Answer>;
  /** How the payment of an answer stands on the chain. */
  statusOf(answer: Answer): Promise<PaymentStatus>;
  close(): Promise<void>;
}

/** A payment, ready to be sent. */
export interface Sent {
  readonly x402Version: number;
  readonly accepted: PaymentRequirements;
  readonly payload: Record<string, unknown>;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Code of the 402. */
  readonly error?: string;
  readonly settlement?: SettleResponse;
  readonly report?: PaymentReport;
}

/** The stock client of the SDK for a payer, unmodified. */
export function stockFetch({ address, account, wrap }: Payer): typeof fetch {
  const signer = {
    address,
    signTypedData: async (data: object) => wrap(await account.signTypedData(data as never)),
  };
  return wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", new StockScheme(signer as never)));
}

/** Opens an API on a bench. */
export async function openShop(bench: Bench, options: ShopOptions = {}): Promise<Shop> {
  const { base, contracts, chain } = bench;
  const seller = options.seller ?? privateKeyToAccount(generatePrivateKey());
  const terms = options.terms ?? plainHold(seller.address);
  const { escrow } = ESCROW_DEPLOYMENTS[options.generation ?? "v1.1"];
  const factory = contracts.termsOperatorFactory;
  if (options.isDeployed !== false) {
    await mined(base.publicClient, await deployOperator(base.wallets.deployer, { factory, terms, escrow }));
  }
  const errors: unknown[] = [];
  const served: string[] = [];
  const store = options.store ?? createMemoryPaymentStore();
  const client = base.publicClient;
  const ahead = options.ahead ?? (() => 0n);
  const clock = () => BigInt(Math.floor(Date.now() / 1000)) + ahead();
  const local = createLocalFacilitatorClient({ chains: [chain], clock, onError: (error) => errors.push(error) });
  const facilitator = options.facilitator?.(local) ?? local;
  const wallet = createWalletSender({ client, wallet: bench.sender, pollingInterval: 10, timeout: 5_000 });
  const manager = createPaymentManager({
    store,
    chainId: 8453n,
    client,
    sender: options.sender?.(wallet, facilitator) ?? wallet,
    authorizers: [seller],
    clock,
    ...(options.onUnserved !== undefined && { onUnserved: options.onUnserved }),
  });
  const desk: AuthCaptureDesk = {
    chainId: 8453n,
    client,
    factory,
    terms,
    escrow,
    receiver: seller.address,
    authorizer: seller,
    manager,
    ...options.desk,
  };
  const scheme = new AuthCaptureEvmServer({
    facilitator,
    desks: [desk],
    clock,
    onError: (error) => errors.push(error),
  });
  const { maxTimeoutSeconds } = options;
  const timeout = maxTimeoutSeconds === undefined ? {} : { maxTimeoutSeconds };
  const route = (extra: Record<string, unknown> = {}): RouteConfig => ({
    accepts: { scheme: "auth-capture", network: NETWORK, payTo: seller.address, price: "$1", ...timeout, extra },
  });
  const routes = {
    "GET /report": route(),
    "GET /permit2": route({ assetTransferMethod: "permit2" }),
    "GET /metered": route(),
    "GET /fails": route(),
    "GET /throws": route(),
    "GET /slow": route(),
  };
  const app = express();
  app.use(paymentMiddleware(routes, new x402ResourceServer(facilitator).register(NETWORK, scheme)));
  app.use((request, _response, next) => {
    served.push(request.path);
    next();
  });
  addHandlers(app, options.handler);
  const http = createServer(app).listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const offer = async (path = "/report"): Promise<PaymentRequirements> => {
    const response = await fetch(`${url}${path}`);
    const [first] = offersOf(response)?.accepts ?? [];
    if (first === undefined) throw new Error(`The answer ${response.status} offers nothing: ${await response.text()}`);
    return first;
  };
  return {
    url,
    seller,
    store,
    manager,
    scheme,
    terms,
    escrow,
    served,
    errors,
    offer,
    async send(payment, path = "/report") {
      const header = Buffer.from(typeof payment === "string" ? payment : JSON.stringify(payment)).toString("base64");
      return readAnswer(await fetch(`${url}${path}`, { headers: { "PAYMENT-SIGNATURE": header } }));
    },
    async sign(payer, path = "/report") {
      const { x402Version, accepted, payload } = await bench.sign(payer, await offer(path));
      return { x402Version, accepted, payload };
    },
    pay: async (payer, path = "/report") => readAnswer(await stockFetch(payer)(`${url}${path}`)),
    async statusOf({ report }) {
      if (report === undefined) throw new Error("The answer has no report");
      const payment: PaymentReference = { chainId: 8453n, escrow, paymentInfo: report.paymentInfo };
      return getStatus(client, { ...payment, terms });
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await store.close();
    },
  };
}

function addHandlers(app: Express, handler?: RequestHandler): void {
  app.get("/report", (_request, response) => void response.send("sunny"));
  app.get("/permit2", (_request, response) => void response.send("sunny"));
  app.get("/metered", (request, response) => {
    setSettlementOverrides(response, { amount: String(request.query["amount"]) });
    response.send("sunny");
  });
  app.get("/fails", (_request, response) => void response.status(500).send("out of order"));
  app.get("/throws", () => {
    throw new Error("out of order");
  });
  app.get("/slow", handler ?? ((_request, response) => void response.send("sunny")));
  const quiet: express.ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();
  app.use(quiet);
}

function offersOf(response: Response): PaymentRequired | undefined {
  const header = response.headers.get("PAYMENT-REQUIRED");
  return header === null ? undefined : decodePaymentRequiredHeader(header);
}

async function readAnswer(response: Response): Promise<Answer> {
  const body = await response.text();
  const header = response.headers.get("PAYMENT-RESPONSE");
  const settlement = header === null ? undefined : decodePaymentResponseHeader(header);
  const report = parseReport(settlement?.extra);
  const error = offersOf(response)?.error ?? settlement?.errorReason;
  return {
    status: response.status,
    body,
    ...(error !== undefined && { error }),
    ...(settlement !== undefined && { settlement }),
    ...(report.isValid && { report: report.value }),
  };
}
