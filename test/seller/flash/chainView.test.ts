import { expect } from "chai";
import { ChainUnavailableError, WrongChainError } from "../../../client/seller/core/errors.ts";
import { createFlashChainView } from "../../../client/seller/flash/chainView.ts";
import type { FlashChainAlert } from "../../../client/seller/flash/types.ts";
import { USDC } from "../../base/addresses.ts";
import { rejection } from "../rejection.ts";
import { DAY, deployMarket, openMarket, type Market, type MarketOptions, type Payer } from "./market.ts";

describe("view of the chain of flash", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let payer: Payer;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  const open = async (options: MarketOptions = {}) => {
    market = await openMarket(place, options);
    payer = await market.payer(10_000n);
    await payer.open({ amount: 1_000n });
  };

  afterEach(async () => {
    await market.close();
  });

  const mine = (blocks: number) => market.base.networkHelpers.mine(blocks);
  const close = () => payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);

  it("R7: counts an opening and a top-up only at the depth the server chose", async () => {
    await open({ chain: { confirmations: 2 } });
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("flash_escrow_pending");
    await mine(1);
    await market.chain.sync();
    expect((await payer.state()).available).to.equal(0n);
    await mine(1);
    await market.chain.sync();
    expect((await payer.state()).available).to.equal(1_000n);
    await payer.call("topUp", market.server, USDC, 500n, 0);
    await market.chain.sync();
    expect((await payer.state()).available).to.equal(1_000n);
    await mine(2);
    await market.chain.sync();
    expect((await payer.state()).available).to.equal(1_500n);
    expect(await market.answer(await payer.payment(1_500n, 0n))).to.equal("accepted");
  });

  it("R7: lets what the head lowers act at once, and tells of it once", async () => {
    await open({ chain: { confirmations: 3 } });
    await mine(3);
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    const alerts: FlashChainAlert[] = [];
    market.chain.onAlert((alert) => alerts.push(alert));
    await close();
    await market.chain.sync();
    const { confirmed, head } = await payer.state();
    expect([confirmed.isClosedByClient, head.isClosedByClient]).to.deep.equal([false, true]);
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_escrow_closing");
    expect(alerts).to.deep.equal([{ kind: "closing", escrow: payer.escrow, unlockAt: head.unlockAt }]);
    await mine(3);
    await market.chain.sync();
    expect((await payer.state()).confirmed.isClosedByClient).to.equal(true);
    expect(alerts).to.have.length(1);
  });

  it("reads everything of an escrow in one call at one block", async () => {
    await open({ chain: { confirmations: 1 } });
    await mine(1);
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    expect(await market.answer(await payer.tab(100n))).to.equal("accepted");
    const blocks: unknown[] = [];
    market.node.intercept = (method, params) => {
      if (method === "eth_call") blocks.push((params as readonly unknown[])[1]);
      return undefined;
    };
    await market.chain.refreshEscrow(payer.escrow);
    const confirmed = await market.chain.sync();
    expect(blocks.map(Number)).to.deep.equal([Number(confirmed.number), Number(confirmed.number) + 1]);
  });

  it("R2: takes a close into account that no event told of, because an escrow's own read decides", async () => {
    await open();
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    market.node.intercept = (method) => (method === "eth_getLogs" ? [] : undefined);
    await close();
    await market.chain.sync();
    expect((await payer.state()).confirmed.isClosedByClient).to.equal(false);
    // Escrows in use are read again by themselves ...
    await market.advance(61n);
    await market.chain.sync();
    expect((await payer.state()).confirmed.isClosedByClient).to.equal(true);
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_escrow_closing");
  });

  it("leaves idle escrows alone, and reads them when they are used again", async () => {
    await open();
    await market.chain.refreshEscrow(payer.escrow);
    await market.advance(61n);
    await market.chain.sync();
    await market.advance(DAY / 2n);
    await market.chain.sync();
    const before = (await payer.state()).confirmed.block;
    await market.advance(61n);
    await market.chain.sync();
    expect((await payer.state()).confirmed.block).to.deep.equal(before);
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    expect((await payer.state()).confirmed.block.number > before.number).to.equal(true);
  });

  it("stops accepting by itself while the chain does not answer", async () => {
    await open();
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    market.node.intercept = () => {
      throw new Error("the node is down");
    };
    expect(await rejection(market.chain.sync())).to.be.instanceOf(ChainUnavailableError);
    await market.advance(2_990n);
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("accepted");
    await market.advance(20n);
    expect(await market.answer(await payer.payment(100n, 2n))).to.equal("flash_stale_state");
    market.node.intercept = undefined;
    expect(await market.answer(await payer.payment(100n, 2n))).to.equal("accepted");
  });

  it("takes back what a re-organisation took back", async () => {
    await open();
    const { testClient } = market.base;
    await market.chain.refreshEscrow(payer.escrow);
    const snapshot = await testClient.snapshot();
    await payer.call("topUp", market.server, USDC, 500n, 0);
    await market.chain.sync();
    expect((await payer.state()).available).to.equal(1_500n);
    await testClient.revert({ id: snapshot });
    await mine(2);
    await market.chain.sync();
    expect((await payer.state()).available).to.equal(1_000n);
    expect((await payer.state()).isStale).to.equal(false);
  });

  it("follows a pair into its next epoch", async () => {
    await open();
    expect(await market.answer(await payer.payment(100n, 0n))).to.equal("accepted");
    await market.settler.settleNow();
    await close();
    await market.advance(3_600n);
    await payer.call("finalizeClose", payer.account.address, market.server, USDC);
    await market.chain.sync();
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_escrow_not_found");
    await payer.open({ amount: 400n, epoch: 1n });
    await market.chain.sync();
    expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_epoch_mismatch");
    expect(await market.answer(await payer.payment(100n, 0n, { epoch: 1n }))).to.equal("accepted");
    expect((await payer.state()).available).to.equal(300n);
  });

  it("does not work on another chain", async () => {
    await open();
    const settlement = { ...market.settlement, chainId: 1n };
    const { server, store, node } = market;
    const other = createFlashChainView({ client: node.client, settlement, server, store, confirmations: 0 });
    expect(await rejection(other.sync())).to.be.instanceOf(WrongChainError);
  });
});
