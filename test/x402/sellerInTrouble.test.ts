import { expect } from "chai";
import { makeAgent, offersOf, settlementOf } from "./helpers/agent.ts";
import { openMarket, PRICE, type Market } from "./helpers/shop.ts";

describe("x402 deferred: a seller in trouble", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  it("serves nothing while its store fails to reserve", async () => {
    const shop = await market.openShop();
    const buyer = await market.newBuyer();
    const agent = makeAgent(buyer);
    await agent.fetch(`${shop.url}/fixed`);
    const { reserve } = shop.store;
    shop.store.reserve = () => Promise.reject(new Error("disk failed"));
    const response = await agent.fetch(`${shop.url}/fixed`);
    expect([response.status, offersOf(response).error]).to.deep.equal([402, "unexpected_verify_error"]);
    expect(shop.served).to.have.lengthOf(1);
    expect(shop.errors).to.have.lengthOf(1);
    shop.store.reserve = reserve;
    expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
  });

  it("discards the answer when its store fails to commit, and charges nothing", async () => {
    const shop = await market.openShop();
    const buyer = await market.newBuyer();
    const agent = makeAgent(buyer);
    await agent.fetch(`${shop.url}/fixed`);
    const { commit } = shop.store;
    shop.store.commit = () => Promise.reject(new Error("disk failed"));
    const response = await agent.fetch(`${shop.url}/fixed`);
    expect([response.status, await response.text()]).to.deep.equal([402, "{}"]);
    expect(settlementOf(response).errorReason).to.equal("unexpected_settle_error");
    expect(await shop.charged(buyer.address)).to.equal(PRICE);
    shop.store.commit = commit;
    expect(shop.errors).to.have.lengthOf(1);
  });

  it("refuses, and says why, when its view of the chain is too old", async () => {
    const shop = await market.openShop();
    const agent = makeAgent(await market.newBuyer());
    await agent.fetch(`${shop.url}/fixed`);
    Object.defineProperty(shop.chainView, "lastSyncedBlock", { value: { number: 1n, timestamp: 1n, hash: "0x" } });
    const response = await agent.fetch(`${shop.url}/fixed`);
    expect(offersOf(response).error).to.equal("invalid_deferred_evm_payload_chain_view_stale");
  });

  it("still answers unpaid requests when the chain is gone", async () => {
    const shop = await market.openShop();
    await shop.chainView.stop();
    const headers = { "PAYMENT-BUYER": (await market.newBuyer(0n)).address };
    shop.chainView.refreshAccount = () => Promise.reject(new Error("no chain"));
    const response = await fetch(`${shop.url}/fixed`, { headers });
    expect(response.status).to.equal(402);
    expect(offersOf(response).accepts[0]?.extra["type"]).to.equal("new");
  });

  it("says that its relayer cannot be reached, and the buyer keeps its deposit", async () => {
    const shop = await market.openShop();
    const { relay } = shop.relayer;
    (shop.relayer as { relay: unknown }).relay = () => Promise.reject(new Error("no node"));
    const agent = makeAgent(await market.newBuyer());
    const response = await agent.fetch(`${shop.url}/fixed`);
    expect(offersOf(response).error).to.equal("unexpected_verify_error");
    (shop.relayer as { relay: unknown }).relay = relay;
    expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
    expect(agent.events.filter(({ kind }) => kind === "depositSigned")).to.have.lengthOf(1);
  });
});
