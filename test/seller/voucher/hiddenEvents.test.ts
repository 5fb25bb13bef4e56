import { expect } from "chai";
import type { Hex, PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { MAX_ACCOUNT_AGE } from "../../../client/seller/voucher/limits.ts";
import type { ChainAlert } from "../../../client/seller/voucher/chain/types.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import { revokeSigner } from "../../../client/voucher/actions/revokeSigner.ts";
import { thaw } from "../../../client/voucher/actions/thaw.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { DAY } from "./fixtures.ts";
import { deployMarket, openMarket, type Market, type MarketOptions } from "./market.ts";

const HOUR = 3_600n;
const newKey = () => privateKeyToAccount(generatePrivateKey());

/** A node that is behind with its events answers that there are none, for blocks it has. */
describe("a node that has blocks without their events", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let buyer: PrivateKeyAccount;
  let session: PrivateKeyAccount;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  const open = async (options: MarketOptions = {}): Promise<void> => {
    market = await openMarket(place, options);
    [buyer, session] = [newKey(), newKey()];
    await market.fund(buyer, 1_000n);
    const terms = { escrow: market.escrow.escrow, signer: session.address, validUntil: market.now() + 30n * DAY };
    await send(authorizeSigner(market.base.walletOf(buyer), terms));
    // The seller knows both, and hears of nothing from now on.
    expect(await answer(buyer)).to.equal("accepted");
    expect(await answer(session)).to.equal("accepted");
    market.node.intercept = (method) => (method === "eth_getLogs" ? [] : undefined);
  };

  beforeEach(() => open());

  afterEach(async () => {
    await market.close();
  });

  const send = async (hash: Promise<Hex>): Promise<void> => {
    await mined(market.base.publicClient, await hash);
  };
  const answer = async (signer: PrivateKeyAccount, price = 100n) =>
    market.answer(await market.payment(signer, market.voucher(buyer.address, { valueAggregate: price }), price));
  const thawAll = () => {
    const terms = { escrow: market.escrow.escrow, seller: market.acceptor.seller, asset: USDC, amount: 1_000n };
    return send(thaw(market.base.walletOf(buyer), terms));
  };
  const revoke = () =>
    send(revokeSigner(market.base.walletOf(buyer), { escrow: market.escrow.escrow, signer: session.address }));
  const pass = async (seconds: bigint): Promise<void> => {
    await market.advance(seconds);
    await market.chainView.sync();
  };
  const thawing = async () => (await market.store.getAccount(market.account(buyer.address)))?.thawing;

  describe("where something is owed", () => {
    it("hides a thaw for an hour at most", async () => {
      const alerts: ChainAlert[] = [];
      market.chainView.onAlert((alert) => alerts.push(alert));
      await market.pay(buyer, market.voucher(buyer.address));
      await pass(HOUR);
      await thawAll();
      await pass(HOUR / 2n);
      expect(await thawing()).to.equal(0n);
      await pass(HOUR / 2n);
      expect(await thawing()).to.equal(1_000n);
      expect(alerts.map(({ kind }) => kind)).to.deep.equal(["thaw"]);
      expect((await market.collector.collectDue()).lanes.map(({ reason }) => reason)).to.deep.equal(["thaw"]);
      expect(await market.collected(buyer.address)).to.equal(100n);
    });

    it("hides the end of a session signer for an hour at most", async () => {
      await market.pay(session, market.voucher(buyer.address));
      await revoke();
      await pass(HOUR);
      expect((await market.collector.collectDue()).lanes.map(({ reason }) => reason)).to.deep.equal(["signer"]);
    });

    it("hides them for as long as the seller chose", async () => {
      await market.close();
      await open({ chainView: { recheckInterval: 4n * HOUR } });
      await market.pay(buyer, market.voucher(buyer.address));
      await pass(4n * HOUR);
      await thawAll();
      await pass(3n * HOUR);
      expect(await thawing()).to.equal(0n);
      await pass(HOUR);
      expect(await thawing()).to.equal(1_000n);
    });

    it("is asked no more often than that", async () => {
      await market.pay(buyer, market.voucher(buyer.address));
      await pass(HOUR);
      market.node.forget();
      for (let count = 0; count < 5; count += 1) await pass(HOUR / 10n);
      expect(market.node.methods).to.not.include("eth_call");
      await pass(HOUR / 2n);
      expect(market.node.methods.filter((method) => method === "eth_call")).to.have.length(1);
    });
  });

  describe("where nothing is owed", () => {
    for (const [seconds, expected] of [
      [MAX_ACCOUNT_AGE - HOUR, "accepted"],
      [MAX_ACCOUNT_AGE + HOUR, "insufficient_funds"],
    ] as const) {
      it(`leads to "${expected}" ${seconds} seconds after a thaw of everything`, async () => {
        await thawAll();
        await pass(seconds);
        expect(await answer(buyer)).to.equal(expected);
      });
    }

    it("hides no session signer's end from the first payment after half a thawing period", async () => {
      await revoke();
      await pass(MAX_ACCOUNT_AGE + HOUR);
      expect(await answer(session)).to.equal("invalid_deferred_evm_payload_signer_expired");
    });

    it("costs a buyer that comes back one read", async () => {
      await pass(MAX_ACCOUNT_AGE + HOUR);
      market.node.forget();
      expect(await answer(buyer)).to.equal("accepted");
      expect(market.node.methods.filter((method) => method === "eth_call")).to.have.length(1);
      market.node.forget();
      expect(await answer(buyer)).to.equal("accepted");
      expect(market.node.methods).to.deep.equal([]);
    });
  });
});
