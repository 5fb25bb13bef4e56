import { expect } from "chai";
import { parseTransaction, type Hex, type TransactionSerializedEIP1559 } from "viem";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { openShop, PRICE, type Answer, type Shop } from "./helpers/shop.ts";

const ESCROW = 10_000_000n;

describe("x402 flash: the original transaction, settled before it is served", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let shop: Shop;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    shop = await openShop(market, { desk: { settleFirst: market.settleFirst } });
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  async function newPayer(amount = ESCROW): Promise<Payer> {
    const payer = await market.payer(2n * amount);
    await payer.open({ amount });
    return payer;
  }

  const send = (transaction: Hex, at = shop): Promise<Answer> => at.pay({ type: "transaction", transaction });

  it("is offered", async () => {
    expect((await shop.offer()).extra).to.include({ settleBeforeServe: true });
  });

  it("pays on-chain, is served once, and names its transaction", async () => {
    const payer = await newPayer();
    const transaction = await payer.originalTransaction(PRICE);
    const before = await market.income();
    const answer = await send(transaction);
    expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
    expect((await market.income()) - before).to.equal(PRICE);
    const hash = answer.settlement?.transaction as Hex;
    expect((await deployed.base.publicClient.getTransactionReceipt({ hash })).status).to.equal("success");
    expect(answer.settlement?.extra).to.include({ status: "settled", paymentId: hash });
    for (let count = 0; count < 3; count += 1) {
      const again = await send(transaction);
      expect([again.status, again.error]).to.deep.equal([402, "flash_nonce_used"]);
      expect(again.extra, "whoever saw it on-chain learns nothing").to.not.have.any.keys("epoch", "available", "lanes");
    }
    const { accepted, unsettled } = await payer.state();
    expect({ accepted, unsettled }).to.deep.equal({ accepted: PRICE, unsettled: 0n });
  });

  it("that comes ten times at once is served once", async () => {
    const payer = await newPayer();
    const transaction = await payer.originalTransaction(PRICE);
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(transaction)));
    expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
    expect(answers.every(({ status }) => status === 200 || status === 402)).to.equal(true);
    expect(await market.settledOnChain(payer)).to.equal(PRICE);
  });

  it("that pays too little, or without an escrow, is not broadcast", async () => {
    const [payer, poor] = [await newPayer(), await market.payer(ESCROW)];
    const before = await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
    expect((await send(await payer.originalTransaction(PRICE - 1n))).error).to.equal("flash_amount_insufficient");
    expect((await send(await poor.originalTransaction(PRICE))).error).to.equal("flash_escrow_not_found");
    expect(await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 })).to.equal(before);
    expect(await market.settledOnChain(payer)).to.equal(0n);
  });

  it("that fails on-chain is not served", async () => {
    const payer = await newPayer();
    const transaction = await payer.originalTransaction(100n * ESCROW);
    const answer = await send(transaction);
    expect([answer.status, answer.error, answer.body]).to.deep.equal([402, "flash_transaction_invalid", "{}"]);
    expect((await payer.state()).accepted).to.equal(0n);
  });

  it("that another one replaced is not served, however often it is presented", async () => {
    const payer = await newPayer();
    const first = await payer.originalTransaction(PRICE);
    const { r: _r, s: _s, v: _v, yParity: _y, ...unsigned } = parseTransaction(first as TransactionSerializedEIP1559);
    const dearer = {
      ...unsigned,
      maxFeePerGas: 3n * (unsigned.maxFeePerGas ?? 1n),
      maxPriorityFeePerGas: 2n * (unsigned.maxFeePerGas ?? 1n),
    };
    const second = await payer.account.signTransaction(dearer as never);
    const quick = await openShop(market, { desk: { settleFirst: market.settleFirst, settleFirstWait: 3_000 } });
    const { testClient } = deployed.base;
    await testClient.setAutomine(false);
    try {
      const waiting = send(first, quick);
      await new Promise((resolve) => setTimeout(resolve, 500));
      const paid = send(second, quick);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await testClient.mine({ blocks: 1 });
      const answers = await Promise.all([waiting, paid]);
      await testClient.setAutomine(true);
      await testClient.mine({ blocks: 1 });
      expect(answers.filter(({ status }) => status === 200)).to.have.lengthOf(1);
      expect((await send(first, quick)).status).to.equal(402);
      expect(await market.settledOnChain(payer)).to.equal(PRICE);
      expect((await payer.state()).accepted).to.equal(PRICE);
    } finally {
      await testClient.setAutomine(true);
      await quick.close();
    }
  });

  it("that is not mined in time is pending, and served when it is presented again", async () => {
    const payer = await newPayer();
    const transaction = await payer.originalTransaction(PRICE);
    const quick = await openShop(market, { desk: { settleFirst: market.settleFirst, settleFirstWait: 300 } });
    const { testClient } = deployed.base;
    await testClient.setAutomine(false);
    try {
      const answer = await send(transaction, quick);
      expect([answer.status, answer.error]).to.deep.equal([402, "flash_transaction_pending"]);
      expect(answer.extra?.retryAfterMs).to.be.above(0);
      await testClient.mine({ blocks: 1 });
      await testClient.setAutomine(true);
      const again = await send(transaction);
      expect([again.status, again.error]).to.deep.equal([200, undefined]);
      expect(quick.errors).to.deep.equal([]);
    } finally {
      await testClient.setAutomine(true);
      await quick.close();
    }
  });

  it("that was mined in an earlier epoch pays for nothing in this one", async () => {
    const payer = await newPayer();
    const transaction = await payer.originalTransaction(PRICE);
    await deployed.base.publicClient.sendRawTransaction({ serializedTransaction: transaction as never });
    await deployed.base.networkHelpers.mine(1);
    await payer.call("closeEscrow", payer.account.address, market.server, payer.escrow.token, 0);
    await market.advance(4_000n);
    await payer.call("finalizeClose", payer.account.address, market.server, payer.escrow.token);
    await payer.open({ amount: ESCROW, epoch: 1n });
    await market.chain.sync();
    const answer = await send(transaction);
    expect([answer.status, answer.error]).to.deep.equal([402, "flash_epoch_mismatch"]);
    expect((await payer.state()).accepted).to.equal(0n);
  });
});
