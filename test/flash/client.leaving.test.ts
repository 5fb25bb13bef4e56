import { expect } from "chai";
import { zeroAddress } from "viem";
import {
  BadSignatureError,
  BadTermsError,
  NonceUsedError,
  NotClosedError,
  NotCoveredError,
  StillLockedError,
  WrongEpochError,
  WrongSequenceError,
  clientCloseEscrow,
  closeEscrow,
  closeEscrowWithAuthorization,
  escrowId,
  finalizeClose,
  getAccountNonceWord,
  getChainState,
  getEip712Domain,
  getFlashEvents,
  getPaymentDigest,
  getSettler,
  getTabDigest,
  hashPayment,
  hashTab,
  flashDomain,
  invalidateNonces,
  noncePosition,
  openEscrow,
  releaseEscrow,
  releaseEscrowWithAuthorization,
  serverCloseEscrow,
  setSettler,
  setSettlerWithAuthorization,
  settleBatch,
  buildBatches,
  settleNumberedPayment,
  signCloseEscrow,
  signReleaseEscrow,
  signSettlerAuthorization,
  signWithdrawCredit,
  topUp,
  verifyMessage,
  verifyPayment,
  verifyTab,
  watchFlashEvent,
  withdrawCredit,
  withdrawCreditWithAuthorization,
  withdrawEscrow,
} from "x402-escrow/flash";
import { USDC } from "../base/addresses.ts";
import { actors } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { DAY, FUNDS, LOCKED, payer, server, useFlash } from "./clientSetup.ts";

