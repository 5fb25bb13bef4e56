import { expect } from "chai";
import { flashSettlementAbi } from "../../../client/abi/index.ts";
import {
  EscrowNotOpenError,
  NotSettledError,
  ReleaseTooLongError,
  ReleaseUncoveredError,
} from "../../../client/seller/flash/errors.ts";
import type { LiveRelease, SignedClose } from "../../../client/seller/flash/types.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { rejection } from "../rejection.ts";
import { deployMarket, openMarket, type Market, type Payer } from "./market.ts";

describe("giving escrows back", () => {
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
    await market.chain.refreshEscrow(payer.escrow);
  });

  afterEach(async () => {
    await market.close();
  });

  const parties = () => ({ client: payer.account.address, token: USDC });
  const release = (amount?: bigint, validSeconds?: bigint) =>
    market.leaving.release({
      ...parties(),
      ...(amount === undefined ? {} : { amount }),
      ...(validSeconds === undefined ? {} : { validSeconds }),
    });
  const relay = ({ authorization, signature }: LiveRelease) =>
    payer.call(
      "releaseEscrowWithAuthorization",
      { ...authorization, epoch: Number(authorization.epoch), deadline: Number(authorization.deadline) },
      signature,
    );
  const relayClose = ({ authorization, signature }: SignedClose) =>
    payer.call(
      "closeEscrowWithAuthorization",
      { ...authorization, epoch: Number(authorization.epoch), deadline: Number(authorization.deadline) },
      signature,
    );

  describe("R12: a release", () => {
    it("counts from before it leaves until the chain shows that it was used", async () => {
      const signed = await release(300n);
      expect((await payer.state()).available).to.equal(700n);
      expect(await market.answer(await payer.payment(701n, 0n))).to.equal("flash_exposure_exceeded");
      await relay(signed);
      await market.chain.sync();
      const state = await payer.state();
      expect([state.releases, state.confirmed.balance, state.available]).to.deep.equal([[], 700n, 700n]);
    });

    it("counts until a block is past its deadline, whatever the server's clock says", async () => {
      await release(300n, 60n);
      await market.advance(120n);
      // The chain was not read since.
      expect((await payer.state()).available).to.equal(700n);
      await market.chain.refreshEscrow(payer.escrow);
      expect((await payer.state()).available).to.equal(1_000n);
    });

    it("ends with its nonce, when the server cancels it", async () => {
      const { authorization } = await release(300n);
      const { nonce } = authorization;
      const { base, settlement, wallet } = market;
      const call = {
        address: settlement.settlement,
        abi: flashSettlementAbi,
        functionName: "invalidateNonces",
        args: [nonce >> 8n, 1n << (nonce & 0xffn)],
      } as const;
      await mined(base.publicClient, await wallet.writeContract(call));
      expect((await payer.state()).available).to.equal(700n);
      await market.chain.refreshEscrow(payer.escrow);
      expect((await payer.state()).available).to.equal(1_000n);
    });

    it("takes all that is free when no amount is named", async () => {
      await market.answer(await payer.payment(400n, 0n));
      expect((await release()).authorization.amount).to.equal(600n);
      expect((await payer.state()).available).to.equal(0n);
      expect(await rejection(release())).to.be.instanceOf(ReleaseUncoveredError);
    });

    it("never takes what was accepted", async () => {
      await market.answer(await payer.payment(400n, 0n));
      expect(await rejection(release(601n))).to.be.instanceOf(ReleaseUncoveredError);
      expect((await payer.state()).available).to.equal(600n);
    });

    it("is not signed for longer than an hour, for nothing, or without an escrow", async () => {
      expect(await rejection(release(1n, 3_601n))).to.be.instanceOf(ReleaseTooLongError);
      expect(await rejection(release(1n, 0n))).to.be.instanceOf(ReleaseTooLongError);
      expect(await rejection(release(0n))).to.be.instanceOf(ReleaseUncoveredError);
      const nobody = { client: market.server, token: USDC };
      expect(await rejection(market.leaving.release(nobody))).to.be.instanceOf(EscrowNotOpenError);
    });

    it("of two at once leaves room for one", async () => {
      const results = await Promise.allSettled([release(600n), release(600n)]);
      expect(results.map(({ status }) => status).toSorted()).to.deep.equal(["fulfilled", "rejected"]);
    });
  });

  describe("R11: a close", () => {
    it("is signed once everything is settled, and gives the rest back", async () => {
      await market.answer(await payer.payment(400n, 0n));
      expect(await rejection(market.leaving.signClose(parties()))).to.be.instanceOf(NotSettledError);
      expect(await market.answer(await payer.payment(100n, 1n))).to.equal("flash_escrow_closing");
      await market.settler.settleNow();
      await payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);
      await relayClose(await market.leaving.signClose(parties()));
      expect(await market.usdcOf(payer.account.address)).to.equal(9_600n);
      expect(await market.income()).to.equal(400n);
    });

    it("waits for requests that are being served", async () => {
      const item = await payer.payment(400n, 0n);
      const result = await market.acceptor.accept({ item, token: USDC, price: 100n });
      if (!result.isAccepted) throw new Error(result.code);
      expect(await rejection(market.leaving.signClose(parties()))).to.be.instanceOf(NotSettledError);
      await market.acceptor.cancel(result.reservation);
      expect((await market.leaving.signClose(parties())).authorization.epoch).to.equal(0n);
    });

    it("does not wait for a request that a killed process left behind", async () => {
      const result = await market.acceptor.accept({ item: await payer.payment(400n, 0n), token: USDC, price: 100n });
      expect(result.isAccepted).to.equal(true);
      expect(await rejection(market.leaving.signClose(parties()))).to.be.instanceOf(NotSettledError);
      await market.advance(market.acceptor.limits.reservationSeconds + 1n);
      expect((await market.leaving.signClose(parties())).authorization.epoch).to.equal(0n);
    });

    it("holds for its epoch only", async () => {
      await relayClose(await market.leaving.signClose(parties()));
      await payer.call("withdrawEscrow", market.server, USDC, payer.account.address);
      await payer.open({ amount: 500n, epoch: 1n });
      await market.chain.sync();
      expect(await market.answer(await payer.payment(100n, 0n, { epoch: 1n }))).to.equal("accepted");
    });

    it("is of an epoch that is stopped, also when only its own read shows that epoch", async () => {
      await payer.call("closeEscrow", payer.account.address, market.server, USDC, 0);
      await market.advance(3_600n);
      await payer.call("withdrawEscrow", market.server, USDC, payer.account.address);
      await payer.open({ amount: 500n, epoch: 1n });
      expect((await payer.state()).confirmed.epoch).to.equal(0n);
      expect((await market.leaving.signClose(parties())).authorization.epoch).to.equal(1n);
      expect(await market.answer(await payer.payment(100n, 0n, { epoch: 1n }))).to.equal("flash_escrow_closing");
    });

    it("needs an escrow", async () => {
      const nobody = { client: market.server, token: USDC };
      expect(await rejection(market.leaving.signClose(nobody))).to.be.instanceOf(EscrowNotOpenError);
    });
  });
});
