import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect } from "chai";
import type { Hex } from "viem";
import {
  createV1Handler,
  FlashConfigurationError,
  toExpressHandler,
  toWirePayload,
  UnknownServerError,
  type V1HandlerOptions,
  type WireOffer,
} from "../../../client/x402/flash/index.ts";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { deskOf, encode, payloadOf, PRICE } from "./helpers/shop.ts";

const ESCROW = 10_000_000n;

interface AnswerV1 {
  readonly status: number;
  readonly body: string;
  readonly error?: string;
  readonly accepts?: readonly (Record<string, unknown> & { readonly extra: WireOffer })[];
  readonly settlement?: Record<string, unknown> & { readonly extra: Record<string, unknown> };
}

describe("x402 flash: version 1", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
  });
  after(async () => {
    await market.close();
    await deployed.base.close();
  });

  async function newPayer(at = market): Promise<Payer> {
    const payer = await at.payer(2n * ESCROW);
    await payer.open({ amount: ESCROW });
    return payer;
  }

  function makeHandler(options: Partial<V1HandlerOptions> = {}) {
    return createV1Handler({
      desks: [deskOf(market, { settleFirst: market.settleFirst })],
      offers: [{ network: "base", payTo: market.server, price: "$0.001" }],
      respond: async () => ({ status: 200, body: "sunny" }),
      ...options,
    });
  }

  /** Serves a handler on 127.0.0.1 for one step. */
  async function serving<T>(options: Partial<V1HandlerOptions>, step: (pay: Pay) => Promise<T>): Promise<T> {
    const app = express();
    app.get("/weather", toExpressHandler(makeHandler(options)));
    const http = createServer(app);
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/weather`;
    try {
      return await step(async (header) =>
        readAnswer(await fetch(url, header === undefined ? {} : { headers: { "X-PAYMENT": header } })),
      );
    } finally {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
  }

  type Pay = (header?: string) => Promise<AnswerV1>;

  async function readAnswer(response: Response): Promise<AnswerV1> {
    const header = response.headers.get("X-PAYMENT-RESPONSE");
    const body = await response.text();
    const json = (response.status === 402 ? JSON.parse(body) : {}) as Pick<AnswerV1, "error" | "accepts">;
    const settlement = header === null ? {} : { settlement: JSON.parse(Buffer.from(header, "base64").toString()) };
    return { status: response.status, body, ...json, ...settlement };
  }

  const paymentOf = (payload: unknown, changes: object = {}) =>
    encode({ x402Version: 1, scheme: "flash", network: "base", payload, ...changes });

  async function rawOf(payer: Payer, nonce = 0n): Promise<Hex> {
    const item = await payer.transaction(PRICE, nonce);
    if (item.kind !== "transaction") throw new Error("no transaction");
    return item.rawTransaction;
  }

  it("asks with the requirement of version 1", () =>
    serving({}, async (pay) => {
      const { status, error, accepts } = await pay();
      expect([status, error, accepts?.length]).to.deep.equal([402, "X-PAYMENT header is required", 1]);
      expect(accepts?.[0]).to.include({
        scheme: "flash",
        network: "base",
        maxAmountRequired: PRICE.toString(),
        payTo: market.server,
      });
      expect(accepts?.[0]?.extra.settlementContractAddress).to.equal(market.settlement.settlement);
    }));

  it("takes the bare signed transaction, at once and once", () =>
    serving({}, async (pay) => {
      const payer = await newPayer();
      const header = paymentOf(await rawOf(payer));
      const answer = await pay(header);
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect(answer.settlement).to.include({ success: true, transaction: "", network: "base", amount: "1000" });
      expect(answer.settlement?.extra).to.include({ status: "accepted" });
      expect((await pay(header)).error).to.equal("flash_nonce_used");
      await market.settler.settleNow();
      expect(await market.settledOnChain(payer)).to.equal(PRICE);
    }));

  it("takes the original transaction once it has paid", () =>
    serving({}, async (pay) => {
      const payer = await newPayer();
      const header = paymentOf(await payer.originalTransaction(PRICE));
      const answer = await pay(header);
      expect([answer.status, answer.settlement?.extra["status"]]).to.deep.equal([200, "settled"]);
      expect(answer.settlement?.["transaction"]).to.match(/^0x[0-9a-f]{64}$/);
      expect(await market.settledOnChain(payer)).to.equal(PRICE);
      expect((await pay(header)).status).to.equal(402);
    }));

  it("never serves the original transaction before it has paid", () =>
    serving({ desks: [deskOf(market)] }, async (pay) => {
      const payer = await newPayer();
      const answer = await pay(paymentOf(await payer.originalTransaction(PRICE)));
      expect([answer.status, answer.error]).to.deep.equal([402, "flash_transaction_invalid"]);
      expect(await market.settledOnChain(payer)).to.equal(0n);
    }));

  it("takes objects as version 2 has them", () =>
    serving({}, async (pay) => {
      const payer = await newPayer();
      const items = [await payer.payment(PRICE, 0n), await payer.tab(PRICE), await payer.transaction(PRICE, 1n)];
      for (const item of items) {
        expect((await pay(paymentOf(toWirePayload(payloadOf(item))))).status, item.kind).to.equal(200);
      }
      expect((await payer.state()).accepted).to.equal(3n * PRICE);
    }));

  it("finds the offer that a payment is for", async () => {
    const other = await openMarket(deployed);
    const offers = [market, other].map(({ server }) => ({ network: "base", payTo: server, price: "$0.001" }));
    try {
      await serving({ desks: [deskOf(market), deskOf(other)], offers }, async (pay) => {
        for (const at of [market, other]) {
          const payer = await newPayer(at);
          expect((await pay(paymentOf(await rawOf(payer)))).status).to.equal(200);
          const payload = toWirePayload(payloadOf(await payer.payment(PRICE, 0n)));
          expect((await pay(paymentOf(payload))).status).to.equal(200);
          expect((await payer.state()).accepted).to.equal(2n * PRICE);
        }
      });
    } finally {
      await other.close();
    }
  });

  it("corrects in the offer that was paid", () =>
    serving({}, async (pay) => {
      const payer = await newPayer();
      const answer = await pay(paymentOf(toWirePayload(payloadOf(await payer.payment(PRICE, 0n, { epoch: 3n })))));
      expect([answer.error, answer.accepts?.[0]?.extra.epoch]).to.deep.equal(["flash_epoch_mismatch", 0]);
    }));

  it("answers garbage with a 402, and serves nothing", () => {
    let served = 0;
    const errors: unknown[] = [];
    const respond = async () => {
      served += 1;
      return { status: 200 };
    };
    return serving({ respond, onError: (error) => errors.push(error) }, async (pay) => {
      const payer = await newPayer();
      const raw = await rawOf(payer);
      const cases: readonly (readonly [string, string])[] = [
        ["x", "invalid_payload"],
        ["e30", "invalid_x402_version"],
        ["!!!", "invalid_payload"],
        ["A".repeat(20_000).slice(0, 12_000), "invalid_payload"],
        [encode(null), "invalid_payload"],
        [encode([]), "invalid_x402_version"],
        [encode("0x02"), "invalid_payload"],
        [paymentOf(raw, { x402Version: 2 }), "invalid_x402_version"],
        [paymentOf(raw, { scheme: "exact" }), "flash_scheme_mismatch"],
        [paymentOf(raw, { network: "base-sepolia" }), "flash_network_mismatch"],
        [paymentOf(raw, { network: "eip155:8453" }), "flash_network_mismatch"],
        [paymentOf(raw, { network: ["base"] }), "flash_network_mismatch"],
        [paymentOf(undefined), "flash_payload_malformed"],
        [paymentOf(""), "flash_transaction_invalid"],
        [paymentOf("0x"), "flash_transaction_invalid"],
        [paymentOf("garbage"), "flash_transaction_invalid"],
        [paymentOf("0x02c0"), "flash_transaction_invalid"],
        [paymentOf(raw.slice(0, -2)), "flash_transaction_invalid"],
        [paymentOf(`${raw}00`), "flash_transaction_invalid"],
        [paymentOf([raw]), "flash_payload_malformed"],
        [paymentOf({ raw }), "flash_payload_malformed"],
        [paymentOf({ type: "transaction", transaction: [raw] }), "flash_transaction_invalid"],
        [paymentOf(7), "flash_payload_malformed"],
      ];
      for (const [header, code] of cases) {
        const answer = await pay(header);
        expect([answer.status, answer.error], header.slice(0, 60)).to.deep.equal([402, code]);
        expect(answer.settlement, header.slice(0, 60)).to.equal(undefined);
      }
      expect([served, errors]).to.deep.equal([0, []]);
      expect((await pay(paymentOf(raw))).status).to.equal(200);
    });
  });

  it("charges nothing for a request that fails", async () => {
    const payer = await newPayer();
    const failures: readonly V1HandlerOptions["respond"][] = [
      async () => ({ status: 503, body: "later" }),
      () => Promise.reject(new Error("out of order")),
    ];
    for (const [index, respond] of failures.entries()) {
      const answer = await serving({ respond }, async (pay) => pay(paymentOf(await rawOf(payer, BigInt(index)))));
      expect(answer.status).to.equal(index === 0 ? 503 : 500);
      expect((await payer.state()).accepted).to.equal(0n);
    }
    // A transaction that was not served can be presented again.
    expect((await serving({}, async (pay) => pay(paymentOf(await rawOf(payer))))).status).to.equal(200);
  });

  it("refuses to start with offers that cannot be told apart or served", () => {
    const offer = { network: "base", payTo: market.server, price: "$0.001" };
    expect(() => makeHandler({ offers: [offer, { ...offer, price: "$0.002" }] })).to.throw(FlashConfigurationError);
    expect(() => makeHandler({ offers: [{ ...offer, network: "eip155:8453" }] })).to.throw(UnknownServerError);
    expect(() => makeHandler({ offers: [{ ...offer, payTo: deployed.settlement.settlement }] })).to.throw(
      UnknownServerError,
    );
  });
});