describe("Flash client: leaving, rights and reads", () => {
  const flash = useFlash();

  describe("closing", () => {
    it("by the client unlocks after the close delay; anyone finalizes then", async () => {
      const { base, settlement, parties, done } = flash;
      await flash.open();
      const target = { settlement, ...parties };
      await rejectedWith(finalizeClose(base.wallets.stranger, target), NotClosedError);
      await done(closeEscrow(base.wallets.buyer, { ...target, epoch: 0n }));
      const error = await rejectedWith(finalizeClose(base.wallets.stranger, target), StillLockedError);
      expect(error.args.unlockAt - error.args.currentTime <= 900n).to.equal(true);
      await flash.passSeconds(900n);
      await done(finalizeClose(base.wallets.stranger, target));
      expect(await flash.balanceOf(payer.address)).to.equal(FUNDS);
      expect(await flash.escrow()).to.include({ isOpen: false, epoch: 1n, balance: 0n });
    });

    it("by both signatures refunds at once", async () => {
      const { base, settlement, here, parties, deadline, done } = flash;
      await flash.open();
      for (const [byServer, owner] of [
        [true, server],
        [false, payer],
      ] as const) {
        const authorization = { ...parties, epoch: 0n, byServer, deadline };
        const signature = await signCloseEscrow(owner, { authorization, ...here });
        const message = { primaryType: "CloseEscrow", message: authorization, signature, ...here } as const;
        expect(await verifyMessage({ ...message, owner: owner.address })).to.equal(true);
        expect(await verifyMessage({ ...message, owner: actors.stranger.address })).to.equal(false);
        await done(closeEscrowWithAuthorization(base.wallets.relayer, { settlement, authorization, signature }));
      }
      expect(await flash.balanceOf(payer.address)).to.equal(FUNDS);
      const filter = { settlement, eventName: "EscrowRefunded", fromBlock: 0n } as const;
      const [refund] = await getFlashEvents(base.publicClient, filter);
      expect(refund?.args.amount).to.equal(LOCKED);
    });

    it("has the original forms, which name no epoch", async () => {
      const { base, settlement, done } = flash;
      const opening = { settlement, server: server.address, token: USDC, amount: LOCKED, ttlSeconds: DAY };
      await done(openEscrow(base.wallets.buyer, opening));
      await done(serverCloseEscrow(base.wallets.seller, { settlement, client: payer.address }));
      await done(clientCloseEscrow(base.wallets.buyer, { settlement, server: server.address }));
      expect((await flash.escrow()).epoch).to.equal(1n);
    });

    it("refuses another epoch", async () => {
      const { base, settlement, parties } = flash;
      await flash.open();
      await rejectedWith(closeEscrow(base.wallets.buyer, { settlement, ...parties, epoch: 1n }), WrongEpochError);
    });
  });

  it("withdraws to any address once the lock has ended", async () => {
    const { base, settlement, done } = flash;
    await flash.open();
    const target = { settlement, server: server.address, token: USDC, to: actors.stranger.address };
    await rejectedWith(withdrawEscrow(base.wallets.buyer, target), StillLockedError);
    const nowhere = { ...target, to: zeroAddress };
    expect((await rejectedWith(withdrawEscrow(base.wallets.buyer, nowhere), BadTermsError)).term).to.equal("Receiver");
    await flash.passSeconds(DAY);
    await done(withdrawEscrow(base.wallets.buyer, target));
    expect(await flash.balanceOf(actors.stranger.address)).to.equal(LOCKED);
  });

  it("releases by the server's call and by its signature, once", async () => {
    const { base, settlement, here, parties, deadline, done } = flash;
    await flash.open();
    const call = { settlement, client: payer.address, token: USDC, epoch: 0n };
    await done(releaseEscrow(base.wallets.seller, { ...call, amount: 1n }));
    await rejectedWith(releaseEscrow(base.wallets.seller, { ...call, amount: LOCKED }), NotCoveredError);
    const authorization = { ...parties, epoch: 0n, amount: 2n, nonce: 300n, deadline };
    const signature = await signReleaseEscrow(server, { authorization, ...here });
    const relayed = { settlement, authorization, signature };
    await done(releaseEscrowWithAuthorization(base.wallets.relayer, relayed));
    await rejectedWith(releaseEscrowWithAuthorization(base.wallets.relayer, relayed), NonceUsedError);
    expect((await flash.escrow()).balance).to.equal(LOCKED - 3n);
    const { word, mask } = noncePosition(300n);
    const bits = await getAccountNonceWord(base.publicClient, { settlement, account: server.address, word });
    expect(bits).to.equal(mask);
  });

  it("cancels nonces of what was signed and not used", async () => {
    const { base, settlement, here, parties, deadline, done } = flash;
    await flash.open();
    const authorization = { ...parties, epoch: 0n, amount: 2n, nonce: 5n, deadline };
    const signature = await signReleaseEscrow(server, { authorization, ...here });
    await done(invalidateNonces(base.wallets.seller, { settlement, ...noncePosition(5n) }));
    const relayed = releaseEscrowWithAuthorization(base.wallets.relayer, { settlement, authorization, signature });
    expect((await rejectedWith(relayed, NonceUsedError)).args.nonce).to.equal(5n);
  });

  it("pays out credit by call and by signature, to any address", async () => {
    const { base, settlement, here, deadline, done } = flash;
    await flash.open();
    await flash.approve(payer, 0n);
    const items = [await flash.payment({ amount: 3_000n })];
    const [batch] = buildBatches(items);
    const groups = batch?.groups ?? [];
    await done(settleBatch(base.wallets.seller, { settlement, groups, allowPartial: false }));
    expect(await flash.credit()).to.equal(3_000n);
    const to = actors.stranger.address;
    await done(withdrawCredit(base.wallets.seller, { settlement, token: USDC, to, amount: 1_000n }));
    const authorization = { account: server.address, token: USDC, to, amount: 2_000n, nonce: 1n, deadline };
    const signature = await signWithdrawCredit(server, { authorization, ...here });
    const forged = { settlement, authorization: { ...authorization, to: payer.address }, signature };
    await rejectedWith(withdrawCreditWithAuthorization(base.wallets.relayer, forged), BadSignatureError);
    await done(withdrawCreditWithAuthorization(base.wallets.relayer, { settlement, authorization, signature }));
    expect(await flash.balanceOf(to)).to.equal(3_000n);
    expect(await flash.credit()).to.equal(0n);
  });

  it("names settlers by call and by signature, each sequence once", async () => {
    const { base, settlement, here, deadline, done } = flash;
    const settler = actors.relayer.address;
    await done(setSettler(base.wallets.seller, { settlement, settler, validUntil: 5n }));
    const authorization = { server: server.address, settler, validUntil: deadline, sequence: 1n, deadline };
    const signature = await signSettlerAuthorization(server, { authorization, ...here });
    await done(setSettlerWithAuthorization(base.wallets.relayer, { settlement, authorization, signature }));
    const right = await getSettler(base.publicClient, { settlement, server: server.address, settler });
    expect(right).to.deep.equal({ validUntil: deadline, sequence: 2n });
    const again = setSettlerWithAuthorization(base.wallets.relayer, { settlement, authorization, signature });
    expect((await rejectedWith(again, WrongSequenceError)).args).to.deep.equal({ sequence: 1n, current: 2n });
  });

  describe("reads", () => {
    it("gives the digests that the client computes, and the domain", async () => {
      const { base, settlement, here } = flash;
      const domain = flashDomain(here);
      const payment = flash.paymentOf({ nonce: 9n });
      const tab = flash.tabOf({ lane: 9n });
      const { publicClient } = base;
      expect(await getPaymentDigest(publicClient, { settlement, payment })).to.equal(
        hashPayment(payment, domain).digest,
      );
      expect(await getTabDigest(publicClient, { settlement, tab })).to.equal(hashTab(tab, domain).digest);
      const { name, version, chainId, verifyingContract } = await getEip712Domain(publicClient, { settlement });
      expect({ name, version, chainId: Number(chainId), verifyingContract }).to.deep.equal(domain);
    });

    it("reads many escrows, words, lanes and nonces in one call at one block", async () => {
      const { base, settlement, parties, done } = flash;
      const { publicClient } = base;
      await flash.open();
      const items = [await flash.payment({ nonce: 257n }), await flash.tab({ lane: 3n, total: 70n })];
      const groups = buildBatches(items)[0]?.groups ?? [];
      await done(settleBatch(base.wallets.seller, { settlement, groups, allowPartial: false }));
      const numbered = { server: server.address, token: USDC, amount: 5n, nonce: 1n, deadline: 0n, epoch: 0n };
      await done(settleNumberedPayment(base.wallets.buyer, { settlement, payment: numbered }));
      await done(invalidateNonces(base.wallets.seller, { settlement, word: 0n, mask: 2n }));
      const block = await publicClient.getBlock();
      await done(base.wallets.stranger.sendTransaction({ to: payer.address, value: 1n }));

      const account = server.address;
      const state = await getChainState(publicClient, {
        settlement,
        blockNumber: block.number,
        escrows: [
          {
            ...parties,
            epoch: 0n,
            nonceWords: [0n, 1n],
            lanes: [3n, 4n],
            transactions: [
              { amount: 5n, nonce: 1n, deadline: 0n },
              { amount: 6n, nonce: 1n, deadline: 0n },
            ],
          },
          { ...parties, server: actors.otherSeller.address, epoch: 0n },
        ],
        accountNonces: [
          { account, nonce: 1n },
          { account, nonce: 2n },
        ],
      });
      expect(state.timestamp).to.equal(block.timestamp);
      expect(state.escrows[0]?.escrow).to.deep.equal(await flash.escrow());
      expect(state.escrows[0]?.escrow.settled).to.equal(1_075n);
      expect(state.escrows[0]?.nonceWords).to.deep.equal([
        { word: 0n, bits: 0n },
        { word: 1n, bits: 2n },
      ]);
      expect(state.escrows[0]?.lanes).to.deep.equal([
        { lane: 3n, settled: 70n },
        { lane: 4n, settled: 0n },
      ]);
      expect(state.escrows[0]?.isTransactionUsed).to.deep.equal([true, false]);
      expect(state.escrows[1]?.escrow.isOpen).to.equal(false);
      expect(state.isAccountNonceUsed).to.deep.equal([true, false]);
    });

    it("watches for one event of one escrow, and ends when told", async () => {
      const { base, settlement, done, parties } = flash;
      await flash.open();
      await flash.open({}, actors.otherBuyer);
      const amounts: bigint[] = [];
      const errors: Error[] = [];
      let sawAll: () => void;
      const seen = new Promise<void>((resolve) => {
        sawAll = resolve;
      });
      const unwatch = watchFlashEvent(base.publicClient, {
        settlement,
        eventName: "EscrowToppedUp",
        args: { id: escrowId(parties) },
        fromBlock: await base.publicClient.getBlockNumber(),
        pollingInterval: 5,
        onLogs: (logs) => {
          amounts.push(...logs.map((log) => log.args.amount));
          if (amounts.length === 2) sawAll();
        },
        onError: (error) => errors.push(error),
      });
      const add = (wallet: typeof base.wallets.buyer, amount: bigint) =>
        done(topUp(wallet, { settlement, server: server.address, token: USDC, amount, epoch: 0n }));
      await add(base.wallets.buyer, 7n);
      await add(base.wallets.otherBuyer, 1n);
      await add(base.wallets.buyer, 8n);
      await seen;
      unwatch();
      await add(base.wallets.buyer, 9n);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(amounts).to.deep.equal([7n, 8n]);
      expect(errors).to.deep.equal([]);
    });

    it("verifies payments and tabs against the escrow's signer alone", async () => {
      const { here } = flash;
      const signed = await flash.payment();
      const tab = await flash.tab();
      const signer = payer.address;
      expect(await verifyPayment({ ...signed, signer, ...here })).to.equal(true);
      expect(await verifyPayment({ ...signed, signer: server.address, ...here })).to.equal(false);
      expect(await verifyPayment({ ...signed, signer, ...here, chainId: 1 })).to.equal(false);
      expect(await verifyTab({ ...tab, signer, ...here })).to.equal(true);
      const changed = { ...tab, tab: { ...tab.tab, total: 1_001n } };
      expect(await verifyTab({ ...changed, signer, ...here })).to.equal(false);
    });
  });
});
