import { expect } from "chai";
import { request as httpRequest } from "node:http";
import type { Address } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { DEFAULT_LANE } from "../../client/x402/deferred/index.ts";
import { signVoucher, type Voucher } from "../../client/voucher/index.ts";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { makeAgent, offersOf } from "./helpers/agent.ts";
import { makePayment, sendPayment, type HandMade } from "./helpers/payment.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";
import {
  BAD_ADDRESSES,
  BAD_AMOUNTS,
  BAD_BYTES32,
  BAD_INTEGERS,
  BAD_OBJECTS,
  BAD_SIGNATURES,
  mutate,
} from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const ZERO_ADDRESS = `0x${"00".repeat(20)}` as Address;
const NOW = BigInt(Math.floor(Date.now() / 1000));

describe("x402 deferred: bad input", function () {
  this.timeout(120_000);

  let market: Market;
  let shop: Shop;
  let buyer: PrivateKeyAccount;
  before(async () => {
    market = await openMarket();
    shop = await market.openShop();
    buyer = await market.newBuyer();
    await makeAgent(buyer).fetch(`${shop.url}/fixed`);
  });
  after(() => market.close());

  // Whatever a test sent: nothing was served, nothing charged, nothing broke, and the buyer can go on.
  let servedBefore = 0;
  let chargedBefore = 0n;
  beforeEach(async () => {
    servedBefore = shop.served.length;
    chargedBefore = await shop.charged(buyer.address);
  });
  afterEach(async () => {
    expect(shop.served.length).to.equal(servedBefore);
    expect(await shop.charged(buyer.address)).to.equal(chargedBefore);
    expect(shop.errors).to.deep.equal([]);
    const next = makeAgent(buyer, { deposit: false });
    expect((await next.fetch(`${shop.url}/fixed`)).status).to.equal(200);
  });

  /** The next good payment, with changes of the voucher before it is signed. */
  function pay(voucher: Partial<Voucher> = {}, signer = buyer): Promise<HandMade> {
    return makePayment({
      shop,
      escrow: market.escrow,
      buyer: buyer.address,
      signer,
      voucher: { nonce: 1_000n, valueAggregate: 1_000n * PRICE, ...voucher },
    });
  }

  async function expectRefused(response: Response, code?: string): Promise<void> {
    expect(response.status).to.equal(402);
    expect(await response.text()).to.equal("{}");
    expect(response.headers.get("PAYMENT-RESPONSE")).to.equal(null);
    if (code !== undefined) expect(offersOf(response).error).to.equal(code);
  }

  describe("a header that is no payment", () => {
    // The SDK logs what it cannot decode.
    const { warn } = console;
    before(() => {
      console.warn = () => undefined;
    });
    after(() => {
      console.warn = warn;
    });

    const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
    const headers: readonly [string, string][] = [
      ["not base64", "%%%"],
      ["base64url", "eyJ4NDAy_-"],
      ["base64 of no text", Buffer.from([0xff, 0xfe, 0x00]).toString("base64")],
      ["not JSON", Buffer.from("{").toString("base64")],
      ["empty JSON text", Buffer.from('""').toString("base64")],
      ["null", json(null)],
      ["a number", json(7)],
      ["a text", json("payment")],
      ["a list", json([])],
      ["an empty object", json({})],
      ["version 1", json({ x402Version: 1, scheme: "deferred", network: "base", payload: {} })],
      ["version 3", json({ x402Version: 3, accepted: {}, payload: {} })],
      ["a version that is no number", json({ x402Version: "2", accepted: {}, payload: {} })],
      ["no accepted terms", json({ x402Version: 2, payload: {} })],
      ["accepted terms that are no object", json({ x402Version: 2, accepted: "deferred", payload: {} })],
      ["__proto__", Buffer.from('{"x402Version":2,"__proto__":{"accepted":{}},"payload":{}}').toString("base64")],
    ];
    for (const [what, header] of headers) {
      it(`is refused with a fresh 402: ${what}`, async () => {
        const response = await fetch(`${shop.url}/fixed`, { headers: { "PAYMENT-SIGNATURE": header } });
        await expectRefused(response);
        expect(offersOf(response).accepts).to.have.lengthOf(1);
      });
    }

    it("is refused by Node when it has a megabyte", async () => {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const sent = httpRequest(`${shop.url}/fixed`, { headers: { "PAYMENT-SIGNATURE": "A".repeat(1_000_000) } });
        sent.on("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on("error", reject);
        sent.end();
      });
      expect(status).to.equal(431);
    });

    it("is refused with 10 KB of nonsense in a payload", async () => {
      const payment = await pay();
      await expectRefused(
        await sendPayment(shop, { ...payment, payload: { voucher: "x".repeat(7_000) } }),
        `${PREFIX}voucher_malformed`,
      );
    });
  });

  describe("a version 1 payment in the header of version 2", () => {
    it("is refused although scheme and network are those of an offer", async () => {
      const payment = await pay();
      const disguised = { ...payment, x402Version: 1, accepted: { ...payment.accepted, amount: "1" } };
      await expectRefused(await sendPayment(shop, disguised), "invalid_x402_version");
    });
  });

  describe("accepted terms that were not offered", () => {
    const changes: readonly [string, unknown][] = [
      ["amount", "1"],
      ["payTo", PERMIT2],
      ["asset", PERMIT2],
      ["network", "eip155:1"],
      ["network", "eip155:*"],
      ["scheme", "exact"],
      ["maxTimeoutSeconds", 1_000_000],
      ["extra", {}],
      ["extra.minVoucherLifetime", 1],
      ["extra.deposit.minimum", "1"],
    ];
    for (const [field, value] of changes) {
      it(`are refused: ${field} = ${JSON.stringify(value)}`, async () => {
        const payment = await pay();
        const response = await sendPayment(shop, mutate(payment, `accepted.${field}`, value));
        await expectRefused(response, "No matching payment requirements");
      });
    }

    it("may echo other lanes, for the lane that counts is the voucher's", async () => {
      const payment = await pay({ valueAggregate: 0n });
      const response = await sendPayment(shop, mutate(payment, "accepted.extra.voucher", { id: "0x" }));
      await expectRefused(response, `${PREFIX}voucher_zero_value_aggregate`);
    });
  });

  describe("a malformed field", () => {
    const cases: readonly [string, readonly unknown[], string][] = [
      ["", BAD_OBJECTS, "malformed"],
      ["signature", BAD_SIGNATURES, "malformed"],
      ["voucher", BAD_OBJECTS, "voucher_malformed"],
      ["voucher.id", BAD_BYTES32, "voucher_malformed"],
      ["voucher.buyer", BAD_ADDRESSES, "voucher_malformed"],
      ["voucher.seller", BAD_ADDRESSES, "voucher_malformed"],
      ["voucher.asset", BAD_ADDRESSES, "voucher_malformed"],
      ["voucher.escrow", BAD_ADDRESSES, "voucher_malformed"],
      ["voucher.valueAggregate", BAD_AMOUNTS.filter((value) => typeof value !== "bigint"), "voucher_malformed"],
      ["voucher.timestamp", BAD_INTEGERS, "voucher_malformed"],
      ["voucher.nonce", BAD_INTEGERS, "voucher_malformed"],
      ["voucher.chainId", BAD_INTEGERS, "voucher_malformed"],
      ["voucher.expiry", BAD_INTEGERS, "voucher_malformed"],
      ["depositAuthorization", [1, "deposit", [], true, {}], "deposit_authorization_malformed"],
      ["depositAuthorization.method", ["eip712", 1], "deposit_authorization_malformed"],
      ["signerAuthorization", [1, "signer", [], true, {}], "signer_authorization_malformed"],
    ];
    for (const [field, values, code] of cases) {
      it(`is refused as ${code}: ${field === "" ? "payload" : field}`, async () => {
        const payment = await pay();
        for (const value of values) {
          const bad = mutate(payment, field === "" ? "payload" : `payload.${field}`, value);
          await expectRefused(await sendPayment(shop, bad), `${PREFIX}${code}`);
        }
      });
    }
  });

  describe("a well-formed voucher that is wrong", () => {
    const signed: readonly [string, Partial<Voucher>, string][] = [
      ["a ceiling of zero", { valueAggregate: 0n }, "voucher_zero_value_aggregate"],
      ["a ceiling below the total plus the price", { valueAggregate: PRICE }, "voucher_value"],
      ["a ceiling of 256 bits", { valueAggregate: 2n ** 256n - 1n }, "voucher_malformed"],
      ["a zero buyer", { buyer: ZERO_ADDRESS }, "voucher_buyer_mismatch"],
      ["the asset as buyer", { buyer: USDC.toLowerCase() as Address }, "voucher_buyer_mismatch"],
      ["another buyer", { buyer: PERMIT2.toLowerCase() as Address }, "signature"],
      ["another seller", { seller: PERMIT2.toLowerCase() as Address }, "recipient_mismatch"],
      ["a zero seller", { seller: ZERO_ADDRESS }, "recipient_mismatch"],
      ["another asset", { asset: PERMIT2.toLowerCase() as Address }, "asset_mismatch"],
      ["a zero asset", { asset: ZERO_ADDRESS }, "asset_mismatch"],
      ["another escrow", { escrow: PERMIT2.toLowerCase() as Address }, "voucher_escrow_mismatch"],
      ["a zero escrow", { escrow: ZERO_ADDRESS }, "voucher_escrow_mismatch"],
      ["another chain", { chainId: 84532n }, "chain_id"],
      ["chain zero", { chainId: 0n }, "chain_id"],
      ["an expiry in the past", { expiry: 1_000n }, "voucher_expired"],
      ["an expiry of zero", { expiry: 0n }, "voucher_expired"],
      ["an expiry before the seller can collect", { expiry: NOW + 86_400n }, "voucher_expired"],
      ["an expiry of 64 bits", { expiry: 2n ** 64n - 1n }, "voucher_malformed"],
      ["a timestamp in the future", { timestamp: NOW + 10_000n }, "timestamp_too_early"],
      ["a timestamp before the latest voucher's", { timestamp: 1_000n }, "voucher_timestamp_decreasing"],
      ["a nonce that was used", { nonce: 0n }, "voucher_nonce_mismatch"],
      ["a nonce of 256 bits", { nonce: 2n ** 256n - 1n }, "voucher_malformed"],
    ];
    for (const [what, voucher, code] of signed) {
      it(`is refused: ${what}`, async () => {
        await expectRefused(await sendPayment(shop, await pay(voucher)), `${PREFIX}${code}`);
      });
    }

    const unsigned: readonly [string, unknown][] = [
      ["valueAggregate", "999999999"],
      ["timestamp", Number(NOW) - 1],
      ["nonce", 1_001],
      ["expiry", Number(NOW) + 3_000_000],
      ["id", `0x${"77".repeat(32)}`],
      ["buyer", PERMIT2],
    ];
    for (const [field, value] of unsigned) {
      it(`is refused when ${field} is not what was signed`, async () => {
        const payment = await pay({ timestamp: NOW });
        await expectRefused(
          await sendPayment(shop, mutate(payment, `payload.voucher.${field}`, value)),
          `${PREFIX}signature`,
        );
      });
    }

    it("is refused with a signature of zeros, of ones, of another length, with a high s or a wrong v", async () => {
      const payment = await pay();
      const good = payment.payload["signature"] as string;
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const s = BigInt(`0x${good.slice(66, 130)}`);
      const v = good.endsWith("1b") ? "1c" : "1b";
      const twin = `${good.slice(0, 66)}${(order - s).toString(16).padStart(64, "0")}${v}`;
      const wrong = [
        `0x${"00".repeat(65)}`,
        `0x${"ff".repeat(65)}`,
        good.slice(0, -4),
        `${good}00`,
        twin,
        `${good.slice(0, -2)}05`,
        `0x${"11".repeat(4096)}`,
      ];
      for (const signature of wrong) {
        const response = await sendPayment(shop, mutate(payment, "payload.signature", signature));
        expect(response.status).to.equal(402);
        expect(offersOf(response).error).to.be.oneOf([`${PREFIX}signature`, `${PREFIX}contract_wallet`]);
      }
    });

    it("is refused when it is a voucher of another deployment of the escrow", async () => {
      const payment = await pay();
      const other = market.base.actors.stranger.address.toLowerCase() as Address;
      const voucher: Voucher = {
        id: DEFAULT_LANE,
        buyer: buyer.address.toLowerCase() as Address,
        seller: shop.seller.address.toLowerCase() as Address,
        valueAggregate: 1_000n * PRICE,
        asset: USDC.toLowerCase() as Address,
        timestamp: NOW,
        nonce: 1_000n,
        escrow: other,
        chainId: 8453n,
        expiry: NOW + 2_000_000n,
      };
      const signature = await signVoucher(buyer, voucher);
      const moved = { ...payment, payload: { ...payment.payload, signature } };
      await expectRefused(await sendPayment(shop, moved), `${PREFIX}signature`);
    });

    it("is refused when the lane would be one too many", async () => {
      const narrow = await market.openShop({ limits: { maxLanes: 1 } });
      await makeAgent(buyer).fetch(`${narrow.url}/fixed`);
      const payment = await makePayment({
        shop: narrow,
        escrow: market.escrow,
        buyer: buyer.address,
        signer: buyer,
        voucher: { id: `0x${"77".repeat(32)}` },
      });
      await expectRefused(await sendPayment(narrow, payment), `${PREFIX}lane_limit`);
    });

    it("is refused when it expires before the latest one", async () => {
      const shop = await market.openShop();
      const payer = await market.newBuyer();
      await makeAgent(payer, { voucherLifetime: 3_000_000n }).fetch(`${shop.url}/fixed`);
      const next = { nonce: 1n, valueAggregate: 2n * PRICE, expiry: NOW + 2_000_000n };
      const parties = { shop, escrow: market.escrow, buyer: payer.address, signer: payer };
      const payment = await makePayment({ ...parties, voucher: next });
      await expectRefused(await sendPayment(shop, payment), `${PREFIX}voucher_expiry_decreasing`);
      expect(await shop.charged(payer.address)).to.equal(PRICE);
      const longer = await makePayment({ ...parties, voucher: { ...next, expiry: NOW + 4_000_000n } });
      expect((await sendPayment(shop, longer)).status).to.equal(200);
    });

    it("is refused while the seller waits for a collection", async () => {
      const careful = await market.openShop({ limits: { maxUncollected: PRICE } });
      const payer = await market.newBuyer();
      await makeAgent(payer).fetch(`${careful.url}/fixed`);
      const voucher = { nonce: 1n, valueAggregate: 2n * PRICE, expiry: NOW + 4_000_000n };
      const parties = { shop: careful, escrow: market.escrow, buyer: payer.address, signer: payer };
      const response = await sendPayment(careful, await makePayment({ ...parties, voucher }));
      await expectRefused(response, `${PREFIX}exposure_limit`);
      expect(await careful.charged(payer.address)).to.equal(PRICE);
    });

    it("is refused when the account does not cover it", async () => {
      const poor = await market.newBuyer();
      const payment = await makePayment({ shop, escrow: market.escrow, buyer: poor.address, signer: poor });
      await expectRefused(await sendPayment(shop, payment), "insufficient_funds");
    });
  });
});
