import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import { x402Facilitator } from "@x402/core/facilitator";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { zeroAddress } from "viem";
import { getEscrow } from "../../../client/flash/read.ts";
import { signOpenEscrow, signPayment, signTopUp } from "../../../client/flash/sign.ts";
import { DEFAULT_FLASH_LIMITS } from "../../../client/seller/flash/limits.ts";
import {
  createInProcessFacilitatorClient,
  createWalletRelayer,
  FlashConfigurationError,
  FlashEvmFacilitator,
  RemoteFlashEvmServer,
  toWirePayload,
  type FlashPayload,
  type WireOpenPayload,
} from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { USDC_DOMAIN } from "../../base/usdc.ts";
import { DAY, deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { deskOf, NETWORK, openShop, payloadOf, PRICE, type Shop } from "./helpers/shop.ts";

const ESCROW = 10_000_000n;

describe("x402 flash: facilitator", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let facilitator: FlashEvmFacilitator;
  let kinds: x402Facilitator;
  let shop: Shop;
  const errors: unknown[] = [];
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    const { base, settlement } = deployed;
    const relayer = createWalletRelayer({
      settlement,
      wallet: base.wallets.relayer,
      client: base.publicClient,
      minimumOpenings: { [USDC]: 1_000_000n },
    });
    const desk = deskOf(market, { relayer });
    facilitator = new FlashEvmFacilitator({
      settlements: [
        {
          settlement,
          limits: { ...DEFAULT_FLASH_LIMITS, maxTransactions: 64, minTransaction: PRICE },
          minTtlSeconds: 3_600n,
          relayer,
          openUrl: "https://facilitator.example/flash/open",
          deskOf: (server) => (server === market.server.toLowerCase() ? desk : undefined),
        },
      ],
      onError: (error) => errors.push(error),
    });
    kinds = new x402Facilitator().register([NETWORK], facilitator).registerV1(["base" as never], facilitator);
    const remote = { plugIn: new RemoteFlashEvmServer(), facilitator: createInProcessFacilitatorClient(kinds) };
    shop = await openShop(market, { remote });
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });
  afterEach(() => {
    expect(errors).to.deep.equal([]);
  });

  async function newPayer(amount = ESCROW): Promise<Payer> {
    const payer = await market.payer(2n * amount);
    await payer.open({ amount });
    return payer;
  }

  async function ask(payload: object, changes: { accepted?: object; requirements?: object; version?: number } = {}) {
    const offer = await shop.offer();
    const payment = {
      x402Version: changes.version ?? 2,
      accepted: { ...offer, ...changes.accepted },
      payload,
    } as unknown as PaymentPayload;
    return [payment, { ...offer, ...changes.requirements } as PaymentRequirements] as const;
  }

  async function makeOpening() {
    const client = privateKeyToAccount(generatePrivateKey());
    await deployed.base.fundUsdc(client.address, ESCROW);
    const opening = await signOpenEscrow(client, {
      ...deployed.settlement,
      terms: {
        client: client.address,
        server: market.server,
        token: USDC,
        amount: 2_000_000n,
        ttlSeconds: 30n * DAY,
        closeDelay: 3_600n,
        signer: zeroAddress,
        epoch: 0n,
        deadline: BigInt(Math.floor(Date.now() / 1000)) + DAY,
      },
      funding: { method: "Eip3009", tokenDomain: { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version } },
    });
    const item = {
      kind: "payment",
      client: client.address,
      amount: 1n,
      nonce: 0n,
      deadline: 0n,
      epoch: 0n,
      signature: "0x00",
    } as const;
    const {
      type: _type,
      payment: _payment,
      signature: _signature,
      ...wire
    } = toWirePayload({ type: "open", opening, item }) as WireOpenPayload;
    return { client, body: { network: NETWORK, ...wire } };
  }

  it("relays the top-up that a payment needs, and no other", async () => {
    const payer = await newPayer(PRICE);
    const { client, server, token } = payer.escrow;
    expect((await shop.pay(payloadOf(await payer.payment(PRICE, 0n)))).status).to.equal(200);
    const deadline = BigInt(Math.floor(Date.now() / 1000)) + DAY;
    const authorization = { client, server, token, amount: 1_000_000n, epoch: 0n, salt: 1n, deadline };
    await deployed.base.fundUsdc(payer.account.address, ESCROW);
    const topUp = await signTopUp(payer.account, {
      ...deployed.settlement,
      authorization,
      funding: { method: "Eip3009", tokenDomain: { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version } },
    });
    const renewed = async (nonce: bigint) =>
      ({ ...payloadOf(await payer.payment(PRICE, nonce)), renewal: { topUp } }) as FlashPayload;
    for (const nonce of [1n, 2n]) {
      expect((await shop.pay(await renewed(nonce))).status).to.equal(200);
      const { balance } = await getEscrow(deployed.base.publicClient, {
        settlement: deployed.settlement.settlement,
        client,
        server,
        token,
      });
      expect(balance).to.equal(PRICE + 1_000_000n);
    }
  });

  describe("the kinds", () => {
    it("name scheme, network and terms", () => {
      const [v2] = kinds.getSupported().kinds.filter(({ x402Version }) => x402Version === 2);
      expect(v2).to.deep.include({ scheme: "flash", network: NETWORK });
      expect(v2?.extra).to.deep.equal({
        settlementContractAddress: deployed.settlement.settlement,
        name: "x402 Flash Settlement",
        version: "1",
        payloadTypes: ["payment", "tab", "open", "transaction"],
        minEscrow: "0",
        minTtlSeconds: 3600,
        minCloseDelay: 900,
        openMethods: ["allowance", "eip3009", "permit2"],
        facilitatorOpen: "https://facilitator.example/flash/open",
        minimumOpenings: { [USDC]: "1000000" },
        minTransaction: PRICE.toString(),
      });
      expect(facilitator.getExtra("eip155:1")).to.equal(undefined);
    });
  });

  describe("verification and settlement", () => {
    it("accept without reserving, then commit, once", async () => {
      const payer = await newPayer();
      const call = await ask(toWirePayload(payloadOf(await payer.payment(PRICE, 0n))));
      for (let count = 0; count < 3; count += 1) {
        const answer = await facilitator.verify(...call);
        expect(answer).to.deep.equal({ isValid: true, payer: payer.account.address.toLowerCase() });
      }
      expect((await payer.state()).accepted).to.equal(0n);
      const settled = await facilitator.settle(...call);
      expect(settled).to.include({ success: true, transaction: "", amount: "1000", network: NETWORK });
      expect(settled.extra).to.include({ status: "accepted" });
      expect((await payer.state()).accepted).to.equal(PRICE);
      expect(await facilitator.settle(...call)).to.include({ success: false, errorReason: "flash_nonce_used" });
      expect(await facilitator.verify(...call)).to.include({ isValid: false, invalidReason: "flash_nonce_used" });
      expect((await payer.state()).accepted).to.equal(PRICE);
    });

    it("of twenty copies at once commit one", async () => {
      const payer = await newPayer();
      const call = await ask(toWirePayload(payloadOf(await payer.payment(PRICE, 0n))));
      const settled = await Promise.all(Array.from({ length: 20 }, () => facilitator.settle(...call)));
      expect(settled.filter(({ success }) => success)).to.have.lengthOf(1);
    });

    it("take version 1 with a bare transaction", async () => {
      const payer = await newPayer();
      const item = await payer.transaction(PRICE, 0n);
      if (item.kind !== "transaction") throw new Error("no transaction");
      const payment = { x402Version: 1, scheme: "flash", network: "base", payload: item.rawTransaction };
      const requirements = { ...(await shop.offer()), network: "base", maxAmountRequired: "1000", amount: undefined };
      const call = [payment, requirements] as unknown as [PaymentPayload, PaymentRequirements];
      expect(await facilitator.verify(...call)).to.include({ isValid: true });
      expect(await facilitator.settle(...call)).to.include({ success: true, network: "base" });
    });

    it("refuse other terms than those accepted, and never throw", async () => {
      const payer = await newPayer();
      const payload = toWirePayload(payloadOf(await payer.payment(PRICE, 0n)));
      const stranger = `0x${"ab".repeat(20)}`;
      const cases: readonly [Parameters<typeof ask>[1], string][] = [
        [{ version: 3 }, "invalid_x402_version"],
        [{ accepted: { scheme: "exact" } }, "flash_scheme_mismatch"],
        [{ requirements: { scheme: "exact" } }, "flash_scheme_mismatch"],
        [{ accepted: { network: "eip155:1" } }, "flash_network_mismatch"],
        [{ requirements: { network: "eip155:1" }, accepted: { network: "eip155:1" } }, "flash_requirements_mismatch"],
        [{ accepted: { payTo: stranger } }, "flash_requirements_mismatch"],
        [{ requirements: { payTo: stranger }, accepted: { payTo: stranger } }, "flash_requirements_mismatch"],
        [{ requirements: { asset: stranger }, accepted: { asset: stranger } }, "flash_requirements_mismatch"],
        [{ accepted: { extra: {} } }, "flash_requirements_mismatch"],
        [{ requirements: { amount: "999" } }, "flash_price_fixed"],
        [{ requirements: { amount: "0" }, accepted: { amount: "0" } }, "flash_requirements_mismatch"],
        [{ requirements: { amount: "-1" }, accepted: { amount: "-1" } }, "flash_requirements_mismatch"],
        [{ requirements: { amount: "1001" }, accepted: { amount: "1001" } }, "flash_amount_insufficient"],
      ];
      for (const [changes, code] of cases) {
        const call = await ask(payload, changes);
        expect(await facilitator.verify(...call), JSON.stringify(changes)).to.include({ invalidReason: code });
        expect(await facilitator.settle(...call), JSON.stringify(changes)).to.include({
          success: false,
          errorReason: code,
        });
      }
      for (const garbage of [undefined, null, 7, "text", [], {}, { type: "payment" }]) {
        const call = await ask(garbage as object);
        expect((await facilitator.verify(...call)).isValid).to.equal(false);
        expect((await facilitator.settle(...call)).success).to.equal(false);
      }
      expect((await payer.state()).accepted).to.equal(0n);
    });

    it("correct whoever holds the key", async () => {
      const payer = await newPayer();
      const call = await ask(toWirePayload(payloadOf(await payer.payment(PRICE, 0n, { epoch: 3n }))));
      const { extra } = await facilitator.verify(...call);
      expect(extra?.["offer"]).to.include({ epoch: 0, nonceBase: "0", available: String(ESCROW) });
    });
  });

  describe("a server without a store", () => {
    it("is paid through it, and passes corrections on", async () => {
      const payer = await newPayer();
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 0n)));
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect(answer.settlement?.extra).to.include({ status: "accepted" });
      const again = await shop.pay(payloadOf(await payer.payment(PRICE, 0n)));
      expect([again.status, again.error, again.extra?.epoch]).to.deep.equal([402, "flash_nonce_used", 0]);
      expect((await payer.state()).accepted).to.equal(PRICE);
    });

    it("is paid through it over HTTP, openings and corrections included", async () => {
      const app = express().use(express.json());
      app.get("/supported", (_request, response) => void response.json(kinds.getSupported()));
      for (const name of ["verify", "settle"] as const) {
        app.post(`/${name}`, async ({ body }: express.Request, response) => {
          const { paymentPayload, paymentRequirements } = body as {
            paymentPayload: PaymentPayload;
            paymentRequirements: PaymentRequirements;
          };
          response.json(await kinds[name](paymentPayload, paymentRequirements));
        });
      }
      app.post("/flash/open", async ({ body }: express.Request, response) => {
        response.json(await facilitator.open(body));
      });
      const http = createServer(app);
      http.listen(0, "127.0.0.1");
      await once(http, "listening");
      const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
      const far = await openShop(market, {
        remote: { plugIn: new RemoteFlashEvmServer(), facilitator: new HTTPFacilitatorClient({ url }) },
      });
      try {
        const { client, body } = await makeOpening();
        const headers = { "Content-Type": "application/json" };
        const opened = await fetch(`${url}/flash/open`, { method: "POST", headers, body: JSON.stringify(body) });
        expect(await opened.json()).to.include({ success: true });
        const payment = { client: client.address, server: market.server, token: USDC, amount: PRICE };
        const rest = { nonce: 0n, deadline: 0n, epoch: 0n };
        const signature = await signPayment(client, { ...deployed.settlement, payment: { ...payment, ...rest } });
        const payload = payloadOf({ kind: "payment", ...payment, ...rest, signature });
        const answer = await far.pay(payload);
        expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
        expect(answer.settlement?.extra).to.include({ status: "accepted" });
        const again = await far.pay(payload);
        expect([again.status, again.error, again.extra?.epoch]).to.deep.equal([402, "flash_nonce_used", 0]);
      } finally {
        await far.close();
        http.closeAllConnections();
        await new Promise((resolve) => http.close(resolve));
      }
    });

    it("offers the facilitator's terms beside the token's names", async () => {
      const { extra } = await shop.offer();
      expect(extra).to.include({ minEscrow: "1000000" });
      expect(extra).to.not.have.property("minimumOpenings");
      expect(extra).to.include({
        tokenName: "USD Coin",
        tokenVersion: "2",
        name: "x402 Flash Settlement",
        nonceBase: "0",
      });
    });

    it("charges nothing when the handler fails, or asks for another charge", async () => {
      const payer = await newPayer();
      expect((await shop.pay(payloadOf(await payer.payment(PRICE, 0n)), "/fails")).status).to.equal(500);
      const answer = await shop.pay(payloadOf(await payer.payment(PRICE, 1n)), "/override?charge=1");
      expect([answer.status, answer.settlement?.errorReason]).to.deep.equal([402, "flash_price_fixed"]);
      expect((await payer.state()).accepted).to.equal(0n);
    });

    it("does not offer openings in a token that the facilitator relays none in", async () => {
      const [kind] = kinds.getSupported().kinds;
      if (kind === undefined) throw new Error("no kind");
      const other = { ...(await shop.offer()), asset: `0x${"ab".repeat(20)}`, extra: {} };
      const supported = { ...kind, network: NETWORK } as const;
      const { extra } = await new RemoteFlashEvmServer().enhancePaymentRequirements(other, supported);
      expect(extra).to.deep.include({ payloadTypes: ["payment", "tab", "transaction"], minEscrow: "0" });
      expect(extra).to.not.have.any.keys("openMethods", "facilitatorOpen");
    });

    it("offers signed transactions from the facilitator's least amount on", async () => {
      const [kind] = kinds.getSupported().kinds;
      if (kind === undefined) throw new Error("no kind");
      const supported = { ...kind, network: NETWORK } as const;
      const typesAt = async (amount: bigint) => {
        const asked = { ...(await shop.offer()), amount: amount.toString(), extra: {} };
        const { extra } = await new RemoteFlashEvmServer().enhancePaymentRequirements(asked, supported);
        expect(extra).to.not.have.any.keys("minTransaction");
        return extra?.["payloadTypes"];
      };
      expect(await typesAt(PRICE)).to.deep.equal(["payment", "tab", "open", "transaction"]);
      expect(await typesAt(PRICE - 1n)).to.deep.equal(["payment", "tab", "open"]);
    });

    it("needs a facilitator that names its contract", async () => {
      const kind = { x402Version: 2, scheme: "flash", network: NETWORK } as const;
      let error: unknown;
      await new RemoteFlashEvmServer().enhancePaymentRequirements(await shop.offer(), kind).catch((reason: unknown) => {
        error = reason;
      });
      expect(error).to.be.instanceOf(FlashConfigurationError);
    });
  });

  describe("openings", () => {
    it("are relayed without a payment", async () => {
      const { client, body } = await makeOpening();
      const answer = await facilitator.open(body);
      expect(answer).to.include({ success: true, network: NETWORK });
      const parties = { client: client.address, server: market.server, token: USDC };
      expect((await getEscrow(deployed.base.publicClient, { ...deployed.settlement, ...parties })).isOpen).to.equal(
        true,
      );
      expect(await facilitator.open(body)).to.include({ success: true, transaction: "" });
    });

    it("that are garbage are refused", async () => {
      const { body } = await makeOpening();
      for (const garbage of [undefined, null, 7, "text", [], {}, { network: NETWORK }, { ...body, open: {} }]) {
        expect(await facilitator.open(garbage)).to.include({ success: false, errorReason: "flash_opening_malformed" });
      }
      for (const network of ["eip155:1", "", 7, undefined]) {
        expect(await facilitator.open({ ...body, network })).to.include({ errorReason: "flash_requirements_mismatch" });
      }
      const other = { ...body, open: { ...body.open, server: `0x${"ab".repeat(20)}` } };
      expect(await facilitator.open(other)).to.include({ success: false, errorReason: "flash_requirements_mismatch" });
    });
  });
});
