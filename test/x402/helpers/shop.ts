import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express, type RequestHandler } from "express";
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import type { RouteConfig } from "@x402/core/server";
import type { PrivateKeyAccount } from "viem/accounts";
import { privateKeyToAccount, generatePrivateKey } from "viem/accounts";
import type { Address } from "viem";
import { createAcceptor } from "../../../client/seller/voucher/accept.ts";
import { createChainView } from "../../../client/seller/voucher/chainView.ts";
import { createMemoryStore } from "../../../client/seller/voucher/store/memory.ts";
import type { Acceptor, SellerLimits } from "../../../client/seller/voucher/types.ts";
import type { ChainView } from "../../../client/seller/voucher/chain/types.ts";
import type { VoucherStore } from "../../../client/seller/voucher/store/types.ts";
import {
  DeferredEvmServer,
  createLocalFacilitatorClient,
  createWalletRelayer,
  type DeferredEvmServerOptions,
  type Relayer,
  type SellerDesk,
  type WalletRelayerOptions,
} from "../../../client/x402/deferred/index.ts";
import { USDC } from "../../base/addresses.ts";
import { connectBase, type Base } from "../../helpers/base.ts";
import { deployVoucherEscrow } from "../../helpers/voucherEscrow.ts";

/** CAIP-2 name of the local Base. */
export const NETWORK = "eip155:8453";
/** Price of `/fixed` and ceiling of `/metered`, token base units. */
export const PRICE = 1_000n;

/** A local Base with VoucherEscrow on it. One for a test file; nothing on it is shared but the contracts. */
export interface Market {
  readonly base: Base;
  readonly escrow: Address;
  /** A buyer of its own, with USDC. */
  newBuyer(usdc?: bigint): Promise<PrivateKeyAccount>;
  /** A seller of its own. */
  openShop(options?: ShopOptions): Promise<Shop>;
  close(): Promise<void>;
}

/** Settings of a shop. */
export interface ShopOptions {
  readonly limits?: Partial<SellerLimits>;
  readonly server?: Partial<DeferredEvmServerOptions>;
  readonly desk?: Partial<SellerDesk>;
  readonly relayer?: Partial<WalletRelayerOptions>;
  /** Handler of `/fixed`; answers with a text by default. */
  readonly handler?: RequestHandler;
  readonly store?: VoucherStore;
  readonly seller?: PrivateKeyAccount;
  /** Mounts more in front of the paid routes. */
  readonly mount?: (app: Express, desk: SellerDesk) => void;
  readonly maxTimeoutSeconds?: number;
}

/** An API behind the scheme on 127.0.0.1. */
export interface Shop {
  readonly url: string;
  readonly seller: PrivateKeyAccount;
  readonly acceptor: Acceptor;
  readonly chainView: ChainView;
  readonly store: VoucherStore;
  readonly relayer: Relayer;
  readonly desk: SellerDesk;
  readonly server: DeferredEvmServer;
  /** Requests that reached a handler. */
  readonly served: string[];
  /** Errors that became refusals. */
  readonly errors: unknown[];
  /** Charged and not collected, all lanes of a buyer, token base units. */
  charged(buyer: Address): Promise<bigint>;
  close(): Promise<void>;
}

/** Starts a market. */
export async function openMarket(): Promise<Market> {
  const base = await connectBase();
  const escrow = await deployVoucherEscrow(base);
  const shops: Shop[] = [];
  return {
    base,
    escrow,
    async newBuyer(usdc = 10_000_000n) {
      const buyer = privateKeyToAccount(generatePrivateKey());
      if (usdc > 0n) await base.fundUsdc(buyer.address, usdc);
      return buyer;
    },
    async openShop(options = {}) {
      const shop = await openShop(base, escrow, options);
      shops.push(shop);
      return shop;
    },
    async close() {
      for (const shop of shops) await shop.close();
      await base.close();
    },
  };
}

async function openShop(base: Base, escrow: Address, options: ShopOptions): Promise<Shop> {
  const seller = options.seller ?? privateKeyToAccount(generatePrivateKey());
  const store = options.store ?? createMemoryStore();
  const escrowId = { chainId: 8453n, escrow };
  const client = base.publicClient;
  const chainView = createChainView({
    client,
    escrow: escrowId,
    seller: seller.address,
    store,
    confirmations: 0,
    pollingInterval: 10,
  });
  await chainView.sync();
  chainView.start();
  const acceptor = await createAcceptor({
    escrow: escrowId,
    seller: seller.address,
    assets: [USDC],
    store,
    chainView,
    ...(options.limits !== undefined && { limits: options.limits }),
  });
  const relayer = createWalletRelayer({
    escrow: escrowId,
    wallet: base.wallets.relayer,
    client,
    minimumDeposits: { [USDC]: PRICE },
    ...options.relayer,
  });
  const desk: SellerDesk = { acceptor, chainView, relayer, ...options.desk };
  const errors: unknown[] = [];
  const server = new DeferredEvmServer({ desks: [desk], onError: (error) => errors.push(error), ...options.server });
  const served: string[] = [];
  const app = express();
  options.mount?.(app, desk);
  app.use(paidRoutes(server, seller.address, options.maxTimeoutSeconds));
  app.use((request, _response, next) => {
    served.push(request.path);
    next();
  });
  addHandlers(app, options.handler);
  const http = createServer(app);
  const url = await listen(http);
  return {
    url,
    seller,
    acceptor,
    chainView,
    store,
    relayer,
    desk,
    server,
    served,
    errors,
    async charged(buyer) {
      const lanes = await store.listLanesOf({ ...escrowId, seller: seller.address, asset: USDC, buyer });
      return lanes.reduce((sum, { charged, collected }) => sum + charged - collected, 0n);
    },
    async close() {
      http.closeAllConnections();
      if (http.listening) await new Promise((resolve) => http.close(resolve));
      await chainView.stop();
      await store.close();
    },
  };
}

function paidRoutes(server: DeferredEvmServer, payTo: Address, maxTimeoutSeconds?: number): RequestHandler {
  const offer = (price: string, extra?: Record<string, unknown>): RouteConfig => ({
    accepts: {
      scheme: "deferred",
      network: NETWORK,
      payTo,
      price,
      ...(maxTimeoutSeconds !== undefined && { maxTimeoutSeconds }),
      ...(extra !== undefined && { extra }),
    },
  });
  const resources = new x402ResourceServer(createLocalFacilitatorClient([NETWORK])).register(NETWORK, server);
  return paymentMiddleware(
    {
      "GET /fixed": offer("$0.001"),
      "GET /metered": offer("$0.001", { metered: true }),
      "GET /dear": offer("$0.5"),
      "GET /fails": offer("$0.001"),
      "GET /throws": offer("$0.001"),
    },
    resources,
  );
}

function addHandlers(app: Express, handler?: RequestHandler): void {
  app.get("/fixed", handler ?? ((_request, response) => void response.send("sunny")));
  app.get("/dear", (_request, response) => void response.send("sunny"));
  app.get("/metered", (request, response) => {
    const { charge } = request.query;
    if (typeof charge === "string") setSettlementOverrides(response, { amount: charge });
    response.send("metered");
  });
  app.get("/fails", (_request, response) => void response.status(500).send("out of order"));
  app.get("/throws", () => {
    throw new Error("out of order");
  });
  const quiet: express.ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();
  app.use(quiet);
}

async function listen(http: Server): Promise<string> {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
