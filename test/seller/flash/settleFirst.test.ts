import { expect } from "chai";
import type { Hex } from "viem";
import { createSettleFirst } from "../../../client/seller/flash/settleFirst.ts";
import { USDC } from "../../base/addresses.ts";
import { rejection } from "../rejection.ts";
import { until } from "../until.ts";
import { deployMarket, openMarket, type Market, type Payer } from "./market.ts";

describe("requests that are settled before they are served", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let payer: Payer;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  beforeEach(async () => {
    market = await openMarket(place);
    payer = await market.payer(10_000n);
    await payer.open({ amount: 1_000n });
  });

  afterEach(async () => {
    await market.close();
  });

  const answer = async (rawTransaction: Hex, price = 100n) => {
    const result = await market.settleFirst.accept({ rawTransaction, token: USDC, price });
    if (!result.isAccepted) return result.code;
    await market.acceptor.commit(result.reservation);
    return "accepted";
  };

  it("are served once their transaction has landed, and leave the escrow as it was", async () => {
    expect(await answer(await payer.originalTransaction(100n))).to.equal("accepted");
    const state = await payer.state();
    expect([state.accepted, state.confirmed.settled, state.available]).to.deep.equal([100n, 100n, 1_000n]);
    expect(await market.income()).to.equal(100n);
    expect(await market.settler.settleNow()).to.deep.include({ items: [] });
  });

  it("are served once for one transaction", async () => {
    const rawTransaction = await payer.originalTransaction(100n);
    expect(await answer(rawTransaction)).to.equal("accepted");
    expect(await answer(rawTransaction)).to.equal("flash_nonce_used");
  });

  it("are not served for a transaction of an earlier epoch", async () => {
    const rawTransaction = await payer.originalTransaction(100n);
    await market.chain.refreshEscrow(payer.escrow);
    await market.base.publicClient.sendRawTransaction({ serializedTransaction: rawTransaction });
    await payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);
    await market.advance(3_600n);
    await payer.call("finalizeClose", payer.account.address, market.server, USDC);
    await payer.open({ amount: 1_000n, epoch: 1n });
    await market.chain.sync();
    expect(await answer(rawTransaction)).to.equal("flash_epoch_mismatch");
  });

  it("are not broadcast when they could not be served", async () => {
    const income = await market.income();
    expect(await answer(await payer.originalTransaction(99n))).to.equal("flash_amount_insufficient");
    await market.chain.refreshEscrow(payer.escrow);
    await market.leaving.stop({ client: payer.account.address, token: USDC });
    expect(await answer(await payer.originalTransaction(100n))).to.equal("flash_escrow_closing");
    expect(await market.income()).to.equal(income);
  });

  it("need a transaction of the original form, to this server", async () => {
    const numbered = await payer.transaction(100n, 1n);
    if (numbered.kind !== "transaction") throw new Error("no transaction");
    const other = await openMarket(place);
    const elsewhere = await other.payer(1_000n);
    for (const raw of [
      numbered.rawTransaction,
      await elsewhere.originalTransaction(100n),
      "0x",
      "0x02",
      "0xc0",
    ] as const) {
      expect(await answer(raw)).to.equal("flash_transaction_invalid");
    }
    await other.close();
  });

  it("of one client do not take every place to wait with transactions that never land", async () => {
    const { testClient } = market.base;
    const patience = new AbortController();
    const { signal } = patience;
    await testClient.setAutomine(false);
    try {
      const raws = await Promise.all(
        Array.from({ length: 9 }, (_, index) => payer.originalTransaction(BigInt(100 + index))),
      );
      const answers = raws.map((rawTransaction) =>
        market.settleFirst.accept({ rawTransaction, token: USDC, price: 100n, signal }),
      );
      const results = Promise.allSettled(answers);
      expect(await Promise.race(answers)).to.deep.include({ isAccepted: false, code: "flash_stale_state" });
      patience.abort();
      expect((await results).filter(({ status }) => status === "rejected")).to.have.length(8);
    } finally {
      await testClient.mine({ blocks: 1 });
      await testClient.setAutomine(true);
    }
    const other = await market.payer(1_000n);
    await other.open({ amount: 500n });
    expect(await answer(await other.originalTransaction(100n))).to.equal("accepted");
    expect(await answer(await payer.originalTransaction(120n))).to.equal("accepted");
  });

  it("end their wait with the request that is given up", async () => {
    const { testClient } = market.base;
    const patience = new AbortController();
    await testClient.setAutomine(false);
    try {
      const rawTransaction = await payer.originalTransaction(100n);
      const { signal } = patience;
      const waiting = market.settleFirst.accept({ rawTransaction, token: USDC, price: 100n, signal });
      const ended = rejection(waiting);
      const asks = () => market.node.methods.length;
      await until(() => market.node.methods.includes("eth_getTransactionReceipt"));
      patience.abort();
      expect(await ended).to.be.instanceOf(Error);
      // What was asked before may still be answered.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const before = asks();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(asks()).to.equal(before);
    } finally {
      await testClient.mine({ blocks: 1 });
      await testClient.setAutomine(true);
    }
  });

  it("have the chain read for a client that the store does not know a few times only", async () => {
    const reads: unknown[] = [];
    const { node, settlement, server, store, acceptor } = market;
    const refreshEscrow = (escrow: unknown) => Promise.resolve(void reads.push(escrow));
    const chain = { chainTime: undefined, refreshEscrow };
    const clock = () => 0n;
    const strict = createSettleFirst({ client: node.client, settlement, server, store, chain, acceptor, clock });
    const stranger = await market.payer(1n);
    const rawTransaction = await stranger.originalTransaction(100n);
    for (let count = 0; count < 8; count += 1) {
      const answer = await strict.accept({ rawTransaction, token: USDC, price: 100n });
      expect(answer).to.deep.include({ isAccepted: false, code: "flash_escrow_not_found" });
    }
    expect(reads).to.have.length(4);
  });

  it("are never taken as evidence", async () => {
    const rawTransaction = await payer.originalTransaction(100n);
    expect(await market.answer({ kind: "transaction", rawTransaction })).to.equal("flash_transaction_invalid");
  });
});
