import { expect } from "chai";
import type { Address } from "viem";
import {
  InsufficientBalanceError,
  InvalidAmountError,
  InvalidAuthorizationError,
  InvalidNonceError,
  NoThawingInProgressError,
  NonceAlreadyUsedError,
  NothingToFlushError,
  ThawingPeriodNotCompletedError,
  advanceFreeNonce,
  allocate,
  allocateWithAuthorization,
  cancelThaw,
  depositMany,
  flushAllWithAuthorization,
  flushWithAuthorization,
  getAccount,
  getFreeAccount,
  getVoucherErrorName,
  parseVoucherEscrowEvents,
  randomNonce,
  signAllocateAuthorization,
  signFlushAllAuthorization,
  signFlushAuthorization,
  signWithdrawFreeAuthorization,
  thaw,
  withdraw,
  withdrawFree,
  withdrawFreeWithAuthorization,
} from "x402-escrow/voucher";
import { USDC } from "../base/addresses.ts";
import { actors } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { DAY, FUNDS, useClient } from "./clientSetup.ts";

const { buyer, otherSeller, seller } = actors;
const AMOUNT = 1_000_000n;

describe("Client: free balance and withdrawals", () => {
  const client = useClient();

  describe("allocate", () => {
    it("moves free balance into the account", async () => {
      await client.fillFree(AMOUNT);
      await client.done(allocate(client.base.wallets.buyer, { ...client.account, amount: 400_000n }));
      expect(await client.freeBalance()).to.equal(600_000n);
      expect(await client.accountBalance()).to.equal(400_000n);
    });

    it("throws InsufficientBalanceError", async () => {
      await client.fillFree(AMOUNT);
      const parameters = { ...client.account, amount: AMOUNT + 1n };
      const error = await rejectedWith(allocate(client.base.wallets.buyer, parameters), InsufficientBalanceError);
      expect(error.args).to.deep.equal({ available: AMOUNT, requested: AMOUNT + 1n });
    });
  });

  describe("allocateWithAuthorization", () => {
    const sign = async (nonce: bigint) => {
      const { seller: to, asset } = client.account;
      const message = { buyer: buyer.address, seller: to, asset, amount: 100n, nonce, expiry: client.expiry };
      const signature = await signAllocateAuthorization(buyer, { ...client.here, authorization: message });
      return { escrow: client.escrow, authorization: message, signature };
    };

    it("moves free balance into the account by signatures that arrive out of order", async () => {
      await client.fillFree(AMOUNT);
      const { relayer } = client.base.wallets;
      for (const nonce of [2n, 0n, 1n]) await client.done(allocateWithAuthorization(relayer, await sign(nonce)));
      expect(await client.accountBalance()).to.equal(300n);
      const free = await getFreeAccount(client.base.publicClient, {
        escrow: client.escrow,
        owner: buyer.address,
        asset: USDC,
      });
      expect(free).to.deep.equal({ balance: AMOUNT - 300n, nextNonce: 3n, seen: 0b111n });
    });

    it("throws NonceAlreadyUsedError when it is replayed", async () => {
      await client.fillFree(AMOUNT);
      const signed = await sign(0n);
      await client.done(allocateWithAuthorization(client.base.wallets.relayer, signed));
      await rejectedWith(allocateWithAuthorization(client.base.wallets.relayer, signed), NonceAlreadyUsedError);
    });
  });

  describe("withdrawFree", () => {
    it("pays the owner", async () => {
      await client.fillFree(AMOUNT);
      await client.done(
        withdrawFree(client.base.wallets.buyer, { escrow: client.escrow, asset: USDC, amount: AMOUNT }),
      );
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS);
    });

    it("throws InvalidAmountError", async () => {
      const parameters = { escrow: client.escrow, asset: USDC, amount: 0n };
      await rejectedWith(withdrawFree(client.base.wallets.buyer, parameters), InvalidAmountError);
    });
  });

  describe("withdrawFreeWithAuthorization", () => {
    const sign = async (by = buyer) => {
      const message = { buyer: buyer.address, asset: USDC, amount: AMOUNT, nonce: 0n, expiry: client.expiry };
      const signature = await signWithdrawFreeAuthorization(by, { ...client.here, authorization: message });
      return { escrow: client.escrow, authorization: message, signature };
    };

    it("pays the owner, whoever relays", async () => {
      await client.fillFree(AMOUNT);
      await client.done(withdrawFreeWithAuthorization(client.base.wallets.stranger, await sign()));
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS);
    });

    it("throws InvalidAuthorizationError", async () => {
      await client.fillFree(AMOUNT);
      const forged = await sign(actors.stranger);
      await rejectedWith(
        withdrawFreeWithAuthorization(client.base.wallets.stranger, forged),
        InvalidAuthorizationError,
      );
    });
  });

  describe("advanceFreeNonce", () => {
    it("cancels everything below", async () => {
      const { base, escrow } = client;
      await client.done(advanceFreeNonce(base.wallets.buyer, { escrow, asset: USDC, next: 5n }));
      const parameters = { escrow, owner: buyer.address, asset: USDC };
      expect((await getFreeAccount(base.publicClient, parameters)).nextNonce).to.equal(5n);
    });

    it("throws InvalidNonceError", async () => {
      const { base, escrow } = client;
      await client.done(advanceFreeNonce(base.wallets.buyer, { escrow, asset: USDC, next: 5n }));
      const back = advanceFreeNonce(base.wallets.buyer, { escrow, asset: USDC, next: 4n });
      expect((await rejectedWith(back, InvalidNonceError)).args).to.deep.equal({ nonce: 4n, expected: 5n });
    });
  });

  describe("thaw, cancelThaw and withdraw", () => {
    beforeEach(async () => client.fillAccount(AMOUNT));

    it("thaws a part and withdraws it a day later", async () => {
      const { account, base } = client;
      await client.done(thaw(base.wallets.buyer, { ...account, amount: 400_000n }));
      const { thawingAmount, thawEndTime } = await getAccount(base.publicClient, { ...account, buyer: buyer.address });
      expect(thawingAmount).to.equal(400_000n);
      await base.networkHelpers.time.increaseTo(thawEndTime);
      await client.done(withdraw(base.wallets.buyer, account));
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS - 600_000n);
      expect(await client.accountBalance()).to.equal(600_000n);
    });

    it("throws InsufficientBalanceError for a thaw of more than there is", async () => {
      const parameters = { ...client.account, amount: AMOUNT + 1n };
      await rejectedWith(thaw(client.base.wallets.buyer, parameters), InsufficientBalanceError);
    });

    it("throws ThawingPeriodNotCompletedError with both times", async () => {
      const { account, base } = client;
      const { blockNumber } = await client.done(thaw(base.wallets.buyer, { ...account, amount: AMOUNT }));
      const { timestamp } = await base.publicClient.getBlock({ blockNumber });
      const error = await rejectedWith(withdraw(base.wallets.buyer, account), ThawingPeriodNotCompletedError);
      expect(error.args.thawEndTime).to.equal(timestamp + DAY);
      expect(error.args.currentTime < error.args.thawEndTime).to.equal(true);
    });

    it("cancels a thaw", async () => {
      const { account, base } = client;
      await client.done(thaw(base.wallets.buyer, { ...account, amount: AMOUNT }));
      await client.done(cancelThaw(base.wallets.buyer, account));
      expect(await getAccount(base.publicClient, { ...account, buyer: buyer.address })).to.deep.equal({
        balance: AMOUNT,
        thawingAmount: 0n,
        thawEndTime: 0n,
      });
    });

    it("throws NoThawingInProgressError for a cancel and for a withdrawal", async () => {
      const { account, base } = client;
      const parties = { buyer: buyer.address, seller: seller.address, asset: USDC };
      const error = await rejectedWith(cancelThaw(base.wallets.buyer, account), NoThawingInProgressError);
      expect(error.args).to.deep.equal(parties);
      await rejectedWith(withdraw(base.wallets.buyer, account), NoThawingInProgressError);
    });
  });

  describe("flushWithAuthorization", () => {
    const sign = async () => {
      const message = { buyer: buyer.address, seller: seller.address, asset: USDC, nonce: randomNonce() };
      const authorization = { ...message, expiry: client.expiry };
      const signature = await signFlushAuthorization(buyer, { ...client.here, authorization });
      return { escrow: client.escrow, authorization, signature };
    };

    it("starts the thaw of everything", async () => {
      await client.fillAccount(AMOUNT);
      const receipt = await client.done(flushWithAuthorization(client.base.wallets.relayer, await sign()));
      const parameters = { escrow: client.escrow, logs: receipt.logs, eventName: "FlushAuthorized" } as const;
      expect(parseVoucherEscrowEvents(parameters)[0]?.args.thawing).to.equal(true);
    });

    it("throws NothingToFlushError for an empty account", async () => {
      await rejectedWith(flushWithAuthorization(client.base.wallets.relayer, await sign()), NothingToFlushError);
    });
  });

  describe("flushAllWithAuthorization", () => {
    const sign = async () => {
      const { timestamp: now } = await client.base.publicClient.getBlock();
      const authorization = { buyer: buyer.address, nonce: randomNonce() };
      const signed = await signFlushAllAuthorization(buyer, { ...client.here, authorization, now });
      return { escrow: client.escrow, ...signed };
    };
    const keys = [seller, otherSeller].map(({ address }) => ({ seller: address, asset: USDC }));

    it("flushes every account that can be flushed, and says why another was not", async () => {
      await client.fillAccount(AMOUNT);
      const parameters = { ...(await sign()), accounts: keys };
      const receipt = await client.done(flushAllWithAuthorization(client.base.wallets.relayer, parameters));
      const events = parseVoucherEscrowEvents({ escrow: client.escrow, logs: receipt.logs });
      expect(events.map(({ eventName }) => eventName)).to.deep.equal([
        "ThawInitiated",
        "FlushSkipped",
        "FlushAllAuthorized",
      ]);
      const skipped = events.find((event) => event.eventName === "FlushSkipped");
      expect(skipped?.args.seller).to.equal(otherSeller.address);
      expect(getVoucherErrorName(skipped?.args.reason ?? "0x")).to.equal("NothingToFlush");
    });

    it("gives enough gas that no account is skipped for want of it, even if the node estimates no more than is used", async () => {
      const sellers = Array.from({ length: 12 }, (_, index) => `0x${(index + 1).toString(16).repeat(40)}` as Address);
      const deposits = sellers.map((to) => ({ seller: to, amount: AMOUNT }));
      const { base, escrow } = client;
      const { relayer } = base.wallets;
      await client.done(depositMany(base.wallets.buyer, { escrow, asset: USDC, deposits }));
      const accounts = deposits.map(({ seller: to }) => ({ seller: to, asset: USDC }));
      await client.done(flushAllWithAuthorization(relayer, { ...(await sign()), accounts }));
      await base.networkHelpers.time.increase(DAY);
      const parameters = { ...(await sign()), accounts };
      const { restore } = await base.networkHelpers.takeSnapshot();
      const { gasUsed } = await client.done(flushAllWithAuthorization(relayer, { ...parameters, gas: 9_000_000n }));
      await restore();

      const frugal = relayer.extend(() => ({ estimateContractGas: async () => gasUsed }));
      const receipt = await client.done(flushAllWithAuthorization(frugal, parameters));
      const skipped = { escrow, logs: receipt.logs, eventName: "FlushSkipped" } as const;
      expect(parseVoucherEscrowEvents(skipped)).to.deep.equal([]);
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS);
    });

    it("throws NothingToFlushError when no account was flushed", async () => {
      const parameters = { ...(await sign()), accounts: keys };
      await rejectedWith(flushAllWithAuthorization(client.base.wallets.relayer, parameters), NothingToFlushError);
    });
  });
});
