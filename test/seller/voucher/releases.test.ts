import { expect } from "chai";
import type { PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { MalformedKeyError } from "../../../client/seller/core/errors.ts";
import { ReleaseTooLongError, ReleaseUncoveredError } from "../../../client/seller/voucher/errors.ts";
import { DEFAULT_LANE } from "../../../client/seller/voucher/keys.ts";
import { releaseWithAuthorization } from "../../../client/voucher/actions/releaseWithAuthorization.ts";
import { NotCollectedYetError } from "../../../client/voucher/errors.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { rejection } from "../rejection.ts";
import { deployMarket, openMarket, type Market } from "./market.ts";

describe("releases", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let buyer: PrivateKeyAccount;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  beforeEach(async () => {
    market = await openMarket(place);
    buyer = privateKeyToAccount(generatePrivateKey());
    await market.fund(buyer, 1_000n);
  });

  afterEach(async () => {
    await market.close();
  });

  const sign = (parameters: object = {}) => market.releases.sign({ buyer: buyer.address, asset: USDC, ...parameters });
  const execute = async (signed: Awaited<ReturnType<typeof sign>>): Promise<void> => {
    const { escrow } = market.escrow;
    await mined(
      market.base.publicClient,
      await releaseWithAuthorization(market.base.wallets.relayer, { escrow, ...signed }),
    );
  };

  it("return all that is spendable, and only after what was charged is collected", async () => {
    await market.pay(buyer, market.voucher(buyer.address));
    const signed = await sign();
    expect([signed.authorization.amount, signed.authorization.collectedAtLeast]).to.deep.equal([900n, 100n]);
    expect(await rejection(execute(signed))).to.be.instanceOf(NotCollectedYetError);
    await market.collector.collectNow();
    await execute(signed);
    expect(await market.usdcOf(buyer.address)).to.equal(900n);
  });

  it("of one account never promise the same tokens twice", async () => {
    const results = await Promise.allSettled([sign({ amount: 600n }), sign({ amount: 600n })]);
    expect(results.map(({ status }) => status).toSorted()).to.deep.equal(["fulfilled", "rejected"]);
    expect(await rejection(sign({ amount: 401n }))).to.be.instanceOf(ReleaseUncoveredError);
    await sign({ amount: 400n });
  });

  it("wait for requests that are being served", async () => {
    const result = await market.acceptor.accept(await market.payment(buyer, market.voucher(buyer.address)));
    expect(result.isAccepted).to.equal(true);
    expect(await rejection(sign({ amount: 901n }))).to.be.instanceOf(ReleaseUncoveredError);
    await sign({ amount: 900n });
  });

  for (const [seconds, isGood] of [
    [0n, false],
    [1n, true],
    [3_600n, true],
    [3_601n, false],
  ] as const) {
    it(`of ${seconds} seconds are ${isGood ? "signed" : "refused"}: an hour is the most`, async () => {
      if (!isGood) {
        expect(await rejection(sign({ validSeconds: seconds }))).to.be.instanceOf(ReleaseTooLongError);
        return;
      }
      const { authorization } = await sign({ validSeconds: seconds });
      expect(authorization.expiry).to.equal(market.now() + seconds);
    });
  }

  it("of nothing, and of an account without balance, are refused", async () => {
    expect(await rejection(sign({ amount: 0n }))).to.be.instanceOf(ReleaseUncoveredError);
    const stranger = privateKeyToAccount(generatePrivateKey()).address;
    expect(await rejection(sign({ buyer: stranger }))).to.be.instanceOf(ReleaseUncoveredError);
  });

  it("name the lane they are told to", async () => {
    const { authorization } = await sign({ id: DEFAULT_LANE, collectedAtLeast: 7n, amount: 1n });
    expect(authorization.collectedAtLeast).to.equal(7n);
    expect(await rejection(sign({ id: "0x01" }))).to.be.instanceOf(MalformedKeyError);
  });
});
