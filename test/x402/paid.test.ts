import { expect } from "chai";
import { x402Client, wrapFetchWithPayment } from "@x402/fetch";
import { preferExactAbove, withBuyerHeader, wrapFetchWithVouchers } from "../../client/x402/deferred/index.ts";
import { getAccount } from "../../client/voucher/index.ts";
import { USDC } from "../base/addresses.ts";
import { makeAgent, offersOf, settlementOf, type Agent } from "./helpers/agent.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";

describe("x402 deferred: paid requests", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  async function meet(usdc?: bigint): Promise<{ shop: Shop; agent: Agent; buyer: `0x${string}` }> {
    const [shop, account] = [await market.openShop(), await market.newBuyer(usdc)];
    return { shop, agent: makeAgent(account), buyer: account.address };
  }

  describe("a fixed price", () => {
    it("deposits and pays with the first request, gasless", async () => {
      const { shop, agent, buyer } = await meet();
      const response = await agent.fetch(`${shop.url}/fixed`);
      expect([response.status, await response.text()]).to.deep.equal([200, "sunny"]);
      expect(await market.base.publicClient.getBalance({ address: buyer })).to.equal(0n);
      const { balance } = await getAccount(market.base.publicClient, {
        escrow: market.escrow,
        buyer,
        seller: shop.seller.address,
        asset: USDC,
      });
      expect(balance).to.equal(100n * PRICE);
      expect(shop.errors).to.deep.equal([]);
    });

    it("answers with a commitment and no transaction", async () => {
      const { shop, agent, buyer } = await meet();
      await agent.fetch(`${shop.url}/fixed`);
      const settlement = settlementOf(await agent.fetch(`${shop.url}/fixed`));
      expect(settlement).to.include({ success: true, transaction: "", amount: PRICE.toString() });
      expect(settlement.payer?.toLowerCase()).to.equal(buyer.toLowerCase());
      expect(settlement.extra).to.deep.include({ charged: (2n * PRICE).toString() });
      expect(settlement.extra?.["commitment"]).to.match(/^0x[0-9a-f]{64}$/);
      expect(settlement.extra).to.not.have.property("depositTransaction");
      expect(await shop.charged(buyer)).to.equal(2n * PRICE);
    });

    it("names the transaction of a deposit", async () => {
      const { shop, agent } = await meet();
      const { extra } = settlementOf(await agent.fetch(`${shop.url}/fixed`));
      const hash = extra?.["depositTransaction"] as `0x${string}`;
      expect((await market.base.publicClient.getTransactionReceipt({ hash })).status).to.equal("success");
    });

    it("has the deposit mined before the handler runs", async () => {
      const account = await market.newBuyer();
      const balances: bigint[] = [];
      const shop: Shop = await market.openShop({
        handler: async (_request, response) => {
          const parameters = {
            escrow: market.escrow,
            buyer: account.address,
            seller: shop.seller.address,
            asset: USDC,
          };
          balances.push((await getAccount(market.base.publicClient, parameters)).balance);
          response.send("sunny");
        },
      });
      await makeAgent(account).fetch(`${shop.url}/fixed`);
      expect(balances).to.deep.equal([100n * PRICE]);
    });

    it("deposits once for many requests, and again when it is used up", async () => {
      const { shop, agent, buyer } = await meet();
      const options = { deposit: { amount: () => 10n * PRICE } };
      const small = makeAgent(await market.newBuyer(), options);
      for (let count = 0; count < 11; count += 1) {
        expect((await small.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      }
      expect(small.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(2);
      for (let count = 0; count < 3; count += 1) await agent.fetch(`${shop.url}/fixed`);
      expect(agent.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(1);
      expect(await shop.charged(buyer)).to.equal(3n * PRICE);
    });

    it("keeps the 402 and the payment small", async () => {
      const { shop, agent } = await meet();
      const unpaid = await fetch(`${shop.url}/fixed`);
      expect(unpaid.headers.get("PAYMENT-REQUIRED")?.length).to.be.below(1_200);
      await agent.fetch(`${shop.url}/fixed`);
      const payment = agent.sent.at(-1)?.headers.get("PAYMENT-SIGNATURE");
      expect(payment?.length).to.be.within(1_000, 4_000);
    });
  });

  describe("a metered price", () => {
    it("charges what the handler says, and builds the next voucher on that", async () => {
      const { shop, agent, buyer } = await meet();
      const settlement = settlementOf(await agent.fetch(`${shop.url}/metered?charge=250`));
      expect([settlement.amount, settlement.extra?.["charged"]]).to.deep.equal(["250", "250"]);
      const second = settlementOf(await agent.fetch(`${shop.url}/metered?charge=10%25`));
      expect([second.amount, second.extra?.["charged"]]).to.deep.equal(["100", "350"]);
      expect(await shop.charged(buyer)).to.equal(350n);
    });

    it("charges the whole price when the handler says nothing", async () => {
      const { shop, agent } = await meet();
      expect(settlementOf(await agent.fetch(`${shop.url}/metered`)).amount).to.equal(PRICE.toString());
    });

    it("charges nothing when the handler says zero, and still keeps the voucher", async () => {
      const { shop, agent, buyer } = await meet();
      const first = settlementOf(await agent.fetch(`${shop.url}/metered?charge=0`));
      expect([first.success, first.amount]).to.deep.equal([true, "0"]);
      expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(await shop.charged(buyer)).to.equal(PRICE);
      expect(agent.events.filter(({ kind }) => kind === "corrected")).to.deep.equal([]);
    });

    it("takes dollars", async () => {
      const { shop, agent } = await meet();
      expect(settlementOf(await agent.fetch(`${shop.url}/metered?charge=$0.0005`)).amount).to.equal("500");
    });

    for (const charge of ["1001", "99999999", "-1", "0x10", "1e2", "many", "200%25"]) {
      it(`refuses to charge ${charge} and serves nothing`, async () => {
        const { shop, agent, buyer } = await meet();
        const response = await agent.fetch(`${shop.url}/metered?charge=${charge}`);
        expect([response.status, await response.text()]).to.deep.equal([402, "{}"]);
        const { success, errorReason } = settlementOf(response);
        expect(success).to.equal(false);
        expect(errorReason).to.equal("invalid_deferred_evm_payload_charge_above_authorized");
        expect(await shop.charged(buyer)).to.equal(0n);
        expect(await reservationsOf(shop, buyer)).to.equal(0);
        expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      });
    }

    it("never collects more than it charged", async () => {
      const { shop, agent, buyer } = await meet();
      for (let count = 0; count < 5; count += 1) await agent.fetch(`${shop.url}/metered?charge=${count * 100}`);
      expect(await shop.charged(buyer)).to.equal(1_000n);
    });
  });

  describe("a handler that fails", () => {
    for (const path of ["/fails", "/throws"]) {
      it(`is not charged: ${path}`, async () => {
        const { shop, agent, buyer } = await meet();
        const response = await agent.fetch(`${shop.url}${path}`);
        expect(response.status).to.equal(500);
        expect(response.headers.get("PAYMENT-RESPONSE")).to.equal(null);
        expect(await shop.charged(buyer)).to.equal(0n);
        expect(await reservationsOf(shop, buyer)).to.equal(0);
        expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
        expect(await shop.charged(buyer)).to.equal(PRICE);
      });
    }

    it("does not raise what the buyer has promised", async () => {
      const { shop, agent } = await meet();
      for (let count = 0; count < 5; count += 1) await agent.fetch(`${shop.url}/fails`);
      await agent.fetch(`${shop.url}/fixed`);
      const { voucher } = paymentOf(agent.sent.at(-1));
      expect(voucher.valueAggregate).to.equal(PRICE.toString());
    });

    it("keeps the deposit, which is not made again", async () => {
      const { shop, agent, buyer } = await meet();
      await agent.fetch(`${shop.url}/fails`);
      await agent.fetch(`${shop.url}/fixed`);
      expect(agent.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(1);
      const parameters = { escrow: market.escrow, buyer, seller: shop.seller.address, asset: USDC };
      expect((await getAccount(market.base.publicClient, parameters)).balance).to.equal(100n * PRICE);
    });
  });

  describe("a request that takes too long", () => {
    it("loses its lane, is not charged and not served", async () => {
      let finish: () => void = () => undefined;
      const shop = await market.openShop({
        maxTimeoutSeconds: 1,
        handler: (request, response) => {
          if (request.query["slow"] === undefined) return void response.send("sunny");
          finish = () => void response.send("late");
        },
      });
      const account = await market.newBuyer();
      const agent = makeAgent(account);
      await agent.fetch(`${shop.url}/fixed`);
      const slow = agent.fetch(`${shop.url}/fixed?slow`);
      await until(() => shop.served.length === 2);
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      expect((await makeAgent(account).fetch(`${shop.url}/fixed`)).status).to.equal(200);
      finish();
      const response = await slow;
      expect(response.status).to.equal(402);
      expect(settlementOf(response).errorReason).to.equal("invalid_deferred_evm_payload_reservation_lost");
      expect(await shop.charged(account.address)).to.equal(2n * PRICE);
    });
  });

  describe("one payment sent again", () => {
    it("is refused", async () => {
      const { shop, agent, buyer } = await meet();
      await agent.fetch(`${shop.url}/fixed`);
      const again = await fetch((agent.sent.at(-1) as Request).clone());
      expect(again.status).to.equal(402);
      expect(offersOf(again).error).to.equal("invalid_deferred_evm_payload_voucher_already_accepted");
      expect(await shop.charged(buyer)).to.equal(PRICE);
      expect(shop.served).to.have.lengthOf(1);
    });

    it("is refused on another route of the same price", async () => {
      const { shop, agent } = await meet();
      await agent.fetch(`${shop.url}/fixed`);
      const header = (agent.sent.at(-1) as Request).headers.get("PAYMENT-SIGNATURE") as string;
      const again = await fetch(`${shop.url}/fails`, { headers: { "PAYMENT-SIGNATURE": header } });
      expect(again.status).to.equal(402);
    });

    it("is answered once when copies come together", async () => {
      const { shop, agent, buyer } = await meet();
      await agent.fetch(`${shop.url}/fixed`);
      const prepared = await prepare(shop, agent);
      const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(prepared.clone())));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      expect(answers.filter(({ status }) => status === 402)).to.have.lengthOf(7);
      expect(await shop.charged(buyer)).to.equal(2n * PRICE);
    });

    it("is answered once and deposited once when copies with a deposit come together", async () => {
      const { shop, agent, buyer } = await meet();
      const prepared = await prepare(shop, agent);
      const answers = await Promise.all(Array.from({ length: 4 }, () => fetch(prepared.clone())));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      const parameters = { escrow: market.escrow, buyer, seller: shop.seller.address, asset: USDC };
      expect((await getAccount(market.base.publicClient, parameters)).balance).to.equal(100n * PRICE);
      expect(await shop.charged(buyer)).to.equal(PRICE);
    });
  });

  describe("20 requests of one buyer at once", () => {
    const twenty = (agent: { fetch: typeof fetch }, url: string) =>
      Promise.all(Array.from({ length: 20 }, () => agent.fetch(url)));
    const expectAll = (answers: Response[]) =>
      expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 20 }, () => 200));

    it("get 20 answers, the first deposit included", async () => {
      const { shop, agent, buyer } = await meet();
      expectAll(await twenty(agent, `${shop.url}/fixed`));
      expect(await shop.charged(buyer)).to.equal(20n * PRICE);
      expect(agent.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(1);
      expectAll(await twenty(agent, `${shop.url}/fixed`));
      expect(await shop.charged(buyer)).to.equal(40n * PRICE);
    });

    it("get 20 answers with the buyer header", async () => {
      const { shop, agent, buyer } = await meet();
      const fetchWithHeader = wrapFetchWithPayment(withBuyerHeader(fetch, agent.scheme.address), agent.client);
      expectAll(await twenty({ fetch: fetchWithHeader }, `${shop.url}/fixed`));
      expect(await shop.charged(buyer)).to.equal(20n * PRICE);
    });

    it("get 20 answers when all are served together, each in a lane of its own", async () => {
      let running = 0;
      const shop = await market.openShop({
        handler: async (request, response) => {
          if (request.query["together"] !== undefined) {
            running += 1;
            await until(() => running === 20);
          }
          response.send("sunny");
        },
      });
      const agent = makeAgent(await market.newBuyer());
      await agent.fetch(`${shop.url}/fixed`);
      const sentBefore = agent.sent.length;
      expectAll(await twenty(agent, `${shop.url}/fixed?together`));
      const lanes = agent.sent.slice(sentBefore).flatMap((sent) => (isPaid(sent) ? [paymentOf(sent).voucher.id] : []));
      expect(new Set(lanes).size).to.equal(20);
    });

    it("use no more lanes than the seller allows", async () => {
      const shop = await market.openShop({ limits: { maxLanes: 4 } });
      const agent = makeAgent(await market.newBuyer());
      expectAll(await twenty(agent, `${shop.url}/fixed`));
      const lanes = agent.sent.flatMap((request) => (isPaid(request) ? [paymentOf(request).voucher.id] : []));
      expect(new Set(lanes).size).to.be.within(1, 4);
    });

    it("use no more lanes than the buyer allows", async () => {
      const shop = await market.openShop();
      const agent = makeAgent(await market.newBuyer(), { maxLanes: 3 });
      expectAll(await twenty(agent, `${shop.url}/fixed`));
      const lanes = agent.sent.flatMap((request) => (isPaid(request) ? [paymentOf(request).voucher.id] : []));
      expect(new Set(lanes).size).to.be.within(1, 3);
    });

    it("of two clients with one key get 20 answers in the end", async () => {
      const shop = await market.openShop();
      const account = await market.newBuyer();
      const [first, second] = [makeAgent(account), makeAgent(account, { deposit: false })];
      await first.fetch(`${shop.url}/fixed`);
      const answers = await Promise.all([
        ...Array.from({ length: 10 }, () => first.fetch(`${shop.url}/fixed`)),
        ...Array.from({ length: 10 }, () => second.fetch(`${shop.url}/fixed`)),
      ]);
      expectAll(answers);
      expect(await shop.charged(account.address)).to.equal(21n * PRICE);
    });
  });

  describe("paid in advance", () => {
    it("needs one round trip once the route is known", async () => {
      const { shop, agent, buyer } = await meet();
      const trips: number[] = [];
      let count = 0;
      const counting: typeof fetch = (input, init) => {
        count += 1;
        return fetch(input, init);
      };
      const paidFetch = wrapFetchWithVouchers(counting, agent.client, agent.scheme);
      for (let request = 0; request < 3; request += 1) {
        count = 0;
        expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
        trips.push(count);
      }
      expect(trips).to.deep.equal([2, 1, 1]);
      expect(await shop.charged(buyer)).to.equal(3n * PRICE);
    });

    it("falls back to the 402 when the price has changed", async () => {
      const { shop, agent } = await meet();
      const paidFetch = wrapFetchWithVouchers(fetch, agent.client, agent.scheme, { routeOf: () => "one route" });
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect((await paidFetch(`${shop.url}/dear`)).status).to.equal(200);
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
    });

    it("corrects a lane that another client has used", async () => {
      const shop = await market.openShop();
      const account = await market.newBuyer();
      const agent = makeAgent(account);
      const paidFetch = wrapFetchWithVouchers(fetch, agent.client, agent.scheme);
      await paidFetch(`${shop.url}/fixed`);
      await makeAgent(account).fetch(`${shop.url}/fixed`);
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(await shop.charged(account.address)).to.equal(3n * PRICE);
    });

    it("sends the body again", async () => {
      const { shop, agent } = await meet();
      const paidFetch = wrapFetchWithVouchers(fetch, agent.client, agent.scheme);
      const free = await paidFetch(`${shop.url}/none`, { method: "POST", body: "text" });
      expect(free.status).to.equal(404);
    });

    it("frees its lane when no answer comes", async () => {
      const { shop, agent } = await meet();
      let isDown = false;
      const flaky: typeof fetch = (input, init) =>
        isDown ? Promise.reject(new TypeError("down")) : fetch(input, init);
      const paidFetch = wrapFetchWithVouchers(flaky, agent.client, agent.scheme);
      await paidFetch(`${shop.url}/fixed`);
      isDown = true;
      const failure = await paidFetch(`${shop.url}/fixed`).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(TypeError);
      isDown = false;
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      const lanes = await shop.store.listLanesOf({
        chainId: 8453n,
        escrow: market.escrow,
        seller: shop.seller.address,
        asset: USDC,
        buyer: agent.scheme.address,
      });
      expect(lanes.filter(({ latest }) => latest !== undefined)).to.have.lengthOf(1);
    });
  });

  describe("a seller that also takes exact", () => {
    const offer = (scheme: string, amount: string) => ({
      scheme,
      network: "eip155:8453" as const,
      asset: USDC,
      amount,
      payTo: USDC,
      maxTimeoutSeconds: 60,
      extra: {},
    });
    const policy = preferExactAbove(10_000n);

    it("is paid by vouchers up to the threshold", () => {
      const offers = [offer("exact", "10000"), offer("deferred", "10000")];
      expect(policy(2, offers).map(({ scheme }) => scheme)).to.deep.equal(["deferred", "exact"]);
    });

    it("is paid by exact above it", () => {
      const offers = [offer("deferred", "10001"), offer("exact", "10001")];
      expect(policy(2, offers).map(({ scheme }) => scheme)).to.deep.equal(["exact", "deferred"]);
    });

    it("is paid by what there is", () => {
      expect(policy(2, [offer("deferred", "99999")])).to.have.lengthOf(1);
      expect(policy(2, [offer("exact", "1")])).to.have.lengthOf(1);
    });

    it("is measured by asset, and in version 1 by its own name of the price", () => {
      const byAsset = preferExactAbove((asset) => (asset === USDC ? 5n : undefined));
      const { amount: _, ...first } = offer("deferred", "");
      const v1 = [
        { ...first, maxAmountRequired: "6" },
        { ...first, scheme: "exact", maxAmountRequired: "6" },
      ];
      expect(byAsset(1, v1 as never).map(({ scheme }) => scheme)).to.deep.equal(["exact", "deferred"]);
      const other = [
        { ...offer("deferred", "9"), asset: "0x00" },
        { ...offer("exact", "9"), asset: "0x00" },
      ];
      expect(byAsset(2, other).map(({ scheme }) => scheme)).to.deep.equal(["deferred", "exact"]);
    });
  });
});

/** Lanes of a buyer that requests hold. */
async function reservationsOf({ store, acceptor, seller }: Shop, buyer: `0x${string}`): Promise<number> {
  const lanes = await store.listLanesOf({ ...acceptor.escrow, seller: seller.address, asset: USDC, buyer });
  return lanes.filter(({ reservation }) => reservation !== undefined).length;
}

/** Makes a paid request without sending it. */
async function prepare(shop: Shop, { client }: { client: x402Client }): Promise<Request> {
  const required = offersOf(await fetch(`${shop.url}/fixed`));
  const payload = await client.createPaymentPayload(required);
  const header = Buffer.from(JSON.stringify(payload)).toString("base64");
  return new Request(`${shop.url}/fixed`, { headers: { "PAYMENT-SIGNATURE": header } });
}

function isPaid(request: Request): boolean {
  return request.headers.has("PAYMENT-SIGNATURE");
}

interface SentPayment {
  readonly voucher: { readonly id: string; readonly valueAggregate: string };
}

function paymentOf(request: Request | undefined): SentPayment {
  const header = request?.headers.get("PAYMENT-SIGNATURE") ?? "";
  return (JSON.parse(Buffer.from(header, "base64").toString()) as { payload: SentPayment }).payload;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
