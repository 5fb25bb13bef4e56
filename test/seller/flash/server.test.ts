import { expect } from "chai";
import { InvalidLimitError } from "../../../client/seller/core/errors.ts";
import { createFlashServer, type FlashServerOptions } from "../../../client/seller/flash/server.ts";
import { createMemoryFlashStore } from "../../../client/seller/flash/store/memory.ts";
import type { SettleProgress } from "../../../client/seller/flash/types.ts";
import { USDC } from "../../base/addresses.ts";
import { rejection } from "../rejection.ts";
import { until } from "../until.ts";
import { deployMarket, openMarket, type Market, type Payer } from "./market.ts";

describe("a whole server of flash", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let payer: Payer;
  let progress: SettleProgress[];

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  beforeEach(async () => {
    market = await openMarket(place);
    payer = await market.payer(5_000n);
    await payer.open({ amount: 1_000n });
    progress = [];
  });

  afterEach(async () => {
    await market.close();
  });

  const options = (): FlashServerOptions => ({
    client: market.node.client,
    wallet: market.wallet,
    settlement: market.settlement,
    server: market.server,
    tokens: [USDC],
    store: createMemoryFlashStore(),
    confirmations: 0,
    signer: market.key,
    onProgress: (step) => progress.push(step),
    pollingInterval: 20,
    clock: market.now,
  });

  it("accepts, settles by itself, and settles the rest before it stops", async () => {
    const own = options();
    const server = await createFlashServer(own);
    await server.start();
    const serve = async (nonce: bigint, amount: bigint) => {
      const item = await payer.payment(amount, nonce);
      const result = await server.acceptor.accept({ item, token: USDC, price: amount });
      if (!result.isAccepted) throw new Error(result.code);
      await server.acceptor.commit(result.reservation);
    };
    await serve(0n, 600n);
    await until(() => progress.some(({ kind }) => kind === "reconciled"));
    expect(await market.income()).to.equal(600n);
    await serve(1n, 100n);
    await server.stop({ settle: true });
    expect(await market.income()).to.equal(700n);
    await own.store.close();
  });

  it("goes on after the chain did not answer for a while, and tells of it", async () => {
    const errors: unknown[] = [];
    const own = { ...options(), onChainError: (error: unknown) => errors.push(error) };
    const server = await createFlashServer(own);
    await server.start();
    market.node.intercept = () => {
      throw new Error("the node is down");
    };
    await until(() => errors.length > 0);
    market.node.intercept = undefined;
    const item = await payer.payment(600n, 0n);
    await until(async () => (await server.acceptor.check({ item, token: USDC, price: 600n })) === undefined);
    await server.stop();
    await own.store.close();
  });

  it("does not start when T exceeds the close delay it demands", async () => {
    const limits = { settleSeconds: 901n, minCloseDelay: 900n };
    expect(await rejection(createFlashServer({ ...options(), limits }))).to.be.instanceOf(InvalidLimitError);
  });
});
