import { expect } from "chai";
import type { PrivateKeyAccount } from "viem/accounts";
import { BUYER_HEADER, BUYER_HEADER_V1, DEFAULT_LANE } from "../../client/x402/deferred/index.ts";
import { thaw } from "../../client/voucher/index.ts";
import { parseEther } from "viem";
import { USDC } from "../base/addresses.ts";
import { mined } from "../helpers/mined.ts";
import { makeAgent, offersOf } from "./helpers/agent.ts";
import { makePayment, sendPayment } from "./helpers/payment.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";

describe("x402 deferred: privacy", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  /** A buyer that has paid twice. */
  async function meet(isOpen = false): Promise<{ shop: Shop; buyer: PrivateKeyAccount }> {
    const [shop, buyer] = [await market.openShop({ server: { isOpen } }), await market.newBuyer()];
    const agent = makeAgent(buyer);
    await agent.fetch(`${shop.url}/fixed`);
    await agent.fetch(`${shop.url}/fixed`);
    return { shop, buyer };
  }

  async function ask(shop: Shop, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const [offer] = offersOf(await fetch(`${shop.url}/fixed`, { headers })).accepts;
    return offer?.extra ?? {};
  }

  const expectNoHistory = (extra: Record<string, unknown>) => {
    expect(extra).to.not.have.any.keys("signature", "charged");
    expect(Object.keys(extra["voucher"] as object)).to.have.members(["id", "escrow"]);
  };

  it("a request that names nobody is offered the default lane and nothing else", async () => {
    const { shop } = await meet();
    const extra = await ask(shop);
    expectNoHistory(extra);
    expect(extra).to.deep.include({ type: "new", voucher: { id: DEFAULT_LANE, escrow: market.escrow.toLowerCase() } });
    expect(extra).to.not.have.property("account");
  });

  for (const header of [BUYER_HEADER, BUYER_HEADER_V1]) {
    it(`whoever names a buyer in ${header} learns a lane and what the chain shows`, async () => {
      const { shop, buyer } = await meet();
      const extra = await ask(shop, { [header]: buyer.address });
      expectNoHistory(extra);
      expect(extra).to.not.have.property("type");
      // The whole deposit: what was paid from it since is nobody's business.
      expect(extra["account"]).to.deep.include({ balance: (100n * PRICE).toString() });
    });
  }

  it("a buyer without history is offered a new lane", async () => {
    const shop = await market.openShop();
    const buyer = await market.newBuyer();
    const extra = await ask(shop, { [BUYER_HEADER]: buyer.address });
    expectNoHistory(extra);
    expect(extra).to.deep.include({ type: "new", voucher: { id: DEFAULT_LANE, escrow: market.escrow.toLowerCase() } });
    expect(extra["account"]).to.deep.include({ balance: "0" });
  });

  it("the balance that is shown leaves out what thaws, as anybody can read on-chain", async () => {
    const { shop, buyer } = await meet();
    await market.base.testClient.setBalance({ address: buyer.address, value: parseEther("1") });
    const wallet = market.base.walletOf(buyer);
    const parameters = {
      escrow: market.escrow,
      seller: shop.seller.address,
      asset: USDC,
      amount: 40n * PRICE,
    } as const;
    await mined(market.base.publicClient, await thaw(wallet, parameters));
    await shop.chainView.sync();
    const { balance } = (await ask(shop, { [BUYER_HEADER]: buyer.address }))["account"] as { balance: string };
    expect(balance).to.equal((60n * PRICE).toString());
  });

  it("a buyer's lanes are offered one after the other, as many as the seller allows", async () => {
    const shop = await market.openShop({ limits: { maxLanes: 3 } });
    const buyer = await market.newBuyer();
    const ids: unknown[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { voucher } = await ask(shop, { [BUYER_HEADER]: buyer.address });
      ids.push((voucher as { id: string }).id);
    }
    expect(ids[0]).to.equal(DEFAULT_LANE);
    expect(new Set(ids).size).to.equal(3);
  });

  it("a payment that the buyer signed is answered with its latest voucher", async () => {
    const { shop, buyer } = await meet();
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer: buyer });
    const response = await sendPayment(shop, payment);
    const { error, accepts } = offersOf(response);
    expect(error).to.equal("invalid_deferred_evm_payload_voucher_nonce_mismatch");
    const extra = accepts[0]?.extra ?? {};
    expect(extra).to.deep.include({ type: "aggregation", charged: (2n * PRICE).toString() });
    expect(extra["voucher"]).to.include({ nonce: 1, valueAggregate: (2n * PRICE).toString() });
    expect(extra["signature"]).to.match(/^0x[0-9a-f]{130}$/);
    expect(extra["account"]).to.deep.include({ balance: (98n * PRICE).toString() });
  });

  it("a payment that somebody else signed in the buyer's name is not", async () => {
    const { shop, buyer } = await meet();
    const stranger = await market.newBuyer(0n);
    const payment = await makePayment({ shop, escrow: market.escrow, buyer: buyer.address, signer: stranger });
    const response = await sendPayment(shop, payment);
    const { error, accepts } = offersOf(response);
    expect(error).to.equal("invalid_deferred_evm_payload_signature");
    expectNoHistory(accepts[0]?.extra ?? {});
    expect(accepts[0]?.extra).to.not.have.property("account");
  });

  it("a payment of the buyer for another seller is not", async () => {
    const { shop, buyer } = await meet();
    const other = await market.openShop();
    const payment = await makePayment({ shop: other, escrow: market.escrow, buyer: buyer.address, signer: buyer });
    const { accepts } = offersOf(await sendPayment(shop, payment));
    expectNoHistory(accepts[0]?.extra ?? {});
  });

  for (const value of ["0x", "buyer", "0x1234", `0x${"g".repeat(40)}`, "", `0x${"00".repeat(20)}`]) {
    it(`a buyer header "${value}" is answered like none, or like a buyer without history`, async () => {
      const { shop } = await meet();
      const extra = await ask(shop, { [BUYER_HEADER]: value });
      expectNoHistory(extra);
      expect(extra["type"]).to.equal("new");
    });
  }

  it("open mode shows the latest voucher to whoever names the buyer, and says so by being open", async () => {
    const { shop, buyer } = await meet(true);
    const extra = await ask(shop, { [BUYER_HEADER]: buyer.address });
    expect(extra).to.deep.include({ type: "aggregation", charged: (2n * PRICE).toString() });
    expect(extra["signature"]).to.match(/^0x[0-9a-f]{130}$/);
    expect(extra["account"]).to.deep.include({ balance: (98n * PRICE).toString() });
    expectNoHistory(await ask(shop));
  });

  it("a 402 that tells a lane stays below 2 KB, also with a latest voucher", async () => {
    const { shop, buyer } = await meet(true);
    const open = await fetch(`${shop.url}/fixed`, { headers: { [BUYER_HEADER]: buyer.address } });
    expect(open.headers.get("PAYMENT-REQUIRED")?.length).to.be.below(2_048 * (4 / 3));
    const closed = await meet();
    const response = await fetch(`${closed.shop.url}/fixed`, { headers: { [BUYER_HEADER]: closed.buyer.address } });
    expect(response.headers.get("PAYMENT-REQUIRED")?.length).to.be.below(2_048);
  });
});
