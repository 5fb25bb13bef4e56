import { expect } from "chai";
import fc from "fast-check";
import type { FlashStore } from "../../../client/seller/flash/types.ts";
import { USDC } from "../../base/addresses.ts";
import { DAY, deployMarket, openMarket, type Market, type Payer } from "./market.ts";

/** Token base units. */
const ESCROW = 1_000n;

describe("the guarantee of flash, on the real USDC", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let payer: Payer;
  let store: FlashStore;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  beforeEach(async () => {
    market = await openMarket(place);
    ({ store } = market);
    payer = await market.payer(10_000n);
    await payer.open({ amount: ESCROW });
  });

  afterEach(async () => {
    await market.close();
  });

  /** Serves payments, a tab and a signed transaction of 1,000 in all: as much as the escrow. */
  const serveAll = async () => {
    const items = [
      await payer.payment(300n, 0n),
      await payer.tab(400n),
      await payer.transaction(200n, 0n),
      await payer.payment(100n, 1n),
    ];
    for (const item of items) expect(await market.answer(item)).to.equal("accepted");
    expect((await store.getEscrow(payer.escrow))?.available).to.equal(0n);
  };

  const endsAt = async (total: bigint) => {
    const report = await market.settler.settleNow();
    expect(report.items.flatMap(({ failure }) => failure ?? [])).to.deep.equal([]);
    expect(await market.income()).to.equal(total);
  };

  const hostile: readonly (readonly [string, () => Promise<void>])[] = [
    ["a revoked allowance", () => payer.approve(0n)],
    ["a drained wallet", () => payer.drain()],
    ["a blacklisted payer", () => market.blacklist(payer.account.address)],
    ["a blacklisted server", () => market.blacklist(market.server)],
    ["an allowance for a part", () => payer.approve(123n)],
    ["a close", () => payer.call("closeEscrow", payer.account.address, market.server, USDC, 0)],
  ];
  for (const [name, act] of hostile) {
    it(`every accepted unit ends at the server in spite of ${name}`, async () => {
      await serveAll();
      await act();
      await endsAt(ESCROW);
    });
  }

  it("every accepted unit ends at the server in spite of all of them at once", async () => {
    await serveAll();
    for (const [, act] of hostile.filter(([name]) => name === "a drained wallet" || name === "a close")) await act();
    await payer.approve(0n);
    await market.blacklist(payer.account.address);
    // The last second before the client could withdraw.
    await market.advance(3_590n);
    await endsAt(ESCROW);
    expect(await market.creditOf(market.server)).to.equal(ESCROW);
  });

  it("a buffer burnt by one unit has paid that unit", async () => {
    await serveAll();
    await payer.drain();
    await payer.call("settlePayment", market.server, USDC, 1n);
    const report = await market.settler.settleNow();
    expect(report.items.flatMap(({ failure }) => failure ?? [])).to.deep.equal([]);
    expect(await market.income()).to.equal(ESCROW);
  });

  it("counted twice: a tab that the payer settled before it shows it pays once", async () => {
    expect(await market.answer(await payer.payment(ESCROW, 0n))).to.equal("accepted");
    await payer.drain();
    const tab = await payer.tab(ESCROW);
    if (tab.kind !== "tab") throw new Error("no tab");
    const { client, total, lane, deadline, epoch, signature } = tab;
    const message = { client, server: market.server, token: USDC, total, lane };
    await payer.call("settleTab", { ...message, deadline: Number(deadline), epoch: Number(epoch) }, signature);
    await market.chain.sync();
    expect(await market.answer(tab)).to.equal("flash_exposure_exceeded");
    // The server has been paid all it accepted, so nothing is sent.
    expect(await market.settler.settleNow()).to.deep.include({ transactions: [], items: [] });
    expect(await market.income()).to.equal(ESCROW);
  });

  it("at the boundary: what is accepted last before the unlock time is settled before it", async () => {
    const { settleSeconds } = market.acceptor.limits;
    const short = await market.payer(5_000n);
    await short.open({ amount: 500n, ttlSeconds: 1_000n, closeDelay: 1_000n });
    await market.chain.refreshEscrow(short.escrow);
    const { unlockAt } = (await short.state()).confirmed;
    await market.advance(unlockAt - settleSeconds - 1n - market.now());
    await market.chain.refreshEscrow(short.escrow);
    expect(await market.answer(await short.payment(100n, 0n))).to.equal("accepted");
    await market.advance(1n);
    expect(await market.answer(await short.payment(100n, 1n))).to.equal("flash_lock_too_short");
    await short.drain();
    await market.settler.settleNow();
    expect(await market.income()).to.equal(100n);
  });

  it("holds in stories of a client that does what it wants, while the server looks now and then", async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("pay" as const),
        amount: fc.integer({ min: 1, max: 400 }),
        nonce: fc.integer({ min: 0, max: 9 }),
      }),
      fc.record({
        kind: fc.constant("tab" as const),
        amount: fc.integer({ min: 1, max: 900 }),
        lane: fc.integer({ min: 0, max: 1 }),
      }),
      fc.record({
        kind: fc.constant("transaction" as const),
        amount: fc.integer({ min: 1, max: 300 }),
        nonce: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({
        kind: fc.constantFrom("approve" as const, "direct" as const),
        amount: fc.integer({ min: 0, max: 300 }),
      }),
      fc.record({
        kind: fc.constantFrom(
          "drain" as const,
          "close" as const,
          "withdraw" as const,
          "topUp" as const,
          "look" as const,
          "settle" as const,
        ),
      }),
      fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 280 }) }),
    );
    const test = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
      const story = await openMarket(place);
      const client = await story.payer(3_000n);
      await client.open({ amount: ESCROW, closeDelay: 1_200n, ttlSeconds: DAY });
      const accepted = new Map<bigint, bigint>();
      let epoch = 0n;
      const tries = async (action: () => Promise<void>) => {
        // The contract refuses some of it, which is part of the story.
        await action().catch((error: unknown) => {
          if (!(error instanceof Error) || error.name !== "ContractFunctionExecutionError") throw error;
        });
      };
      const raise = async (answer: string) => {
        if (answer === "accepted") accepted.set(epoch, (await client.state()).accepted);
      };
      for (const each of steps) {
        switch (each.kind) {
          case "pay":
            await raise(
              await story.answer(await client.payment(BigInt(each.amount), BigInt(each.nonce), { epoch }), 1n),
            );
            break;
          case "tab":
            await raise(await story.answer(await client.tab(BigInt(each.amount), BigInt(each.lane), { epoch }), 1n));
            break;
          case "transaction":
            await raise(await story.answer(await client.transaction(BigInt(each.amount), BigInt(each.nonce)), 1n));
            break;
          case "approve":
            await client.approve(BigInt(each.amount));
            break;
          case "direct":
            await tries(() => client.call("settlePayment", story.server, USDC, BigInt(each.amount)));
            break;
          case "drain":
            await tries(() => client.drain());
            break;
          case "close":
            await tries(() => client.call("closeEscrow", client.account.address, story.server, USDC, Number(epoch)));
            break;
          case "withdraw":
            await tries(() => client.call("withdrawEscrow", story.server, USDC, client.account.address));
            break;
          case "topUp":
            await tries(() => client.call("topUp", story.server, USDC, 100n, Number(epoch)));
            break;
          case "look":
            await story.chain.sync();
            break;
          case "settle":
            await story.settler.settleDue();
            break;
          case "wait":
            await story.advance(BigInt(each.seconds));
            // What a server's pollers do in all this time.
            await story.chain.sync();
            await story.settler.settleDue();
            break;
        }
        epoch = (await story.store.getEscrow(client.escrow))?.confirmed.epoch ?? epoch;
      }
      await story.settler.settleNow();
      const total = [...accepted.values()].reduce((sum, amount) => sum + amount, 0n);
      expect((await story.income()) >= total, `${await story.income()} of ${total}`).to.equal(true);
      await story.close();
    });
    await fc.assert(test, { numRuns: 25, seed: 20_261_121, endOnFailure: true });
  });
});
