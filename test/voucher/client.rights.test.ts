import { expect } from "chai";
import { zeroAddress, zeroHash } from "viem";
import {
  InsufficientBalanceError,
  InvalidAddressError,
  InvalidAuthorizationError,
  InvalidNonceError,
  NonceAlreadyUsedError,
  NotCollectedYetError,
  SignerAlreadyRevokedError,
  authorizeSigner,
  authorizeSignerWithAuthorization,
  collect,
  getPayout,
  getSigner,
  invalidateNonces,
  isNonceUsed,
  noncePosition,
  randomNonce,
  release,
  releaseWithAuthorization,
  revokeSigner,
  revokeSignerWithAuthorization,
  setPayout,
  setPayoutWithAuthorization,
  signPayoutAuthorization,
  signReleaseAuthorization,
  signSignerAuthorization,
  signSignerRevocation,
  signVoucher,
  type NonceKind,
} from "x402-escrow/voucher";
import { USDC } from "../base/addresses.ts";
import { actors } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { FUNDS, useClient } from "./clientSetup.ts";

const { buyer, seller, signer, stranger } = actors;
const AMOUNT = 1_000_000n;

describe("Client: sellers, signers and nonces", () => {
  const client = useClient();
  const payout = () => getPayout(client.base.publicClient, { escrow: client.escrow, seller: seller.address });
  const signerState = () =>
    getSigner(client.base.publicClient, { escrow: client.escrow, buyer: buyer.address, signer: signer.address });

  describe("setPayout", () => {
    it("keeps earnings as free balance", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      await client.done(setPayout(base.wallets.seller, { escrow, toFreeBalance: true }));
      expect(await payout()).to.deep.equal({ toFreeBalance: true, nonce: 1n });
      await client.done(collect(base.wallets.relayer, { escrow, ...(await client.signedVoucherOf()) }));
      expect(await client.freeBalance(seller.address)).to.equal(AMOUNT);
      expect(await client.balanceOf(seller.address)).to.equal(FUNDS);
    });
  });

  describe("setPayoutWithAuthorization", () => {
    const sign = async (nonce: bigint) => {
      const authorization = { seller: seller.address, toFreeBalance: true, nonce, expiry: client.expiry };
      const signature = await signPayoutAuthorization(seller, { ...client.here, authorization });
      return { escrow: client.escrow, authorization, signature };
    };

    it("chooses by the seller's signature", async () => {
      await client.done(setPayoutWithAuthorization(client.base.wallets.relayer, await sign(0n)));
      expect(await payout()).to.deep.equal({ toFreeBalance: true, nonce: 1n });
    });

    it("throws InvalidNonceError", async () => {
      const early = setPayoutWithAuthorization(client.base.wallets.relayer, await sign(1n));
      expect((await rejectedWith(early, InvalidNonceError)).args).to.deep.equal({ nonce: 1n, expected: 0n });
    });
  });

  describe("release", () => {
    const terms = { buyer: buyer.address, asset: USDC, id: zeroHash, collectedAtLeast: 0n, amount: 300_000n };

    it("returns tokens to the buyer's wallet", async () => {
      await client.fillAccount(AMOUNT);
      await client.done(release(client.base.wallets.seller, { escrow: client.escrow, ...terms }));
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS - 700_000n);
      expect(await client.accountBalance()).to.equal(700_000n);
    });

    it("throws NotCollectedYetError and InsufficientBalanceError", async () => {
      await client.fillAccount(AMOUNT);
      const wallet = client.base.wallets.seller;
      const early = release(wallet, { escrow: client.escrow, ...terms, collectedAtLeast: 1n });
      expect((await rejectedWith(early, NotCollectedYetError)).args).to.deep.equal({
        collected: 0n,
        collectedAtLeast: 1n,
      });
      const large = release(wallet, { escrow: client.escrow, ...terms, amount: AMOUNT + 1n });
      await rejectedWith(large, InsufficientBalanceError);
    });
  });

  describe("releaseWithAuthorization", () => {
    const sign = async () => {
      const lane = { buyer: buyer.address, seller: seller.address, asset: USDC, id: zeroHash };
      const authorization = {
        ...lane,
        collectedAtLeast: 400_000n,
        amount: 600_000n,
        nonce: randomNonce(),
        expiry: client.expiry,
      };
      const signature = await signReleaseAuthorization(seller, { ...client.here, authorization });
      return { escrow: client.escrow, authorization, signature };
    };

    it("returns tokens once the lane has paid", async () => {
      const { base, escrow } = client;
      const { relayer } = base.wallets;
      await client.fillAccount(AMOUNT);
      const signed = await sign();
      await rejectedWith(releaseWithAuthorization(relayer, signed), NotCollectedYetError);
      const voucher = await client.signedVoucherOf({ valueAggregate: 400_000n });
      await client.done(collect(relayer, { escrow, ...voucher }));
      await client.done(releaseWithAuthorization(relayer, signed));
      expect(await client.accountBalance()).to.equal(0n);
      expect(await client.balanceOf(buyer.address)).to.equal(FUNDS - 400_000n);
    });

    it("throws NonceAlreadyUsedError when the seller cancelled it", async () => {
      const { base, escrow } = client;
      const signed = await sign();
      const position = noncePosition(signed.authorization.nonce);
      await client.done(invalidateNonces(base.wallets.seller, { escrow, kind: "Release", ...position }));
      await rejectedWith(releaseWithAuthorization(base.wallets.relayer, signed), NonceAlreadyUsedError);
    });
  });

  describe("authorizeSigner and revokeSigner", () => {
    it("lets a key sign vouchers until its end, and ends it for good", async () => {
      const { base, escrow, expiry } = client;
      await client.fillAccount(AMOUNT);
      await client.done(authorizeSigner(base.wallets.buyer, { escrow, signer: signer.address, validUntil: expiry }));
      expect(await signerState()).to.deep.equal({ validUntil: expiry, isRevoked: false });

      const voucher = client.voucherOf();
      const signature = await signVoucher(signer, voucher);
      await client.done(collect(base.wallets.relayer, { escrow, voucher, signature }));
      expect(await client.balanceOf(seller.address)).to.equal(FUNDS + AMOUNT);

      await client.done(revokeSigner(base.wallets.buyer, { escrow, signer: signer.address }));
      expect((await signerState()).isRevoked).to.equal(true);
      const again = authorizeSigner(base.wallets.buyer, { escrow, signer: signer.address, validUntil: expiry });
      const { args } = await rejectedWith(again, SignerAlreadyRevokedError);
      expect(args).to.deep.equal({ buyer: buyer.address, signer: signer.address });
    });

    it("throws InvalidAddressError", async () => {
      const { base, escrow, expiry } = client;
      const zero = { escrow, signer: zeroAddress, validUntil: expiry };
      await rejectedWith(authorizeSigner(base.wallets.buyer, zero), InvalidAddressError);
      await rejectedWith(revokeSigner(base.wallets.buyer, { escrow, signer: buyer.address }), InvalidAddressError);
    });
  });

  describe("authorizeSignerWithAuthorization and revokeSignerWithAuthorization", () => {
    const signAuthorization = async (by = buyer) => {
      const { expiry, escrow, here } = client;
      const authorization = { buyer: buyer.address, signer: signer.address, validUntil: expiry, expiry };
      const signature = await signSignerAuthorization(by, { ...here, authorization });
      return { escrow, authorization, signature };
    };
    const signRevocation = async (by = buyer) => {
      const { expiry, escrow, here } = client;
      const revocation = { buyer: buyer.address, signer: signer.address, expiry };
      const signature = await signSignerRevocation(by, { ...here, revocation });
      return { escrow, revocation, signature };
    };

    it("does the same by the buyer's signatures", async () => {
      const { relayer } = client.base.wallets;
      await client.done(authorizeSignerWithAuthorization(relayer, await signAuthorization()));
      expect(await signerState()).to.deep.equal({ validUntil: client.expiry, isRevoked: false });
      await client.done(revokeSignerWithAuthorization(relayer, await signRevocation()));
      expect((await signerState()).isRevoked).to.equal(true);
    });

    it("throws InvalidAuthorizationError for a signature of another", async () => {
      const { relayer } = client.base.wallets;
      const authorization = await signAuthorization(stranger);
      await rejectedWith(authorizeSignerWithAuthorization(relayer, authorization), InvalidAuthorizationError);
      const revocation = await signRevocation(stranger);
      await rejectedWith(revokeSignerWithAuthorization(relayer, revocation), InvalidAuthorizationError);
    });
  });

  describe("invalidateNonces", () => {
    const kinds: readonly NonceKind[] = ["Deposit", "Flush", "FlushAll", "Release"];
    for (const kind of kinds) {
      it(`cancels a nonce of ${kind} and of nothing else`, async () => {
        const { base, escrow } = client;
        const nonce = randomNonce();
        await client.done(invalidateNonces(base.wallets.buyer, { escrow, kind, ...noncePosition(nonce) }));
        const used = await Promise.all(
          kinds.map((other) => isNonceUsed(base.publicClient, { escrow, kind: other, owner: buyer.address, nonce })),
        );
        expect(kinds.filter((_, index) => used[index])).to.deep.equal([kind]);
      });
    }
  });
});
