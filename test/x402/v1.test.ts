import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { x402Facilitator } from "@x402/core/facilitator";
import { parseSignature, type Address, type Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import {
  createV1Handler,
  DeferredConfigurationError,
  DeferredEvmFacilitator,
  DeferredEvmSchemeV1,
  toExpressHandler,
  UntrustedEscrowError,
  withBuyerHeader,
  type PaymentV1,
  type ResponseV1,
  type V1HandlerOptions,
} from "../../client/x402/deferred/index.ts";
import { getAccount } from "../../client/voucher/index.ts";
import { USDC } from "../base/addresses.ts";
import { USDC_DOMAIN } from "../base/usdc.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";
import { mutate } from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";

/** An offer as a version 1 client sees it. */
interface OfferV1 {
  readonly scheme: string;
  readonly network: string;
  readonly maxAmountRequired: string;
  readonly payTo: Address;
  readonly asset: Address;
  readonly extra: {
    readonly type: string;
    readonly signature?: Hex;
    readonly voucher: {
      readonly id: Hex;
      readonly escrow: Address;
      readonly nonce?: number;
      readonly valueAggregate?: string;
    };
    readonly account?: {
      readonly balance: string;
      readonly assetAllowance: string;
      readonly assetPermitNonce: string;
      readonly assetDomainName: string;
      readonly assetDomainVersion: string;
      readonly facilitator: string;
    };
  };
}

describe("x402 deferred: version 1", function () {
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

  async function open(
    options: Partial<V1HandlerOptions> = {},
  ): Promise<{ shop: Shop; url: string; served: string[]; errors: unknown[] }> {
    const shop = await market.openShop();
    const served: string[] = [];
    const errors: unknown[] = [];
    const handler = createV1Handler({
      desks: [shop.desk],
      offers: [{ network: "base", payTo: shop.seller.address, price: "$0.001" }],
      respond: async ({ url }) => {
        served.push(url);
        return { status: 200, headers: { "Content-Type": "text/plain" }, body: "sunny" };
      },
      onError: (error) => errors.push(error),
      ...options,
    });
    const server = createServer(express().get("/fixed", toExpressHandler(handler)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    return { shop, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fixed`, served, errors };
  }

  const decode = (response: Response) =>
    JSON.parse(Buffer.from(response.headers.get("X-PAYMENT-RESPONSE") ?? "", "base64").toString()) as Record<
      string,
      never
    >;
  const pay = (url: string, payment: unknown, headers: Record<string, string> = {}) =>
    fetch(url, { headers: { ...headers, "X-PAYMENT": Buffer.from(JSON.stringify(payment)).toString("base64") } });

  describe("a client written for the scheme", () => {
    const TYPES = {
      Voucher: [
        { name: "id", type: "bytes32" },
        { name: "buyer", type: "address" },
        { name: "seller", type: "address" },
        { name: "valueAggregate", type: "uint256" },
        { name: "asset", type: "address" },
        { name: "timestamp", type: "uint64" },
        { name: "nonce", type: "uint256" },
        { name: "escrow", type: "address" },
        { name: "chainId", type: "uint256" },
        { name: "expiry", type: "uint64" },
      ],
      DepositAuthorization: [
        { name: "buyer", type: "address" },
        { name: "seller", type: "address" },
        { name: "asset", type: "address" },
        { name: "amount", type: "uint256" },
        { name: "nonce", type: "bytes32" },
        { name: "expiry", type: "uint64" },
      ],
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    } as const;

    /** Asks as the scheme's clients do: with their own buyer header. */
    async function ask(url: string, buyer: Address): Promise<OfferV1> {
      const response = await fetch(url, { headers: { "X-PAYMENT-BUYER": buyer } });
      expect(response.status).to.equal(402);
      const body = (await response.json()) as { x402Version: number; accepts: OfferV1[] };
      expect(body.x402Version).to.equal(1);
      return body.accepts[0] as OfferV1;
    }

    /** Signs the next voucher of an offer as the scheme's clients do: nonce zero, then one more; the price on top of the ceiling. */
    async function sign(account: PrivateKeyAccount, offer: OfferV1) {
      const { extra, maxAmountRequired, payTo, asset } = offer;
      const now = Math.floor(Date.now() / 1000);
      const isNew = extra.type === "new";
      const voucher = {
        id: extra.voucher.id,
        buyer: account.address,
        seller: payTo,
        valueAggregate: (
          BigInt(isNew ? 0 : (extra.voucher.valueAggregate ?? 0)) + BigInt(maxAmountRequired)
        ).toString(),
        asset,
        timestamp: now,
        nonce: isNew ? 0 : Number(extra.voucher.nonce) + 1,
        escrow: extra.voucher.escrow,
        chainId: 8453,
        expiry: now + 30 * 86_400,
      };
      const domain = {
        name: "DeferredPaymentEscrow",
        version: "1",
        chainId: 8453,
        verifyingContract: extra.voucher.escrow,
      };
      const message = {
        ...voucher,
        valueAggregate: BigInt(voucher.valueAggregate),
        timestamp: BigInt(voucher.timestamp),
        nonce: BigInt(voucher.nonce),
        chainId: 8453n,
        expiry: BigInt(voucher.expiry),
      };
      const signature = await account.signTypedData({
        domain,
        types: { Voucher: TYPES.Voucher },
        primaryType: "Voucher",
        message,
      });
      return { x402Version: 1, scheme: "deferred", network: "base", payload: { signature, voucher } };
    }

    /** The scheme's deposit: a permit and a deposit authorization that runs a week. */
    async function signDeposit(account: PrivateKeyAccount, offer: OfferV1, amount: bigint) {
      const { extra, payTo, asset } = offer;
      const details = extra.account;
      if (details === undefined) throw new Error("The offer tells nothing about the account");
      const expiry = Math.floor(Date.now() / 1000) + 7 * 86_400 + 600;
      const escrow = extra.voucher.escrow;
      const nonce = `0x${"5a".repeat(32)}` as Hex;
      const authorization = { buyer: account.address, seller: payTo, asset, amount, nonce, expiry: BigInt(expiry) };
      const signature = await account.signTypedData({
        domain: { name: "DeferredPaymentEscrow", version: "1", chainId: 8453, verifyingContract: escrow },
        types: { DepositAuthorization: TYPES.DepositAuthorization },
        primaryType: "DepositAuthorization",
        message: authorization,
      });
      const domain = { name: details.assetDomainName, version: details.assetDomainVersion };
      const permit = {
        owner: account.address,
        spender: escrow,
        value: amount,
        nonce: BigInt(details.assetPermitNonce),
        deadline: BigInt(expiry),
      };
      const permitSignature = await account.signTypedData({
        domain: { ...domain, chainId: 8453, verifyingContract: asset },
        types: { Permit: TYPES.Permit },
        primaryType: "Permit",
        message: permit,
      });
      expect(parseSignature(permitSignature).r).to.match(/^0x/);
      return {
        permit: {
          ...permit,
          value: amount.toString(),
          nonce: details.assetPermitNonce,
          deadline: expiry,
          domain,
          signature: permitSignature,
        },
        depositAuthorization: { ...authorization, amount: amount.toString(), expiry, signature },
      };
    }

    it("pays a series in open mode, its deposit by permit with the first voucher", async () => {
      const { shop, url, errors } = await open({ isOpen: true });
      const account = await market.newBuyer();
      const first = await ask(url, account.address);
      expect(first.extra.type).to.equal("new");
      expect(first.extra.account).to.deep.include({
        balance: "0",
        assetAllowance: "0",
        assetPermitNonce: "0",
        assetDomainName: USDC_DOMAIN.name,
        assetDomainVersion: USDC_DOMAIN.version,
      });
      const payment = await sign(account, first);
      const depositAuthorization = await signDeposit(account, first, 50n * PRICE);
      const answer = await pay(url, { ...payment, payload: { ...payment.payload, depositAuthorization } });
      expect([answer.status, await answer.text()]).to.deep.equal([200, "sunny"]);
      expect(decode(answer)).to.include({ success: true, transaction: "", network: "base" });
      for (let nonce = 1; nonce < 4; nonce += 1) {
        const offer = await ask(url, account.address);
        expect(offer.extra.type).to.equal("aggregation");
        expect(offer.extra.signature).to.match(/^0x[0-9a-f]{130}$/);
        const next = await sign(account, offer);
        expect(next.payload.voucher.nonce).to.equal(nonce);
        expect((await pay(url, next)).status).to.equal(200);
      }
      expect(await shop.charged(account.address)).to.equal(4n * PRICE);
      expect(errors).to.deep.equal([]);
    });

    it("pays with random ids, each the start of a series, where the mode is not open", async () => {
      const { shop, url } = await open();
      const account = await market.newBuyer();
      const first = await ask(url, account.address);
      const payment = await sign(account, first);
      const depositAuthorization = await signDeposit(account, first, 50n * PRICE);
      await pay(url, { ...payment, payload: { ...payment.payload, depositAuthorization } });
      const ids = new Set([first.extra.voucher.id]);
      for (let count = 0; count < 4; count += 1) {
        const offer = await ask(url, account.address);
        expect(offer.extra.type).to.equal("new");
        expect(offer.extra).to.not.have.any.keys("signature", "charged");
        ids.add(offer.extra.voucher.id);
        expect((await pay(url, await sign(account, offer))).status).to.equal(200);
      }
      expect(ids.size).to.equal(5);
      expect(await shop.charged(account.address)).to.equal(5n * PRICE);
    });

    it("pays without the buyer header, from a balance that is there", async () => {
      const { shop, url } = await open();
      const account = await market.newBuyer();
      const { makeAgent } = await import("./helpers/agent.ts");
      await makeAgent(account).fetch(`${shop.url}/fixed`);
      const response = await fetch(url);
      const { accepts } = (await response.json()) as { accepts: OfferV1[] };
      expect((await pay(url, await sign(account, accepts[0] as OfferV1))).status).to.equal(200);
      expect(await shop.charged(account.address)).to.equal(2n * PRICE);
    });

    it("is charged nothing for a request that failed, nor above a metered price", async () => {
      const account = await market.newBuyer();
      const sunny = { status: 200, body: "sunny" };
      const modes: Readonly<Record<string, (payment: PaymentV1) => Promise<ResponseV1>>> = {
        good: async () => sunny,
        fails: async () => ({ status: 503, body: "out of order" }),
        throws: () => Promise.reject(new Error("out of order")),
        metered: async ({ setCharge }) => {
          setCharge(10n);
          return sunny;
        },
        above: async ({ setCharge }) => {
          setCharge(PRICE + 1n);
          return sunny;
        },
      };
      let mode = "good";
      const { shop, url, errors } = await open({
        isOpen: true,
        respond: (_request, payment) => modes[mode]?.(payment) ?? Promise.resolve({ status: 404 }),
      });
      const first = await ask(url, account.address);
      const payment = await sign(account, first);
      const depositAuthorization = await signDeposit(account, first, 50n * PRICE);
      expect((await pay(url, { ...payment, payload: { ...payment.payload, depositAuthorization } })).status).to.equal(
        200,
      );
      const results: [string, number, bigint][] = [];
      for (mode of ["fails", "throws", "above", "metered", "good"]) {
        const answer = await pay(url, await sign(account, await ask(url, account.address)));
        results.push([mode, answer.status, await shop.charged(account.address)]);
        const lanes = await shop.store.listLanesOf({
          ...shop.acceptor.escrow,
          seller: shop.seller.address,
          asset: USDC,
          buyer: account.address,
        });
        expect(lanes.filter(({ reservation }) => reservation !== undefined)).to.deep.equal([]);
      }
      expect(results).to.deep.equal([
        ["fails", 503, PRICE],
        ["throws", 500, PRICE],
        ["above", 402, PRICE],
        ["metered", 200, PRICE + 10n],
        ["good", 200, 2n * PRICE + 10n],
      ]);
      expect(errors).to.have.lengthOf(1);
    });

    it("gets the scheme's code for what is wrong, and is served nothing", async () => {
      const { shop, url, served } = await open();
      const account = await market.newBuyer();
      const good = await sign(account, await ask(url, account.address));
      const cases: readonly [unknown, string][] = [
        [mutate(good, "x402Version", 2), "invalid_x402_version"],
        [mutate(good, "x402Version", "1"), "invalid_x402_version"],
        [mutate(good, "scheme", "exact"), `${PREFIX}scheme`],
        [mutate(good, "network", "base-sepolia"), `${PREFIX}network_mismatch`],
        [mutate(good, "network", "eip155:8453"), `${PREFIX}network_mismatch`],
        [mutate(good, "payload", undefined), `${PREFIX}malformed`],
        [mutate(good, "payload.voucher.nonce", -1), `${PREFIX}voucher_malformed`],
        [mutate(good, "payload.voucher.valueAggregate", 1000), `${PREFIX}voucher_malformed`],
        [mutate(good, "payload.voucher.valueAggregate", "1001"), `${PREFIX}signature`],
        [mutate(good, "payload.voucher.expiry", 5), `${PREFIX}voucher_expired`],
        [mutate(good, "payload.voucher.chainId", 84532), `${PREFIX}chain_id`],
        [good, "insufficient_funds"],
        [[], "invalid_x402_version"],
        [null, "invalid_payload"],
      ];
      for (const [payment, code] of cases) {
        const response = await pay(url, payment);
        const body = (await response.json()) as { error: string };
        expect([response.status, body.error]).to.deep.equal([402, code]);
      }
      for (const header of ["%%%", "e30", "ew==", "A".repeat(16_000)]) {
        const response = await fetch(url, { headers: { "X-PAYMENT": header } });
        expect(response.status).to.be.within(400, 499);
      }
      expect(served).to.deep.equal([]);
      expect(await shop.charged(account.address)).to.equal(0n);
    });

    it("gets one answer for copies of one payment", async () => {
      const { shop, url } = await open();
      const account = await market.newBuyer();
      const first = await ask(url, account.address);
      const payment = await sign(account, first);
      const depositAuthorization = await signDeposit(account, first, 50n * PRICE);
      const full = { ...payment, payload: { ...payment.payload, depositAuthorization } };
      const answers = await Promise.all(Array.from({ length: 4 }, () => pay(url, full)));
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      expect(await shop.charged(account.address)).to.equal(PRICE);
    });
  });

  describe("our client", () => {
    function fetchAs(account: PrivateKeyAccount, options: object = {}): typeof fetch {
      const scheme = new DeferredEvmSchemeV1({ buyer: account, escrows: [market.escrow], ...options });
      const client = new x402Client().registerV1("base" as never, scheme);
      return wrapFetchWithPayment(withBuyerHeader(fetch, account.address), client) as typeof fetch;
    }

    it("goes on with a series in open mode, the deposit by ERC-3009", async () => {
      const { shop, url } = await open({ isOpen: true });
      const account = await market.newBuyer();
      const paidFetch = fetchAs(account);
      for (let count = 0; count < 3; count += 1) expect((await paidFetch(url)).status).to.equal(200);
      expect(await shop.charged(account.address)).to.equal(3n * PRICE);
      const parameters = { escrow: market.escrow, buyer: account.address, seller: shop.seller.address, asset: USDC };
      expect((await getAccount(market.base.publicClient, parameters)).balance).to.equal(100n * PRICE);
      const lanes = await shop.store.listLanesOf({ ...shop.acceptor.escrow, ...parameters });
      expect(lanes.filter(({ latest }) => latest !== undefined)).to.have.lengthOf(1);
    });

    it("opens a lane a payment where the mode is not open", async () => {
      const { shop, url } = await open();
      const account = await market.newBuyer();
      const paidFetch = fetchAs(account);
      for (let count = 0; count < 3; count += 1) expect((await paidFetch(url)).status).to.equal(200);
      expect(await shop.charged(account.address)).to.equal(3n * PRICE);
    });

    it("answers first requests at once with one deposit", async () => {
      const { shop, url } = await open();
      const account = await market.newBuyer();
      const events: string[] = [];
      const paidFetch = fetchAs(account, { onEvent: ({ kind }: { kind: string }) => events.push(kind) });
      const answers = await Promise.all(Array.from({ length: 6 }, () => paidFetch(url)));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 6 }, () => 200));
      expect(events).to.deep.equal(["depositSigned"]);
      expect(await shop.charged(account.address)).to.equal(6n * PRICE);
      const parameters = { escrow: market.escrow, buyer: account.address, seller: shop.seller.address, asset: USDC };
      expect((await getAccount(market.base.publicClient, parameters)).balance).to.equal(100n * PRICE);
    });

    it("answers parallel requests", async () => {
      const { shop, url } = await open();
      const account = await market.newBuyer();
      const paidFetch = fetchAs(account);
      await paidFetch(url);
      const answers = await Promise.all(Array.from({ length: 10 }, () => paidFetch(url)));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 10 }, () => 200));
      expect(await shop.charged(account.address)).to.equal(11n * PRICE);
    });

    it("keeps its limits", async () => {
      const { url } = await open();
      const account = await market.newBuyer();
      const tries: readonly [object, RegExp][] = [
        [{ limits: { maxPrice: 1n } }, /limit of 1 /],
        [{ limits: { maxDeposit: 1n } }, /limits allow 1/],
        [{ limits: { maxTotalExposure: 1n } }, /limits allow 1/],
        [{ deposit: false }, /makes no deposits/],
      ];
      for (const [options, message] of tries) {
        const failure = await fetchAs(account, options)(url).catch((error: Error) => error);
        expect(failure).to.be.instanceOf(Error).with.property("message").that.matches(message);
      }
    });

    it("signs nothing for an escrow that it does not trust", async () => {
      const [account, trusted] = [await market.newBuyer(), USDC];
      const { url } = await open();
      const asked = await fetch(url, { headers: { "X-PAYMENT-BUYER": account.address } });
      const { accepts } = (await asked.json()) as { accepts: unknown[] };
      const buyer = { address: account.address, signTypedData: () => Promise.reject(new Error("asked to sign")) };
      const failure = await new DeferredEvmSchemeV1({ buyer, escrows: [trusted] })
        .createPaymentPayload(1, accepts[0] as never)
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(UntrustedEscrowError).with.property("escrow", market.escrow.toLowerCase());
      expect(() => new DeferredEvmSchemeV1({ buyer, escrows: [] })).to.throw(DeferredConfigurationError);
    });

    it("continues no series that it has not signed", async () => {
      const [account, other] = [await market.newBuyer(), await market.newBuyer()];
      const { url } = await open({ isOpen: true });
      await fetchAs(other)(url);
      const scheme = new DeferredEvmSchemeV1({ buyer: account, escrows: [market.escrow] });
      const response = await fetch(url, { headers: { "X-PAYMENT-BUYER": other.address } });
      const { accepts } = (await response.json()) as { accepts: unknown[] };
      const failure = await scheme.createPaymentPayload(1, accepts[0] as never).catch((error: Error) => error);
      expect(failure)
        .to.be.instanceOf(Error)
        .with.property("message")
        .that.matches(/has not signed/);
    });
  });

  describe("the facilitator", () => {
    it("verifies and settles a version 1 payment once", async () => {
      const shop = await market.openShop();
      const { desk } = shop;
      const { collectionMargin } = desk.acceptor.limits;
      const escrows = [{ escrow: desk.acceptor.escrow, relayer: shop.relayer, collectionMargin, deskOf: () => desk }];
      const facilitator = new x402Facilitator().registerV1(["base" as never], new DeferredEvmFacilitator({ escrows }));
      const account = await market.newBuyer();
      const requirements = {
        scheme: "deferred",
        network: "base",
        maxAmountRequired: PRICE.toString(),
        payTo: shop.seller.address,
        asset: USDC,
        maxTimeoutSeconds: 60,
        extra: {
          type: "new",
          voucher: { id: `0x${"31".repeat(32)}`, escrow: market.escrow },
          name: "USD Coin",
          version: "2",
          deposit: { minimum: "1", suggested: "50000", methods: ["eip3009"] },
        },
      };
      const payload = await new DeferredEvmSchemeV1({ buyer: account, escrows: [market.escrow] }).createPaymentPayload(
        1,
        requirements as never,
      );
      expect(await facilitator.verify(payload as never, requirements as never)).to.include({ isValid: true });
      const settled = await facilitator.settle(payload as never, requirements as never);
      expect(settled).to.include({ success: true, transaction: "", network: "base", amount: PRICE.toString() });
      const again = await facilitator.settle(payload as never, requirements as never);
      expect(again).to.include({ success: false, errorReason: `${PREFIX}voucher_already_accepted` });
      const elsewhere = { ...requirements, network: "base-sepolia" };
      const answer = await new DeferredEvmFacilitator({ escrows }).verify(payload as never, elsewhere as never);
      expect(answer).to.include({ isValid: false, invalidReason: `${PREFIX}network_mismatch` });
    });
  });

  describe("several offers on one network", () => {
    it("are told apart by the voucher's recipient and asset", async () => {
      const other = await market.openShop();
      const { shop, url } = await openBoth(other);
      for (const index of [0, 1]) {
        const account = await market.newBuyer();
        const offer = await offerOf(url, index);
        const payload = await new DeferredEvmSchemeV1({
          buyer: account,
          escrows: [market.escrow],
        }).createPaymentPayload(1, offer as never);
        expect((await pay(url, payload)).status).to.equal(200);
        const charged = await Promise.all([shop, other].map((each) => each.charged(account.address)));
        expect(charged).to.deep.equal(index === 0 ? [PRICE, 0n] : [0n, 2n * PRICE]);
      }
    });

    it("take no less than the price of the one that a voucher is for", async () => {
      const other = await market.openShop();
      const { url } = await openBoth(other);
      const account = await market.newBuyer();
      const cheap = { ...(await offerOf(url, 1)), maxAmountRequired: PRICE.toString() };
      const payload = await new DeferredEvmSchemeV1({ buyer: account, escrows: [market.escrow] }).createPaymentPayload(
        1,
        cheap as never,
      );
      const answer = await pay(url, payload);
      const { error } = (await answer.json()) as { error: string };
      expect([answer.status, error]).to.deep.equal([402, `${PREFIX}voucher_value`]);
      expect(await other.charged(account.address)).to.equal(0n);
    });

    it("refuse a voucher for neither of them", async () => {
      const { url } = await openBoth(await market.openShop());
      const account = await market.newBuyer();
      const offer = { ...(await offerOf(url, 0)), payTo: market.base.actors.stranger.address };
      const payload = await new DeferredEvmSchemeV1({ buyer: account, escrows: [market.escrow] }).createPaymentPayload(
        1,
        offer as never,
      );
      const answer = await pay(url, payload);
      expect([answer.status, ((await answer.json()) as { error: string }).error]).to.deep.equal([
        402,
        `${PREFIX}deposit_authorization_continuity`,
      ]);
    });

    it("that a payment could not tell apart are refused when they are set up", async () => {
      const shop = await market.openShop();
      const offer = { network: "base", payTo: shop.seller.address, price: "$0.001" };
      const make = () =>
        createV1Handler({
          desks: [shop.desk],
          offers: [offer, { ...offer, price: "$0.002" }],
          respond: async () => ({ status: 200 }),
        });
      expect(make).to.throw(DeferredConfigurationError, /Two offers/);
    });

    /** A handler with the offers of two sellers; the second one asks for twice as much. */
    async function openBoth(other: Shop) {
      const shop = await market.openShop();
      const offer = (payTo: Address, price: string) => ({ network: "base", payTo, price });
      const { url } = await open({
        desks: [shop.desk, other.desk],
        offers: [offer(shop.seller.address, "$0.001"), offer(other.seller.address, "$0.002")],
      });
      return { shop, url };
    }

    async function offerOf(url: string, index: number): Promise<OfferV1> {
      const { accepts } = (await (await fetch(url)).json()) as { accepts: OfferV1[] };
      return accepts[index] as OfferV1;
    }
  });

  it("refuses offers that no desk serves when it is set up", async () => {
    const shop = await market.openShop();
    const make = (network: string, payTo: Address) => () =>
      createV1Handler({
        desks: [shop.desk],
        offers: [{ network, payTo, price: "$0.001" }],
        respond: async () => ({ status: 200 }),
      });
    expect(make("base", USDC)).to.throw(/No acceptor/);
    expect(make("atlantis", shop.seller.address)).to.throw(/No acceptor/);
  });
});
