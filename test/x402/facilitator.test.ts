import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import { HTTPFacilitatorClient, type FacilitatorClient } from "@x402/core/server";
import { x402Facilitator } from "@x402/core/facilitator";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import type { Address } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import {
  createFacilitatorRelayer,
  createInProcessFacilitatorClient,
  createLocalFacilitatorClient,
  DeferredEvmFacilitator,
  RemoteDeferredEvmServer,
} from "../../client/x402/deferred/index.ts";
import { getAccount } from "../../client/voucher/index.ts";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { makeAgent, offersOf, settlementOf } from "./helpers/agent.ts";
import { makePayment, sendPayment } from "./helpers/payment.ts";
import { NETWORK, openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";
import { mutate } from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";

describe("x402 deferred: facilitator", function () {
  this.timeout(60_000);

  let market: Market;
  const servers: Server[] = [];
  before(async () => {
    market = await openMarket();
  });
  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await market.close();
  });

  async function listen(app: express.Express): Promise<string> {
    const server = createServer(app);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A facilitator that serves one seller, whose store and chain view are the shop's. */
  function makeFacilitator(shop: Shop): { facilitator: x402Facilitator; scheme: DeferredEvmFacilitator } {
    const { desk, relayer, errors } = shop;
    const scheme = new DeferredEvmFacilitator({
      escrows: [
        {
          escrow: desk.acceptor.escrow,
          relayer,
          collectionMargin: desk.acceptor.limits.collectionMargin,
          deskOf: (seller) => (seller === desk.acceptor.seller ? desk : undefined),
        },
      ],
      onError: (error) => errors.push(error),
    });
    return {
      scheme,
      facilitator: new x402Facilitator().register([NETWORK], scheme).registerV1(["base" as never], scheme),
    };
  }

  /** Serves a facilitator over HTTP, as the SDK's client expects it. */
  async function serve(facilitator: x402Facilitator): Promise<string> {
    const app = express().use(express.json({ limit: "100kb" }));
    const body = (request: express.Request) =>
      request.body as { paymentPayload: PaymentPayload; paymentRequirements: PaymentRequirements };
    app.post("/verify", async (request, response) => {
      const { paymentPayload, paymentRequirements } = body(request);
      response.json(await facilitator.verify(paymentPayload, paymentRequirements));
    });
    app.post("/settle", async (request, response) => {
      const { paymentPayload, paymentRequirements } = body(request);
      response.json(await facilitator.settle(paymentPayload, paymentRequirements));
    });
    app.get("/supported", (_request, response) => void response.json(facilitator.getSupported()));
    return listen(app);
  }

  /** An API that leaves everything to a facilitator. */
  async function openRemoteShop(client: FacilitatorClient, payTo: Address): Promise<{ url: string; served: string[] }> {
    const app = express();
    const accepts = { scheme: "deferred", network: NETWORK, payTo, price: "$0.001" } as const;
    const server = new x402ResourceServer(client).register(
      NETWORK,
      new RemoteDeferredEvmServer({ facilitator: client }),
    );
    app.use(paymentMiddleware({ "GET /fixed": { accepts }, "GET /metered": { accepts } }, server));
    const served: string[] = [];
    app.get("/fixed", (request, response) => {
      served.push(request.path);
      response.send("sunny");
    });
    app.get("/metered", (request, response) => {
      setSettlementOverrides(response, { amount: String(request.query["charge"]) });
      response.send("metered");
    });
    return { url: await listen(app), served };
  }

  const balanceOf = async (buyer: Address, seller: Address) => {
    const parameters = { escrow: market.escrow, buyer, seller, asset: USDC };
    return (await getAccount(market.base.publicClient, parameters)).balance;
  };

  describe("for a seller that keeps nothing", () => {
    async function meet(isRemote = true) {
      const shop = await market.openShop();
      const { facilitator } = makeFacilitator(shop);
      const client: FacilitatorClient = isRemote
        ? new HTTPFacilitatorClient({ url: await serve(facilitator) })
        : createInProcessFacilitatorClient(facilitator);
      const remote = await openRemoteShop(client, shop.seller.address);
      const buyer = await market.newBuyer();
      return { shop, remote, buyer, agent: makeAgent(buyer) };
    }

    for (const isRemote of [true, false]) {
      it(`verifies, brings the deposit, and keeps the voucher ${isRemote ? "over HTTP" : "in the same process"}`, async () => {
        const { shop, remote, buyer, agent } = await meet(isRemote);
        for (let count = 0; count < 3; count += 1) {
          const response = await agent.fetch(`${remote.url}/fixed`);
          expect(response.status).to.equal(200);
          const { extra, transaction, amount } = settlementOf(response);
          expect([transaction, amount]).to.deep.equal(["", PRICE.toString()]);
          expect(extra?.["commitment"]).to.match(/^0x[0-9a-f]{64}$/);
        }
        expect(await shop.charged(buyer.address)).to.equal(3n * PRICE);
        expect(await balanceOf(buyer.address, shop.seller.address)).to.equal(100n * PRICE);
        expect(shop.errors).to.deep.equal([]);
      });
    }

    it("has the deposit mined before the handler runs", async () => {
      const { shop, remote, buyer, agent } = await meet();
      const seen: bigint[] = [];
      const push = remote.served.push.bind(remote.served);
      remote.served.push = (...paths) => {
        void balanceOf(buyer.address, shop.seller.address).then((balance) => seen.push(balance));
        return push(...paths);
      };
      await agent.fetch(`${remote.url}/fixed`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(seen).to.deep.equal([100n * PRICE]);
    });

    it("answers 20 requests at once", async () => {
      const { shop, remote, buyer, agent } = await meet();
      const answers = await Promise.all(Array.from({ length: 20 }, () => agent.fetch(`${remote.url}/fixed`)));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 20 }, () => 200));
      expect(await shop.charged(buyer.address)).to.equal(20n * PRICE);
    });

    it("corrects a client that lost its memory", async () => {
      const { shop, remote, buyer, agent } = await meet();
      await agent.fetch(`${remote.url}/fixed`);
      const forgetful = makeAgent(buyer, { deposit: false });
      expect((await forgetful.fetch(`${remote.url}/fixed`)).status).to.equal(200);
      expect(forgetful.events[0]).to.include({ kind: "corrected", charged: PRICE });
      expect(await shop.charged(buyer.address)).to.equal(2n * PRICE);
    });

    it("answers one of several copies of a payment", async () => {
      const { shop, remote, buyer, agent } = await meet();
      await agent.fetch(`${remote.url}/fixed`);
      const payload = await agent.client.createPaymentPayload(offersOf(await fetch(`${remote.url}/fixed`)));
      const header = Buffer.from(JSON.stringify(payload)).toString("base64");
      const copies = Array.from({ length: 5 }, () =>
        fetch(`${remote.url}/fixed`, { headers: { "PAYMENT-SIGNATURE": header } }),
      );
      const statuses = (await Promise.all(copies)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).to.have.lengthOf(1);
      expect(await shop.charged(buyer.address)).to.equal(2n * PRICE);
    });

    it("charges less than the price, and never more", async () => {
      const { shop, remote, buyer, agent } = await meet();
      expect(settlementOf(await agent.fetch(`${remote.url}/metered?charge=300`)).amount).to.equal("300");
      const response = await agent.fetch(`${remote.url}/metered?charge=1001`);
      expect(response.status).to.equal(402);
      expect(settlementOf(response).errorReason).to.equal(`${PREFIX}charge_above_authorized`);
      expect(await shop.charged(buyer.address)).to.equal(300n);
    });

    it("refuses a bad payment with the scheme's code", async () => {
      const { shop, remote, buyer, agent } = await meet();
      await agent.fetch(`${remote.url}/fixed`);
      const asShop = { ...shop, url: remote.url };
      const payment = await makePayment({
        shop: asShop,
        escrow: market.escrow,
        buyer: buyer.address,
        signer: buyer,
        voucher: { expiry: 1n },
      });
      expect(offersOf(await sendPayment(asShop, payment)).error).to.equal(`${PREFIX}voucher_expired`);
      const malformed = await sendPayment(asShop, mutate(payment, "payload.voucher", 7));
      expect(offersOf(malformed).error).to.equal(`${PREFIX}voucher_malformed`);
      expect(remote.served).to.have.lengthOf(1);
    });

    it("refuses a version 1 payment in the header of version 2", async () => {
      const { shop, remote, buyer } = await meet();
      const asShop = { ...shop, url: remote.url };
      const payment = await makePayment({ shop: asShop, escrow: market.escrow, buyer: buyer.address, signer: buyer });
      expect(offersOf(await sendPayment(asShop, { ...payment, x402Version: 1 })).error).to.equal(
        "invalid_x402_version",
      );
    });

    it("refuses a deposit that would fail, before the handler runs", async () => {
      const { shop, remote } = await meet();
      const poor = await market.newBuyer(0n);
      const response = await makeAgent(poor).fetch(`${remote.url}/fixed`);
      expect(offersOf(response).error).to.equal(`${PREFIX}deposit_authorization_insufficient_allowance`);
      expect(remote.served).to.deep.equal([]);
      expect(shop.errors).to.deep.equal([]);
    });
  });

  describe("for a seller that keeps its vouchers and holds no gas", () => {
    it("sends deposits and signer authorizations", async () => {
      const base = await market.openShop();
      const client = new HTTPFacilitatorClient({ url: await serve(makeFacilitator(base).facilitator) });
      const relayer = createFacilitatorRelayer({
        facilitator: client,
        escrow: base.acceptor.escrow,
        client: market.base.publicClient,
        methods: ["eip3009"],
        minimumDeposits: { [USDC]: PRICE },
        name: "https://facilitator.example",
      });
      const { acceptor, chainView } = base;
      const shop = await market.openShop({ seller: base.seller, desk: { acceptor, chainView, relayer } });
      const buyer = await market.newBuyer();
      const session = { signer: market.base.actors.signer };
      const agent = makeAgent(buyer, { session });
      const response = await agent.fetch(`${shop.url}/fixed`);
      expect(response.status).to.equal(200);
      const hash = settlementOf(response).extra?.["depositTransaction"] as `0x${string}`;
      expect((await market.base.publicClient.getTransactionReceipt({ hash })).status).to.equal("success");
      const other = makeAgent(buyer, {
        session: { signer: market.base.actors.stranger, formerSigners: [session.signer.address] },
        deposit: false,
      });
      expect((await other.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(await base.charged(buyer.address)).to.equal(2n * PRICE);
      const poor = makeAgent(await market.newBuyer(0n));
      expect(offersOf(await poor.fetch(`${shop.url}/fixed`)).error).to.equal(
        `${PREFIX}deposit_authorization_insufficient_allowance`,
      );
    });
  });

  describe("asked directly", () => {
    let shop: Shop;
    let scheme: DeferredEvmFacilitator;
    let facilitator: x402Facilitator;
    let buyer: PrivateKeyAccount;
    let payment: PaymentPayload;
    before(async () => {
      shop = await market.openShop();
      ({ scheme, facilitator } = makeFacilitator(shop));
      buyer = await market.newBuyer();
      await makeAgent(buyer).fetch(`${shop.url}/fixed`);
      const voucher = { nonce: 5n, valueAggregate: 10n * PRICE };
      payment = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer: buyer, voucher });
    });

    it("names its networks, its escrow and who pays the gas", () => {
      const { kinds, signers } = facilitator.getSupported();
      expect(kinds.map(({ x402Version, scheme: id, network }) => [x402Version, id, network])).to.deep.equal([
        [2, "deferred", NETWORK],
        [1, "deferred", "base"],
      ]);
      expect(kinds[0]?.extra).to.deep.include({ escrow: market.escrow.toLowerCase(), thawingPeriod: 86_400 });
      expect(signers["eip155:*"]).to.deep.equal([market.base.actors.relayer.address]);
    });

    it("serves no other network, although the SDK may send it one", async () => {
      const accepted = { ...payment.accepted, network: "eip155:1" as const };
      const answer = await scheme.verify({ ...payment, accepted }, accepted);
      expect(answer).to.include({ isValid: false, invalidReason: "invalid_deferred_evm_requirements" });
      expect(scheme.getExtra("eip155:1")).to.equal(undefined);
    });

    const wrong: readonly [string, string, unknown, string][] = [
      ["another scheme", "scheme", "exact", `${PREFIX}scheme`],
      ["another network than accepted", "network", "eip155:1", `${PREFIX}network_mismatch`],
      ["a seller that is not served", "payTo", PERMIT2, "invalid_deferred_evm_requirements"],
      ["an asset that is not served", "asset", PERMIT2, "invalid_deferred_evm_requirements"],
      ["a payTo that is no text", "payTo", 7, "invalid_deferred_evm_requirements"],
    ];
    for (const [what, field, value, code] of wrong) {
      it(`refuses ${what} in both verbs`, async () => {
        const requirements = { ...payment.accepted, [field]: value } as PaymentRequirements;
        expect(await scheme.verify(payment, requirements)).to.include({ isValid: false, invalidReason: code });
        expect(await scheme.settle(payment, requirements)).to.include({
          success: false,
          errorReason: code,
          transaction: "",
        });
      });
    }

    it("refuses versions it does not know, and payloads without terms", async () => {
      const later = { ...payment, x402Version: 3 };
      expect(await scheme.verify(later, payment.accepted)).to.include({ invalidReason: "invalid_x402_version" });
      const bare = { ...payment, accepted: undefined } as unknown as PaymentPayload;
      expect(await scheme.verify(bare, payment.accepted)).to.include({ invalidReason: `${PREFIX}scheme` });
    });

    for (const amount of ["0", "-1", "1e3", "", 1000, undefined]) {
      it(`refuses the accepted amount ${String(amount)}`, async () => {
        const accepted = { ...payment.accepted, amount } as PaymentRequirements;
        const answer = await scheme.verify({ ...payment, accepted }, accepted);
        expect(answer).to.include({ isValid: false, invalidReason: "invalid_deferred_evm_requirements" });
      });
    }

    it("verifies without claiming anything, and tells the corrective only for a signed payment", async () => {
      for (let count = 0; count < 3; count += 1) {
        expect((await scheme.verify(payment, payment.accepted)).isValid).to.equal(true);
      }
      const stale = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer: buyer });
      const corrected = await scheme.verify(stale, stale.accepted);
      expect(corrected.extra?.["offer"]).to.deep.include({ type: "aggregation", charged: PRICE.toString() });
      const stranger = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer: shop.seller });
      expect(await scheme.verify(stranger, stranger.accepted)).to.not.have.property("extra");
    });

    it("charges less than authorized, never more, and one payment once", async () => {
      const more = await scheme.settle(payment, { ...payment.accepted, amount: (PRICE + 1n).toString() });
      expect(more).to.include({ success: false, errorReason: `${PREFIX}charge_above_authorized` });
      const less = await scheme.settle(payment, { ...payment.accepted, amount: "400" });
      expect(less).to.include({ success: true, amount: "400", transaction: "" });
      const again = await scheme.settle(payment, payment.accepted);
      expect(again).to.include({ success: false, errorReason: `${PREFIX}voucher_already_accepted` });
    });

    const relay = (value: unknown) =>
      scheme.settle({ ...payment, payload: { relay: value } }, { ...payment.accepted, amount: "0" });
    for (const value of [undefined, null, 1, [], {}, { buyer: "0x" }]) {
      it(`refuses to relay ${JSON.stringify(value)}`, async () => {
        expect(await relay(value)).to.include({
          success: false,
          errorReason: `${PREFIX}deposit_authorization_malformed`,
        });
      });
    }

    it("relays no signer for an empty account", async () => {
      const signer = { signer: PERMIT2, validUntil: 1, expiry: 1, signature: `0x${"11".repeat(65)}` };
      const answer = await relay({ buyer: PERMIT2, signerAuthorization: signer });
      expect(answer).to.include({ success: false, errorReason: "insufficient_funds" });
    });
  });

  describe("that is not there", () => {
    it("refuses everything, so that a payment that no hook took is not accepted", async () => {
      const client = createLocalFacilitatorClient([NETWORK]);
      const terms = { network: NETWORK } as unknown as PaymentRequirements;
      expect((await client.getSupported()).kinds).to.deep.equal([
        { x402Version: 2, scheme: "deferred", network: NETWORK },
      ]);
      expect((await client.verify({} as PaymentPayload, terms)).isValid).to.equal(false);
      expect((await client.settle({} as PaymentPayload, terms)).success).to.equal(false);
    });

    it("keeps a settlement from succeeding that was never verified", async () => {
      const shop = await market.openShop();
      const buyer = await market.newBuyer();
      const payment = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer: buyer });
      const context = {
        paymentPayload: payment,
        requirements: payment.accepted,
        declaredExtensions: {},
        phase: "after-handler",
      };
      const decision = await shop.server.schemeHooks.onBeforeSettle?.(context as never);
      expect(decision).to.have.nested.property("result.success", false);
      expect(decision).to.have.nested.property("result.errorReason", `${PREFIX}reservation_lost`);
    });
  });
});
