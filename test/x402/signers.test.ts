import { expect } from "chai";
import { parseEther, type Address } from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { authorizeSigner, getSigner, revokeSigner, signSignerAuthorization } from "../../client/voucher/index.ts";
import { mined } from "../helpers/mined.ts";
import { makeAgent, offersOf, settlementOf } from "./helpers/agent.ts";
import { makePayment, sendPayment } from "./helpers/payment.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const DAY = 86_400n;

describe("x402 deferred: session signers", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  const newKey = (): PrivateKeyAccount => privateKeyToAccount(generatePrivateKey());
  const read = (buyer: Address, signer: Address) =>
    getSigner(market.base.publicClient, { escrow: market.escrow, buyer, signer });

  async function fund(account: PrivateKeyAccount): Promise<void> {
    await market.base.testClient.setBalance({ address: account.address, value: parseEther("1") });
  }

  async function meet(): Promise<{ shop: Shop; buyer: PrivateKeyAccount; signer: PrivateKeyAccount }> {
    return { shop: await market.openShop(), buyer: await market.newBuyer(), signer: newKey() };
  }

  it("are authorized with the first payment, together with its deposit", async () => {
    const { shop, buyer, signer } = await meet();
    const agent = makeAgent(buyer, { session: { signer } });
    expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
    expect((await read(buyer.address, signer.address)).validUntil > 0n).to.equal(true);
    const payloads = await Promise.all(Array.from({ length: 5 }, () => agent.fetch(`${shop.url}/fixed`)));
    expect(payloads.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200]);
    const last = JSON.parse(
      Buffer.from(agent.sent.at(-1)?.headers.get("PAYMENT-SIGNATURE") ?? "", "base64").toString(),
    );
    expect(last.payload).to.not.have.property("signerAuthorization");
    expect(await shop.charged(buyer.address)).to.equal(6n * PRICE);
  });

  it("are authorized with a payment from a balance that is there", async () => {
    const { shop, buyer, signer } = await meet();
    await makeAgent(buyer).fetch(`${shop.url}/fixed`);
    const agent = makeAgent(buyer, { session: { signer }, deposit: false });
    const response = await agent.fetch(`${shop.url}/fixed`);
    expect(response.status).to.equal(200);
    expect(settlementOf(response).extra).to.not.have.property("depositTransaction");
    expect(await shop.charged(buyer.address)).to.equal(2n * PRICE);
  });

  it("may be a key whose buyer is not there at all", async () => {
    const { shop, buyer, signer } = await meet();
    await fund(buyer);
    await makeAgent(buyer).fetch(`${shop.url}/fixed`);
    const validUntil = BigInt(Math.floor(Date.now() / 1000)) + 10n * DAY;
    const wallet = market.base.walletOf(buyer);
    const parameters = { escrow: market.escrow, signer: signer.address, validUntil };
    await mined(market.base.publicClient, await authorizeSigner(wallet, parameters));
    const agent = makeAgent({ address: buyer.address } as PrivateKeyAccount, { session: { signer, validFor: false } });
    expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
  });

  it("go on in the lanes of the buyer and of each other after lost memory", async () => {
    const { shop, buyer, signer } = await meet();
    await makeAgent(buyer, { session: { signer } }).fetch(`${shop.url}/fixed`);
    const next = newKey();
    const agent = makeAgent(buyer, { session: { signer: next, formerSigners: [signer.address] }, deposit: false });
    expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
    expect(agent.events.filter(({ kind }) => kind === "corrected")).to.have.lengthOf(1);
    expect(await shop.charged(buyer.address)).to.equal(2n * PRICE);
  });

  it("get the corrective 402 of their buyer", async () => {
    const { shop, buyer, signer } = await meet();
    await makeAgent(buyer, { session: { signer } }).fetch(`${shop.url}/fixed`);
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer });
    const [offer] = offersOf(await sendPayment(shop, payment)).accepts;
    expect(offer?.extra).to.deep.include({ type: "aggregation", charged: PRICE.toString() });
  });

  it("are refused when nobody authorized them", async () => {
    const { shop, buyer, signer } = await meet();
    await makeAgent(buyer).fetch(`${shop.url}/fixed`);
    const payment = await makePayment({
      shop,
      escrow: market.escrow,
      buyer: buyer.address,
      signer,
      voucher: { nonce: 1n, valueAggregate: 2n * PRICE },
    });
    const response = await sendPayment(shop, payment);
    expect([response.status, offersOf(response).error]).to.deep.equal([402, `${PREFIX}signature`]);
  });

  it("are refused once they are revoked", async () => {
    const { shop, buyer, signer } = await meet();
    const agent = makeAgent(buyer, { session: { signer } });
    await agent.fetch(`${shop.url}/fixed`);
    await fund(buyer);
    const hash = await revokeSigner(market.base.walletOf(buyer), { escrow: market.escrow, signer: signer.address });
    await mined(market.base.publicClient, hash);
    await shop.chainView.sync();
    const response = await agent.fetch(`${shop.url}/fixed`);
    expect(response.status).to.equal(402);
    // A revoked key cannot be authorized again, and the client says so after one try.
    expect(offersOf(response).error).to.equal(`${PREFIX}signer_authorization_failed`);
    expect(await shop.charged(buyer.address)).to.equal(PRICE);
  });

  it("are refused when they end before the seller can collect, and extended by the client", async () => {
    const { shop, buyer, signer } = await meet();
    await fund(buyer);
    await makeAgent(buyer).fetch(`${shop.url}/fixed`);
    const validUntil = BigInt(Math.floor(Date.now() / 1000)) + DAY;
    const parameters = { escrow: market.escrow, signer: signer.address, validUntil };
    await mined(market.base.publicClient, await authorizeSigner(market.base.walletOf(buyer), parameters));
    const voucher = { nonce: 1n, valueAggregate: 2n * PRICE };
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer, voucher });
    expect(offersOf(await sendPayment(shop, payment)).error).to.equal(`${PREFIX}signer_expired`);
    const agent = makeAgent(buyer, { session: { signer }, deposit: false });
    expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
    expect((await read(buyer.address, signer.address)).validUntil > validUntil + 20n * DAY).to.equal(true);
  });

  describe("authorizations that are no good", () => {
    async function pay(
      { shop, buyer, signer }: { shop: Shop; buyer: PrivateKeyAccount; signer: PrivateKeyAccount },
      changes: Partial<{ by: PrivateKeyAccount; named: Address; validUntil: bigint; expiry: bigint }> = {},
    ): Promise<Response> {
      const now = BigInt(Math.floor(Date.now() / 1000));
      const authorization = {
        buyer: buyer.address,
        signer: changes.named ?? signer.address,
        validUntil: changes.validUntil ?? now + 20n * DAY,
        expiry: changes.expiry ?? now + 600n,
      };
      const by = changes.by ?? buyer;
      const signature = await signSignerAuthorization(by, { chainId: 8453, escrow: market.escrow, authorization });
      const extras = { signerAuthorization: { authorization, signature } };
      const voucher = { nonce: 1n, valueAggregate: 2n * PRICE };
      return sendPayment(
        shop,
        await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer, voucher, extras }),
      );
    }

    async function meetFunded() {
      const parties = await meet();
      await makeAgent(parties.buyer).fetch(`${parties.shop.url}/fixed`);
      return parties;
    }

    const expectCode = async (response: Response, code: string) => {
      expect([response.status, offersOf(response).error]).to.deep.equal([402, code]);
    };

    it("serve as the sample: a good one is accepted", async () => {
      expect((await pay(await meetFunded())).status).to.equal(200);
    });

    it("are refused when somebody else signed them", async () => {
      await expectCode(await pay(await meetFunded(), { by: newKey() }), `${PREFIX}signer_authorization_failed`);
    });

    it("are refused past their expiry", async () => {
      await expectCode(await pay(await meetFunded(), { expiry: 1_000n }), `${PREFIX}signer_authorization_continuity`);
    });

    it("are refused when they name another key than the voucher's", async () => {
      await expectCode(await pay(await meetFunded(), { named: newKey().address }), `${PREFIX}signature`);
    });

    it("are refused when they name the buyer", async () => {
      const parties = await meetFunded();
      await expectCode(
        await pay(parties, { named: parties.buyer.address }),
        `${PREFIX}signer_authorization_continuity`,
      );
    });

    it("are refused when they end before the seller can collect", async () => {
      const validUntil = BigInt(Math.floor(Date.now() / 1000)) + 600n;
      await expectCode(await pay(await meetFunded(), { validUntil }), `${PREFIX}signer_expired`);
    });

    it("cost no gas when the account is empty", async () => {
      const parties = await meet();
      const { relayer } = market.base.actors;
      const before = await market.base.publicClient.getTransactionCount({ address: relayer.address });
      await expectCode(await pay(parties), "insufficient_funds");
      expect(await market.base.publicClient.getTransactionCount({ address: relayer.address })).to.equal(before);
    });

    it("are refused where nothing is relayed", async () => {
      const shop = await market.openShop();
      const { relayer: _, ...desk } = shop.desk;
      const dry = await market.openShop({ seller: shop.seller, desk: { ...desk, relayer: undefined } as never });
      const buyer = await market.newBuyer();
      await makeAgent(buyer).fetch(`${shop.url}/fixed`);
      await expectCode(await pay({ shop: dry, buyer, signer: newKey() }), `${PREFIX}deposit_authorization_unsupported`);
    });
  });
});
