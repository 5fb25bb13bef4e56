import { expect } from "chai";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import type { SchemeNetworkClient } from "@x402/core/types";
import { FLASH_SCHEME, parseOffer, parseSettlement, toWirePayload } from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { deskOf, encode, offersOf, openShop, payloadOf, PRICE, readAnswer, type Shop } from "./helpers/shop.ts";

const ESCROW = 10_000_000n;

describe("x402 flash: paid requests", function () {
  this.timeout(60_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let shop: Shop;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    shop = await openShop(market);
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  /** A client with an open escrow. */
  async function newPayer(amount = ESCROW): Promise<Payer> {
    const payer = await market.payer(2n * amount);
    await payer.open({ amount });
    return payer;
  }

  describe("the 402", () => {
    it("names the contract, the terms and where to begin", async () => {
      const offer = await shop.offer();
      expect(offer).to.include({ scheme: "flash", amount: PRICE.toString(), payTo: market.server, asset: USDC });
      const { settlement } = market.settlement;
      expect(offer.extra).to.deep.equal({
        settlementContractAddress: settlement,
        name: "x402 Flash Settlement",
        version: "1",
        payloadTypes: ["payment", "tab", "transaction"],
        minEscrow: "0",
        minTtlSeconds: 3600,
        minCloseDelay: 900,
        tokenName: "USD Coin",
        tokenVersion: "2",
        nonceBase: "0",
        lane: "0",
      });
      const parsed = parseOffer(offer.extra);
      expect(parsed.isValid && parsed.value.settlement).to.equal(settlement.toLowerCase());
    });

    it("stays below the size that proxies carry", async () => {
      const response = await fetch(`${shop.url}/fixed`);
      expect(response.headers.get("PAYMENT-REQUIRED")?.length).to.be.below(1_200);
    });
  });

  describe("a payment", () => {
    it("is served at once, with no transaction and what was accepted", async () => {
      const payer = await newPayer();
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 5n)));
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect(answer.settlement).to.include({ success: true, transaction: "", network: "eip155:8453", amount: "1000" });
      expect(answer.settlement?.payer?.toLowerCase()).to.equal(payer.account.address.toLowerCase());
      const settlement = parseSettlement(answer.settlement?.extra);
      if (!settlement.isValid) throw new Error(settlement.message);
      const { paymentId, status, escrow, nextNonceBase, lane } = settlement.value;
      expect(paymentId).to.match(/^0x[0-9a-f]{64}$/);
      expect({ status, nextNonceBase, lane }).to.deep.equal({ status: "accepted", nextNonceBase: 0n, lane: undefined });
      const { safeUntil, unlockAt, ...amounts } = escrow;
      expect(amounts).to.deep.equal({ balance: ESCROW, pending: PRICE, available: ESCROW - PRICE, epoch: 0n });
      expect(safeUntil > market.now()).to.equal(true);
      expect(unlockAt).to.equal((await payer.state()).confirmed.unlockAt);
      expect((await payer.state()).accepted).to.equal(PRICE);
    });

    it("is taken whole when it is above the price", async () => {
      const payer = await newPayer();
      expect((await shop.pay(payloadOf(await payer.payment(3n * PRICE, 0n)))).status).to.equal(200);
      expect((await payer.state()).accepted).to.equal(3n * PRICE);
    });

    it("tells the nonce to go on from", async () => {
      const payer = await newPayer();
      const bases: unknown[] = [];
      for (const nonce of [0n, 1n, 2n]) {
        const { settlement } = await shop.pay(payloadOf(await payer.payment(PRICE, nonce)));
        bases.push(settlement?.extra?.["nextNonceBase"]);
      }
      expect(bases.at(-1)).to.equal(String((await payer.state()).nonceBase));
    });

    it("comes home when the server settles", async () => {
      const payer = await newPayer();
      const before = await market.income();
      for (const nonce of [0n, 1n]) await shop.pay(payloadOf(await payer.payment(PRICE, nonce)));
      await market.settler.settleNow();
      expect((await market.income()) - before >= 2n * PRICE).to.equal(true);
      expect(await market.settledOnChain(payer)).to.equal(2n * PRICE);
    });

    it("comes home from the escrow when the wallet is empty", async () => {
      const payer = await newPayer();
      await shop.pay(payloadOf(await payer.payment(PRICE, 0n)));
      await payer.drain();
      const credit = await market.creditOf(market.server);
      await market.settler.settleNow();
      expect((await market.creditOf(market.server)) - credit).to.equal(PRICE);
    });
  });

  describe("a tab", () => {
    it("pays request after request in one lane, and tells the lane", async () => {
      const payer = await newPayer();
      for (const count of [1n, 2n, 3n]) {
        const answer = await shop.pay(payloadOf(await payer.tab(count * PRICE)));
        expect(answer.status).to.equal(200);
        expect(answer.settlement?.extra).to.deep.include({
          lane: { lane: "17", authorised: String(count * PRICE), consumed: String(count * PRICE), settled: "0" },
        });
      }
      expect((await payer.state()).accepted).to.equal(3n * PRICE);
    });

    it("of several prices pays for several requests without another signature", async () => {
      const payer = await newPayer();
      const payload = payloadOf(await payer.tab(3n * PRICE));
      const statuses: number[] = [];
      for (let count = 0; count < 4; count += 1) statuses.push((await shop.pay(payload)).status);
      expect(statuses).to.deep.equal([200, 200, 200, 402]);
      expect((await payer.state()).accepted).to.equal(3n * PRICE);
    });
  });

  describe("a signed transaction", () => {
    it("is accepted though it never lands, and settled as evidence", async () => {
      const payer = await newPayer();
      const answer = await shop.pay(payloadOf(await payer.transaction(PRICE, 0n)));
      expect([answer.status, answer.settlement?.transaction]).to.deep.equal([200, ""]);
      expect(answer.settlement?.payer?.toLowerCase()).to.equal(payer.account.address.toLowerCase());
      await market.settler.settleNow();
      expect(await market.settledOnChain(payer)).to.equal(PRICE);
    });
  });

  describe("many requests at once", () => {
    it("of one client are all served, and once each", async () => {
      const payer = await newPayer();
      const items = await Promise.all(Array.from({ length: 20 }, (_, nonce) => payer.payment(PRICE, BigInt(nonce))));
      const answers = await Promise.all(items.map((item) => shop.pay(payloadOf(item))));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 20 }, () => 200));
      expect((await payer.state()).accepted).to.equal(20n * PRICE);
      const again = await Promise.all(items.map((item) => shop.pay(payloadOf(item))));
      expect(new Set(again.map(({ status, error }) => `${status} ${error}`))).to.deep.equal(
        new Set(["402 flash_nonce_used"]),
      );
    });

    it("with one payment are served once", async () => {
      const payer = await newPayer();
      const payload = payloadOf(await payer.payment(PRICE, 0n));
      const answers = await Promise.all(Array.from({ length: 20 }, () => shop.pay(payload)));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      expect(answers.filter(({ error }) => error === "flash_nonce_used")).to.have.lengthOf(19);
      expect((await payer.state()).accepted).to.equal(PRICE);
    });

    it("are served as far as the escrow covers them", async () => {
      const payer = await newPayer(5n * PRICE);
      const items = await Promise.all(Array.from({ length: 20 }, (_, nonce) => payer.payment(PRICE, BigInt(nonce))));
      const answers = await Promise.all(items.map((item) => shop.pay(payloadOf(item))));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(5);
      expect(answers.filter(({ error }) => error === "flash_exposure_exceeded")).to.have.lengthOf(15);
      expect((await payer.state()).available).to.equal(0n);
    });
  });

  describe("a handler that fails", () => {
    for (const path of ["/fails", "/throws"]) {
      it(`costs nothing (${path})`, async () => {
        const payer = await newPayer();
        const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 0n)), path);
        expect([answer.status, answer.settlement]).to.deep.equal([500, undefined]);
        expect((await payer.state()).accepted).to.equal(0n);
        expect((await shop.pay(payloadOf(await payer.payment(PRICE, 1n)))).status).to.equal(200);
      });
    }

    it("leaves what a tab would have consumed to the next request", async () => {
      const payer = await newPayer();
      const payload = payloadOf(await payer.tab(PRICE));
      expect((await shop.pay(payload, "/fails")).status).to.equal(500);
      expect((await shop.pay(payload)).status).to.equal(200);
      expect((await shop.pay(payload)).status).to.equal(402);
    });
  });

  describe("a charge that is not the price", () => {
    for (const charge of ["1", "999", "1001", "99999999", "0"]) {
      it(`of ${charge} serves and charges nothing`, async () => {
        const payer = await newPayer();
        const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 0n)), `/override?charge=${charge}`);
        expect([answer.status, answer.body]).to.deep.equal([402, "{}"]);
        expect(answer.settlement).to.include({ success: false, errorReason: "flash_price_fixed" });
        expect((await payer.state()).accepted).to.equal(0n);
      });
    }

    it("that is the price is charged", async () => {
      const payer = await newPayer();
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 0n)), `/override?charge=${PRICE}`);
      expect(answer.status).to.equal(200);
    });
  });

  describe("a client that lost its state", () => {
    it("learns which nonces are free", async () => {
      const payer = await newPayer();
      for (const nonce of [0n, 1n]) await shop.pay(payloadOf(await payer.payment(PRICE, nonce)));
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 0n)));
      expect([answer.status, answer.error]).to.deep.equal([402, "flash_nonce_used"]);
      const { nonceBase, epoch, available } = answer.extra ?? {};
      expect({ epoch, available }).to.deep.equal({ epoch: 0, available: String(ESCROW) });
      expect((await shop.pay(payloadOf(await payer.payment(PRICE, BigInt(nonceBase ?? 0) + 5n)))).status).to.equal(200);
    });

    it("learns the window when its nonce is outside of it", async () => {
      const payer = await newPayer();
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 1_000_000n)));
      expect([answer.error, answer.extra?.nonceBase]).to.deep.equal(["flash_nonce_out_of_window", "0"]);
    });

    it("learns the epoch", async () => {
      const payer = await newPayer();
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 0n, { epoch: 7n })));
      expect([answer.error, answer.extra?.epoch]).to.deep.equal(["flash_epoch_mismatch", 0]);
    });

    it("learns the totals of its lanes", async () => {
      const payer = await newPayer();
      await shop.pay(payloadOf(await payer.tab(2n * PRICE)));
      await shop.pay(payloadOf(await payer.tab(2n * PRICE)));
      const answer = await shop.pay(payloadOf(await payer.tab(PRICE)));
      expect(answer.error).to.equal("flash_amount_insufficient");
      const latest = await payer.tab(2n * PRICE);
      if (latest.kind !== "tab") throw new Error("no tab");
      const tab = { deadline: 0, signature: latest.signature };
      const lane = { lane: "17", authorised: "2000", consumed: "2000", settled: "0", tab };
      expect(answer.extra?.lanes).to.deep.equal([lane]);
      expect((await shop.pay(payloadOf(await payer.tab(3n * PRICE)))).status).to.equal(200);
    });

    it("learns when to try again once the escrow is used up", async () => {
      const payer = await newPayer(PRICE);
      await shop.pay(payloadOf(await payer.payment(PRICE, 0n)));
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 1n)));
      expect(answer.error).to.equal("flash_exposure_exceeded");
      expect(answer.extra?.retryAfterMs).to.be.above(0);
      await market.settler.settleNow();
      expect((await shop.pay(payloadOf(await payer.payment(PRICE, 2n)))).status).to.equal(200);
    });
  });

  describe("a route that two servers are paid for", () => {
    it("takes each one's payments, and corrects in the offer that was paid", async () => {
      const second = await openMarket(deployed);
      const both = await openShop(market, { others: [deskOf(second)] });
      try {
        const offers = offersOf(await fetch(`${both.url}/fixed`)).accepts;
        expect(offers.map(({ payTo }) => payTo)).to.deep.equal([market.server, second.server]);
        expect(offers.map(({ extra }) => extra["nonceBase"])).to.deep.equal(["0", "0"]);
        const accepted = offers[1];
        const payer = await second.payer(2n * ESCROW);
        await payer.open({ amount: ESCROW });
        const payload = payloadOf(await payer.payment(PRICE, 0n));
        expect((await both.pay(payload, "/fixed", { accepted })).status).to.equal(200);
        const response = await fetch(`${both.url}/fixed`, {
          headers: { "PAYMENT-SIGNATURE": encode({ x402Version: 2, accepted, payload: toWirePayload(payload) }) },
        });
        const corrected = offersOf(response);
        expect(corrected.error).to.equal("flash_nonce_used");
        expect(corrected.accepts.map(({ extra }) => extra["epoch"])).to.deep.equal([undefined, 0]);
        // What is signed for one server pays no other.
        expect((await both.pay(payloadOf(await payer.payment(PRICE, 1n)))).status).to.equal(402);
        expect((await payer.state()).accepted).to.equal(PRICE);
      } finally {
        await both.close();
        await second.close();
      }
    });
  });

  describe("the stock SDK's client", () => {
    it("pays through a 402", async () => {
      const payer = await newPayer();
      let nonce = 0n;
      const scheme: SchemeNetworkClient = {
        scheme: FLASH_SCHEME,
        async createPaymentPayload(x402Version) {
          const item = await payer.payment(PRICE, nonce);
          nonce += 1n;
          return { x402Version, payload: { ...toWirePayload(payloadOf(item)) } };
        },
      };
      const client = new x402Client().register("eip155:*", scheme).setSpendControls(false);
      const paidFetch = wrapFetchWithPayment(fetch, client);
      for (let count = 0; count < 3; count += 1) {
        expect((await readAnswer(await paidFetch(`${shop.url}/fixed`))).body).to.equal("sunny");
      }
      expect((await payer.state()).accepted).to.equal(3n * PRICE);
    });
  });

  it("tells the host about no error", () => {
    const unexpected = shop.errors.filter((error) => !/instead of its price/.test(String(error)));
    expect(unexpected).to.deep.equal([]);
  });
});
