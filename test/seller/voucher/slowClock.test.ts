import { expect } from "chai";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { DEFAULT_LIMITS, THAWING_PERIOD } from "../../../client/seller/voucher/limits.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import { releaseWithAuthorization } from "../../../client/voucher/actions/releaseWithAuthorization.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { DAY } from "./fixtures.ts";
import { deployMarket, openMarket, type Market } from "./market.ts";

const LEAST = THAWING_PERIOD + DEFAULT_LIMITS.collectionMargin;
const newKey = () => privateKeyToAccount(generatePrivateKey());

describe("a seller whose clock is two days behind the chain", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  const buyer = newKey();

  before(async () => {
    place = await deployMarket();
    market = await openMarket(place);
    await market.fund(buyer, 1_000n);
    await market.chainView.sync();
    market.passTime(-2n * DAY);
  });

  after(async () => {
    await market.close();
    await place.base.close();
  });

  const chainTime = () => market.chainView.lastSyncedBlock?.timestamp ?? 0n;

  for (const [seconds, expected] of [
    [LEAST - 1n, "invalid_deferred_evm_payload_voucher_expired"],
    [LEAST, "accepted"],
  ] as const) {
    it(`${expected === "accepted" ? "accepts" : "refuses"} a voucher that expires ${seconds} seconds after the last block`, async () => {
      const promised = market.voucher(buyer.address, { expiry: chainTime() + seconds });
      expect(await market.answer(await market.payment(buyer, promised))).to.equal(expected);
    });
  }

  it("refuses a session signer that ends too early after the last block", async () => {
    const session = newKey();
    const validUntil = chainTime() + LEAST - 1n;
    const terms = { escrow: market.escrow.escrow, signer: session.address, validUntil };
    await mined(market.base.publicClient, await authorizeSigner(market.base.walletOf(buyer), terms));
    const promised = market.voucher(buyer.address, { expiry: chainTime() + 30n * DAY });
    expect(await market.answer(await market.payment(session, promised))).to.equal(
      "invalid_deferred_evm_payload_signer_expired",
    );
  });

  it("ends reservations by its own clock, which is all that passes within it", async () => {
    const payment = await market.payment(buyer, market.voucher(buyer.address, { expiry: chainTime() + 30n * DAY }));
    const { acceptor } = market;
    const late = await acceptor.accept({ ...payment, reservationSeconds: 10n });
    expect(late.isAccepted).to.equal(true);
    expect(await market.answer(payment)).to.equal("invalid_deferred_evm_payload_lane_busy");
    market.passTime(11n);
    expect(await market.answer(payment)).to.equal("accepted");
  });

  it("collects in time before a voucher expires", async () => {
    await market.pay(buyer, market.voucher(buyer.address, { expiry: chainTime() + LEAST }));
    await market.base.networkHelpers.time.increase(DAY);
    await market.chainView.sync();
    expect((await market.collector.collectDue()).lanes.map(({ reason }) => reason)).to.deep.equal(["expiry"]);
  });

  it("signs releases that can still be executed", async () => {
    const { releases, base, escrow } = market;
    const release = await releases.sign({ buyer: buyer.address, asset: USDC, amount: 10n, collectedAtLeast: 0n });
    await mined(base.publicClient, await releaseWithAuthorization(base.wallets.stranger, { ...escrow, ...release }));
    expect(await market.usdcOf(buyer.address)).to.equal(10n);
  });
});
