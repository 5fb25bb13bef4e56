import { expect } from "chai";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import type { Address } from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import {
  DEFAULT_LANE,
  DeferredConfigurationError,
  DeferredEvmFacilitator,
  RemoteDeferredEvmServer,
  toWirePayload,
  type DeferredPayload,
  withBuyerHeader,
  type Deposit,
} from "../../client/x402/deferred/index.ts";
import { depositWithEip3009, signVoucher, thaw, type Voucher } from "../../client/voucher/index.ts";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { mined } from "../helpers/mined.ts";
import { makeAgent, offersOf, settlementOf } from "./helpers/agent.ts";
import { countSent, inSeconds, makeDeposit, makeSigner } from "./helpers/relay.ts";
import { NETWORK, openMarket, PRICE, type Market, type Shop, type ShopOptions } from "./helpers/shop.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const LEAST = 10n * PRICE;

describe("x402 deferred: what is relayed, and for whom", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  const newKey = (): PrivateKeyAccount => privateKeyToAccount(generatePrivateKey());
  const openShop = (options: ShopOptions = {}) =>
    market.openShop({ relayer: { minimumDeposits: { [USDC]: LEAST } }, ...options });
  const sent = (step: () => Promise<unknown>) => countSent(market.base, market.base.actors.relayer.address, step);
  const partiesOf = (by: PrivateKeyAccount, shop: Shop) => ({
    escrow: market.escrow,
    buyer: by.address,
    seller: shop.seller.address,
    by,
  });

  function makeFacilitator({ desk, relayer, errors }: Shop): DeferredEvmFacilitator {
    const { escrow, limits } = desk.acceptor;
    const { collectionMargin } = limits;
    const onError = (error: unknown) => errors.push(error);
    return new DeferredEvmFacilitator({
      escrows: [{ escrow, relayer, collectionMargin, deskOf: () => desk }],
      onError,
    });
  }

  const termsOf = (shop: Shop, amount = PRICE): PaymentRequirements => ({
    scheme: "deferred",
    network: NETWORK,
    payTo: shop.seller.address,
    asset: USDC,
    amount: amount.toString(),
    maxTimeoutSeconds: 300,
    extra: { escrow: market.escrow },
  });

  /** Brings the balance of an account to the shop's view, as somebody else's transaction. */
  async function depositElsewhere(deposit: Deposit): Promise<void> {
    const { publicClient, wallets } = market.base;
    await mined(publicClient, await depositWithEip3009(wallets.stranger, { escrow: market.escrow, ...deposit }));
  }

  async function makePayload(
    by: PrivateKeyAccount,
    shop: Shop,
    {
      signer = by,
      nonce = 0n,
      ...extras
    }: Omit<DeferredPayload, "voucher" | "signature"> & {
      readonly signer?: PrivateKeyAccount;
      readonly nonce?: bigint;
    } = {},
  ): Promise<Record<string, unknown>> {
    const voucher: Voucher = {
      id: DEFAULT_LANE,
      ...{ buyer: by.address, seller: shop.seller.address, asset: USDC, escrow: market.escrow },
      valueAggregate: PRICE,
      timestamp: inSeconds(0n),
      nonce,
      chainId: 8453n,
      expiry: inSeconds(700_000n),
    };
    return { ...toWirePayload({ voucher, signature: await signVoucher(signer, voucher), ...extras }) };
  }

  const admit = async (shop: Shop, payload: unknown) => {
    const { address: payTo } = shop.seller;
    const request = { payload, chainId: 8453n, payTo, asset: USDC, price: PRICE.toString(), timeout: 300 };
    const result = await shop.server.payments.admit(request);
    if (result.isAdmitted) await shop.server.payments.release(result);
    return result.isAdmitted ? "admitted" : result.code;
  };

  describe("by a facilitator, without a voucher", () => {
    async function relay(
      shop: Shop,
      by: PrivateKeyAccount,
      parts: Pick<DeferredPayload, "deposit" | "signerAuthorization">,
    ): Promise<string> {
      const terms = termsOf(shop, 0n);
      const { voucher: _voucher, signature: _signature, ...brought } = await makePayload(by, shop, parts);
      const request = { x402Version: 2, accepted: terms, payload: { relay: { buyer: by.address, ...brought } } };
      const answer = await makeFacilitator(shop).settle(request, terms);
      return answer.success ? "relayed" : (answer.errorReason ?? "");
    }

    it("is no deposit below the relayer's least one", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      const { count } = await sent(async () => {
        for (const amount of [1n, LEAST - 1n]) {
          const deposit = await makeDeposit(partiesOf(by, shop), amount);
          expect(await relay(shop, by, { deposit })).to.equal(`${PREFIX}deposit_authorization_below_minimum`);
        }
      });
      expect(count).to.equal(0);
      expect(await relay(shop, by, { deposit: await makeDeposit(partiesOf(by, shop), LEAST) })).to.equal("relayed");
    });

    it("is one signer authorization once, however often it is asked for", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST));
      const signerAuthorization = await makeSigner(partiesOf(by, shop), newKey().address);
      const { count } = await sent(async () => {
        for (let time = 0; time < 4; time += 1)
          expect(await relay(shop, by, { signerAuthorization })).to.equal("relayed");
      });
      expect(count).to.equal(1);
    });

    it("are only so many signers of one buyer", async () => {
      const shop = await openShop({
        relayer: { minimumDeposits: { [USDC]: LEAST }, ration: { burst: 2, perHour: 0 } },
      });
      const by = await market.newBuyer();
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST));
      const codes: string[] = [];
      for (let time = 0; time < 3; time += 1) {
        codes.push(
          await relay(shop, by, { signerAuthorization: await makeSigner(partiesOf(by, shop), newKey().address) }),
        );
      }
      expect(codes).to.deep.equal(["relayed", "relayed", `${PREFIX}relay_limit`]);
    });

    it("is no signer for an account that holds less than the least deposit", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST - 1n));
      const signerAuthorization = await makeSigner(partiesOf(by, shop), newKey().address);
      const { count } = await sent(async () => {
        expect(await relay(shop, by, { signerAuthorization })).to.equal("insufficient_funds");
      });
      expect(count).to.equal(0);
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), 1n));
      expect(await relay(shop, by, { signerAuthorization })).to.equal("relayed");
    });

    it("is no signer for an account that is on its way out, though it was read before", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST));
      await shop.acceptor.getAccount({ buyer: by.address, asset: USDC });
      await shop.chainView.stop();
      await market.base.testClient.setBalance({ address: by.address, value: 10n ** 18n });
      const { publicClient } = market.base;
      const leaving = { escrow: market.escrow, seller: shop.seller.address, asset: USDC, amount: 1n };
      await mined(publicClient, await thaw(market.base.walletOf(by), leaving));
      const signerAuthorization = await makeSigner(partiesOf(by, shop), newKey().address);
      expect(await relay(shop, by, { signerAuthorization })).to.equal("insufficient_funds");
    });

    it("is no signer for a deposit that was executed and spent long since", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      await depositElsewhere(deposit);
      await market.base.testClient.setBalance({ address: by.address, value: 10n ** 18n });
      const leaving = { escrow: market.escrow, seller: shop.seller.address, asset: USDC, amount: LEAST };
      await mined(market.base.publicClient, await thaw(market.base.walletOf(by), leaving));
      const { count } = await sent(async () => {
        const signerAuthorization = await makeSigner(partiesOf(by, shop), newKey().address);
        expect(await relay(shop, by, { deposit, signerAuthorization })).to.equal("insufficient_funds");
      });
      expect(count).to.equal(0);
    });

    it("are a new deposit and a signer together", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      const signerAuthorization = await makeSigner(partiesOf(by, shop), newKey().address);
      const { count } = await sent(async () =>
        expect(await relay(shop, by, { deposit, signerAuthorization })).to.equal("relayed"),
      );
      expect(count).to.equal(2);
    });
  });

  describe("by a seller", () => {
    it("is nothing for a buyer whose account covers the price, though it brings deposits", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      const { count } = await sent(async () => {
        for (let nonce = 0n; nonce < 4n; nonce += 1n) {
          const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
          expect(await admit(shop, await makePayload(by, shop, { deposit, nonce }))).to.equal("admitted");
        }
      });
      expect(count).to.equal(1);
    });

    it("is a signer only for an account that holds the least deposit", async () => {
      const [shop, by, signer] = [await openShop(), await market.newBuyer(), newKey()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST - 1n));
      const signerAuthorization = await makeSigner(partiesOf(by, shop), signer.address, inSeconds(9_000_000n));
      const { count } = await sent(async () => {
        expect(await admit(shop, await makePayload(by, shop, { signer, signerAuthorization }))).to.equal(
          "insufficient_funds",
        );
      });
      expect(count).to.equal(0);
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      const both = await makePayload(by, shop, { signer, signerAuthorization, deposit });
      expect(await admit(shop, both)).to.equal("admitted");
    });

    it("is no signer for a deposit that was executed and spent long since", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      await depositElsewhere(deposit);
      await market.base.testClient.setBalance({ address: by.address, value: 10n ** 18n });
      const leaving = { escrow: market.escrow, seller: shop.seller.address, asset: USDC, amount: LEAST };
      await mined(market.base.publicClient, await thaw(market.base.walletOf(by), leaving));
      const { count } = await sent(async () => {
        for (let time = 0; time < 3; time += 1) {
          const signer = newKey();
          const signerAuthorization = await makeSigner(partiesOf(by, shop), signer.address, inSeconds(9_000_000n));
          const payload = await makePayload(by, shop, { signer, signerAuthorization, deposit });
          expect(await admit(shop, payload)).to.equal("insufficient_funds");
        }
      });
      expect(count).to.equal(0);
    });

    it("is offered with the relayer's least deposit, where that is above the price", async () => {
      const shop = await openShop();
      const extra = offersOf(await fetch(`${shop.url}/fixed`)).accepts[0]?.extra;
      expect(extra?.["deposit"]).to.deep.include({ minimum: LEAST.toString(), suggested: (100n * PRICE).toString() });
      const dear = offersOf(await fetch(`${shop.url}/dear`)).accepts[0]?.extra;
      expect(dear?.["deposit"]).to.deep.include({ minimum: "500000" });
    });

    it("is offered with no deposit in an asset that the relayer names no least one for", async () => {
      const shop = await openShop({ relayer: { minimumDeposits: { [PERMIT2]: 1n } } });
      expect(offersOf(await fetch(`${shop.url}/fixed`)).accepts[0]?.extra).to.not.have.property("deposit");
      const by = await market.newBuyer();
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      expect(await admit(shop, await makePayload(by, shop, { deposit }))).to.equal(
        `${PREFIX}deposit_authorization_unsupported`,
      );
    });
  });

  describe("to a buyer that forgot its balance", () => {
    it("is said to be unneeded, and is the same deposit once it is needed", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), 3n * PRICE));
      const agent = makeAgent(by, { deposit: { amount: () => LEAST } });
      const responses: Response[] = [];
      const { count } = await sent(async () => {
        for (let time = 0; time < 3; time += 1) responses.push(await agent.fetch(`${shop.url}/fixed`));
      });
      expect(count).to.equal(0);
      const said = responses.map((response) => settlementOf(response).extra?.["depositUnused"]);
      expect(said).to.deep.equal([true, undefined, undefined]);
      const later = await sent(async () => expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200));
      expect(later.count).to.equal(1);
      expect(agent.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(1);
      expect(await shop.charged(by.address)).to.equal(4n * PRICE);
    });

    it("holds up no other request", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), 10n * PRICE));
      const agent = makeAgent(by);
      await agent.fetch(`${shop.url}/fixed`);
      await Promise.all(Array.from({ length: 5 }, () => agent.fetch(`${shop.url}/fixed`)));
      const carried = agent.sent.filter((request) => {
        const header = request.headers.get("PAYMENT-SIGNATURE");
        return header !== null && Buffer.from(header, "base64").toString().includes("depositAuthorization");
      });
      expect(carried).to.have.lengthOf(1);
    });
  });

  describe("to a buyer with a session signer and little left", () => {
    it("comes with a deposit, since a signer is authorized for the least deposit only", async () => {
      const [shop, by] = [await openShop(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), 3n * PRICE));
      const agent = makeAgent(by, { session: { signer: newKey() } });
      // The first 402 tells what the account holds: enough for the price.
      const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, by.address), agent.client);
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(agent.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(1);
      expect(await shop.charged(by.address)).to.equal(PRICE);
    });
  });

  describe("what a facilitator says", () => {
    const served = () => openShop();

    it("names its least deposits, and whether a payment needs it to relay", async () => {
      const [shop, by] = [await served(), await market.newBuyer()];
      const facilitator = makeFacilitator(shop);
      expect(facilitator.getExtra(NETWORK)).to.deep.include({ minimumDeposits: { [USDC]: LEAST.toString() } });
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      const payment = { x402Version: 2, accepted: termsOf(shop), payload: await makePayload(by, shop, { deposit }) };
      const before = await facilitator.verify(payment, termsOf(shop));
      expect([before.isValid, before.extra]).to.deep.equal([true, { needsRelay: true }]);
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST));
      await shop.chainView.sync();
      const after = await facilitator.verify(payment, termsOf(shop));
      expect([after.isValid, after.extra]).to.deep.equal([true, { needsRelay: false }]);
    });

    it("is no for a signer of an account that holds less than the least deposit", async () => {
      const [shop, by, signer] = [await served(), await market.newBuyer(), newKey()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST - 1n));
      const signerAuthorization = await makeSigner(partiesOf(by, shop), signer.address, inSeconds(9_000_000n));
      const payload = await makePayload(by, shop, { signer, signerAuthorization });
      const payment = { x402Version: 2, accepted: termsOf(shop), payload };
      const facilitator = makeFacilitator(shop);
      const answer = await facilitator.verify(payment, termsOf(shop));
      expect(answer).to.include({ isValid: false, invalidReason: "insufficient_funds" });
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), 1n));
      await shop.chainView.sync();
      expect((await facilitator.verify(payment, termsOf(shop))).isValid).to.equal(true);
    });

    it("is asked for by a seller that leaves everything to it, and not asked to relay what is not needed", async () => {
      const shop = await served();
      const asked: unknown[] = [];
      const facilitator = makeFacilitator(shop);
      const settle = async (payload: PaymentPayload, requirements: PaymentRequirements) => {
        asked.push(payload.payload);
        return facilitator.settle(payload, requirements);
      };
      const scheme = new RemoteDeferredEvmServer({ facilitator: { settle } });
      const kind = {
        x402Version: 2,
        scheme: "deferred",
        network: NETWORK,
        extra: facilitator.getExtra(NETWORK),
      } as const;
      const offer = await scheme.enhancePaymentRequirements({ ...termsOf(shop), extra: {} }, kind as never);
      expect(offer.extra["deposit"]).to.deep.include({ minimum: LEAST.toString() });
      const by = await market.newBuyer();
      const deposit = await makeDeposit(partiesOf(by, shop), LEAST);
      const paymentPayload = { x402Version: 2, accepted: offer, payload: await makePayload(by, shop, { deposit }) };
      for (const needsRelay of [false, true]) {
        const result = { isValid: true, extra: { needsRelay } };
        const context = { paymentPayload, requirements: offer, result, declaredExtensions: {} };
        await scheme.schemeHooks.onAfterVerify?.(context as never);
        expect(asked).to.have.lengthOf(needsRelay ? 1 : 0);
      }
    });

    it("is no use to a seller when its least deposits are no amounts", async () => {
      const extra = makeFacilitator(await served()).getExtra(NETWORK);
      const scheme = new RemoteDeferredEvmServer({ facilitator: makeFacilitator(await served()) });
      for (const minimumDeposits of [{ [USDC]: 5 }, { [USDC]: "-1" }, "none", [USDC]]) {
        const kind = { x402Version: 2, scheme: "deferred", network: NETWORK, extra: { ...extra, minimumDeposits } };
        const failure = await scheme
          .enhancePaymentRequirements(termsOf(await served()), kind as never)
          .catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(DeferredConfigurationError);
      }
    });

    it("asks for no deposit where the facilitator names no least one", async () => {
      const shop = await served();
      const { minimumDeposits: _, ...extra } = makeFacilitator(shop).getExtra(NETWORK) ?? {};
      const scheme = new RemoteDeferredEvmServer({ facilitator: makeFacilitator(shop) });
      const kind = { x402Version: 2, scheme: "deferred", network: NETWORK, extra };
      const offer = await scheme.enhancePaymentRequirements({ ...termsOf(shop), extra: {} }, kind as never);
      expect(offer.extra).to.not.have.property("deposit");
    });

    const differences: readonly [string, Partial<PaymentRequirements>, string][] = [
      ["another recipient", { payTo: PERMIT2 }, "invalid_deferred_evm_requirements"],
      ["another asset", { asset: PERMIT2 }, "invalid_deferred_evm_requirements"],
      ["another escrow", { extra: { escrow: PERMIT2 } }, "invalid_deferred_evm_requirements"],
      ["no escrow", { extra: {} }, "invalid_deferred_evm_requirements"],
      ["another network", { network: "eip155:1" }, `${PREFIX}network_mismatch`],
      ["another scheme", { scheme: "exact" }, `${PREFIX}scheme`],
      ["more than was accepted", { amount: (PRICE + 1n).toString() }, `${PREFIX}charge_above_authorized`],
      ["no amount", { amount: "all" }, "invalid_deferred_evm_requirements"],
    ];
    for (const [what, change, code] of differences) {
      it(`is no when the seller requires ${what}`, async () => {
        const [shop, by] = [await served(), await market.newBuyer()];
        await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST));
        const payment = { x402Version: 2, accepted: termsOf(shop), payload: await makePayload(by, shop) };
        const facilitator = makeFacilitator(shop);
        expect((await facilitator.verify(payment, termsOf(shop))).isValid).to.equal(true);
        const required = { ...termsOf(shop), ...change };
        expect(await facilitator.verify(payment, required)).to.include({ isValid: false, invalidReason: code });
        expect(await facilitator.settle(payment, required)).to.include({ success: false, errorReason: code });
        // And the other way round, but for a price that the buyer has accepted and the seller does not ask for.
        if (change.amount === undefined) {
          const answer = await facilitator.verify({ ...payment, accepted: required }, termsOf(shop));
          expect(answer).to.include({ isValid: false, invalidReason: code });
        }
        // Nor when the payment says that it accepted just that, for an escrow that is not the facilitator's.
        if (change.extra?.["escrow"] !== undefined) {
          const answer = await facilitator.verify({ ...payment, accepted: required }, required);
          expect(answer).to.include({ isValid: false, invalidReason: code });
        }
      });
    }

    it("is yes for addresses in any case", async () => {
      const [shop, by] = [await served(), await market.newBuyer()];
      await depositElsewhere(await makeDeposit(partiesOf(by, shop), LEAST));
      const accepted = termsOf(shop);
      const payment = { x402Version: 2, accepted, payload: await makePayload(by, shop) };
      const lower = (address: string) => address.toLowerCase() as Address;
      const required = {
        ...accepted,
        payTo: lower(accepted.payTo),
        asset: lower(USDC),
        extra: { escrow: lower(market.escrow) },
      };
      expect((await makeFacilitator(shop).verify(payment, required)).isValid).to.equal(true);
    });
  });
});
