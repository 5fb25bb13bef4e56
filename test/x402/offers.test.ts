import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import type { FacilitatorClient, RouteConfig } from "@x402/core/server";
import type { Network } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { Address } from "viem";
import { createAcceptor } from "../../client/seller/voucher/accept.ts";
import {
  createLocalFacilitatorClient,
  DeferredEvmServer,
  withBuyerHeader,
  type SellerDesk,
} from "../../client/x402/deferred/index.ts";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { makeAgent, offersOf, settlementOf } from "./helpers/agent.ts";
import { NETWORK, openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";

const OTHER_NETWORK = "eip155:84532";
const OTHER_USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";

describe("x402 deferred: offers of a route", function () {
  this.timeout(60_000);

  let market: Market;
  let shop: Shop;
  const servers: Server[] = [];
  before(async () => {
    market = await openMarket();
    shop = await market.openShop();
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await market.close();
  });

  /** A desk of the same seller on another chain, which nobody asks. */
  async function otherDesk(): Promise<SellerDesk> {
    const { chainView, store, seller } = shop;
    const escrow = { chainId: 84_532n, escrow: market.escrow };
    const assets = [OTHER_USDC as Address];
    return { acceptor: await createAcceptor({ escrow, seller: seller.address, assets, store, chainView }), chainView };
  }

  async function open(accepts: RouteConfig["accepts"], networks: readonly Network[] = [NETWORK]): Promise<string> {
    const local = createLocalFacilitatorClient(networks);
    const facilitator: FacilitatorClient = {
      ...local,
      getSupported: async () => {
        const supported = await local.getSupported();
        const exact = networks.map((network) => ({ x402Version: 2, scheme: "exact", network }));
        return { ...supported, kinds: [...supported.kinds, ...exact] };
      },
    };
    const server = new DeferredEvmServer({
      desks: [shop.desk, await otherDesk()],
      onError: (error) => shop.errors.push(error),
    });
    const resources = new x402ResourceServer(facilitator)
      .register("eip155:*", server)
      .register("eip155:*", new ExactEvmScheme());
    const app = express();
    app.use(paymentMiddleware({ "GET /paid": { accepts } }, resources));
    app.get("/paid", (_request, response) => void response.send("sunny"));
    app.use(((_error, _request, response, _next) => void response.status(500).end()) as express.ErrorRequestHandler);
    const http = createServer(app);
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    servers.push(http);
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}/paid`;
  }

  const deferred = (price: string, network: Network = NETWORK) => ({
    scheme: "deferred",
    network,
    payTo: shop.seller.address,
    price,
  });
  const exact = (price: string) => ({ scheme: "exact", network: NETWORK, payTo: shop.seller.address, price }) as const;

  it("name a lane in each offer of the scheme, and leave the others alone", async () => {
    const url = await open(
      [deferred("$0.001"), exact("$0.003"), deferred("$0.002"), deferred("$0.004", OTHER_NETWORK)],
      [NETWORK, OTHER_NETWORK],
    );
    const response = await fetch(url, { headers: { "PAYMENT-BUYER": (await market.newBuyer(0n)).address } });
    expect(response.status).to.equal(402);
    const { accepts } = offersOf(response);
    expect(accepts.map(({ scheme, amount }) => `${scheme} ${amount}`)).to.deep.equal([
      "deferred 1000",
      "exact 3000",
      "deferred 2000",
      "deferred 4000",
    ]);
    expect(accepts.map(({ extra }) => "voucher" in extra)).to.deep.equal([true, false, true, true]);
    expect(shop.errors).to.deep.equal([]);
  });

  it("lease a lane for a request that asks, not for one that pays", async () => {
    const own = await market.openShop();
    let leases = 0;
    const { offerLane } = own.acceptor;
    own.acceptor.offerLane = (parameters) => {
      leases += 1;
      return offerLane(parameters);
    };
    const buyer = await market.newBuyer();
    const { client } = makeAgent(buyer);
    const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, buyer.address), client);
    expect((await paidFetch(`${own.url}/fixed`)).status).to.equal(200);
    expect(leases).to.equal(1);
  });

  it("are paid by any of them", async () => {
    const url = await open([exact("$0.003"), deferred("$0.002")]);
    const agent = makeAgent(await market.newBuyer());
    const response = await agent.fetch(url);
    expect(response.status).to.equal(200);
    expect(settlementOf(response).amount).to.equal("2000");
  });

  it("may cost what a function says, request by request", async () => {
    const price = ({ adapter }: { adapter: { getQueryParam?: (name: string) => unknown } }) =>
      `$0.00${String(adapter.getQueryParam?.("size") ?? 1)}`;
    const url = await open({ ...deferred("$0.001"), price: price as never });
    const agent = makeAgent(await market.newBuyer());
    const amounts: unknown[] = [];
    for (const size of [1, 5, 2]) amounts.push(settlementOf(await agent.fetch(`${url}?size=${size}`)).amount);
    expect(amounts).to.deep.equal(["1000", "5000", "2000"]);
  });

  it("may name an asset and its amount", async () => {
    const url = await open({ ...deferred(""), price: { asset: USDC, amount: "1234" } });
    const [offer] = offersOf(await fetch(url)).accepts;
    expect(offer?.extra).to.include({ name: "USD Coin", version: "2" });
    expect(settlementOf(await makeAgent(await market.newBuyer()).fetch(url)).amount).to.equal("1234");
  });

  it("state the terms: lifetimes, lanes and deposits", async () => {
    const [offer] = offersOf(await fetch(await open(deferred("$0.001")))).accepts;
    expect(offer?.extra).to.deep.include({
      thawingPeriod: 86_400,
      minVoucherLifetime: 90_000,
      maxLanes: 32,
      deposit: {
        minimum: PRICE.toString(),
        suggested: (100n * PRICE).toString(),
        methods: ["eip3009", "permit2", "eip2612", "allowance"],
      },
    });
  });

  it("say that the price is metered when the route does", async () => {
    const [offer] = offersOf(await fetch(await open({ ...deferred("$0.001"), extra: { metered: true } }))).accepts;
    expect(offer?.extra).to.include({ metered: true });
  });

  const broken: readonly [string, Partial<ReturnType<typeof deferred>>][] = [
    ["a seller that no desk serves", { payTo: PERMIT2 }],
    ["an asset that no desk serves", { price: { asset: PERMIT2, amount: "1" } as never }],
    ["a price that is none", { price: "cheap" }],
  ];
  for (const [what, changes] of broken) {
    it(`fail loudly, and serve nothing, with ${what}`, async () => {
      const { error } = console;
      console.error = () => undefined;
      try {
        const url = await open({ ...deferred("$0.001"), ...changes });
        const response = await fetch(url);
        expect(response.status).to.equal(500);
        expect(await response.text()).to.not.contain("sunny");
      } finally {
        console.error = error;
      }
    });
  }

  it("know the decimals of assets, for settlements in dollars", () => {
    const asset = {
      network: NETWORK,
      asset: PERMIT2,
      decimals: 18,
      symbol: "TEST",
      name: "Test",
      version: "1",
    } as const;
    const server = new DeferredEvmServer({ desks: [shop.desk], assets: [asset] });
    expect(server.getAssetDecimals(PERMIT2, NETWORK)).to.equal(18);
    expect(server.getAssetDecimals(USDC, NETWORK)).to.equal(6);
    expect(server.getAssetDecimals(shop.seller.address, NETWORK)).to.equal(undefined);
  });

  it("take prices in an asset of the seller's own", async () => {
    const asset = {
      network: NETWORK,
      asset: PERMIT2,
      decimals: 2,
      symbol: "TEST",
      name: "Test",
      version: "7",
    } as const;
    const server = new DeferredEvmServer({ desks: [shop.desk], assets: [asset] });
    const price = await server.parsePrice("1.50 TEST", NETWORK);
    expect(price).to.deep.equal({ asset: PERMIT2, amount: "150", extra: { name: "Test", version: "7" } });
    expect((await server.parsePrice("$0.01", NETWORK)).asset).to.equal(USDC);
  });
});
