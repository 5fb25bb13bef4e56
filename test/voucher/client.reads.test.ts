import { expect } from "chai";
import { maxUint256, zeroHash } from "viem";
import {
  LengthMismatchError,
  authorizeSigner,
  collect,
  depositWithAuthorization,
  getAccount,
  getAccountData,
  getDomainSeparator,
  getEip712Domain,
  getFreeAccount,
  getOutstandingAndCollectableAmount,
  getPayout,
  getSigner,
  getThawingPeriod,
  getTypeHash,
  getVerificationData,
  getVoucherCollected,
  getVoucherEscrowEvents,
  invalidateNonces,
  isDepositAuthorizationNonceUsed,
  isDepositAuthorizationValid,
  isFlushAllAuthorizationNonceUsed,
  isFlushAllAuthorizationValid,
  isFlushAuthorizationNonceUsed,
  isFlushAuthorizationValid,
  isNonceUsed,
  isVoucherSignatureValid,
  noncePosition,
  randomNonce,
  signDepositAuthorization,
  signFlushAllAuthorization,
  signFlushAuthorization,
  signVoucher,
  thaw,
  voucherDomain,
  voucherDomainSeparator,
  voucherTypeHash,
  watchVoucherEscrowEvent,
  type NonceKind,
} from "x402-escrow/voucher";
import { USDC } from "../base/addresses.ts";
import { actors } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { CHAIN_ID, DAY, LANE, useClient } from "./clientSetup.ts";

const { buyer, otherSeller, seller, signer, stranger } = actors;
const AMOUNT = 1_000_000n;

describe("Client: reads", () => {
  const client = useClient();
  const node = () => client.base.publicClient;
  const parties = () => ({ ...client.account, buyer: buyer.address });

  describe("constants", () => {
    it("reads the thawing period", async () => {
      expect(await getThawingPeriod(node(), { escrow: client.escrow })).to.equal(DAY);
    });

    it("reads the domain that the client signs for", async () => {
      const { escrow, here } = client;
      const separator = await getDomainSeparator(node(), { escrow });
      expect(separator).to.equal(voucherDomainSeparator(voucherDomain(here)));
      expect(await getEip712Domain(node(), { escrow })).to.deep.equal({
        fields: "0x0f",
        name: "DeferredPaymentEscrow",
        version: "1",
        chainId: BigInt(CHAIN_ID),
        verifyingContract: escrow,
        salt: zeroHash,
        extensions: [],
      });
    });

    for (const primaryType of [
      "Voucher",
      "DepositAuthorization",
      "FlushAuthorization",
      "FlushAllAuthorization",
    ] as const) {
      it(`reads the type hash of ${primaryType}`, async () => {
        const { escrow } = client;
        expect(await getTypeHash(node(), { escrow, primaryType })).to.equal(voucherTypeHash(primaryType));
      });
    }
  });

  describe("accounts", () => {
    it("reads an account, thawing included", async () => {
      await client.fillAccount(AMOUNT);
      const receipt = await client.done(thaw(client.base.wallets.buyer, { ...client.account, amount: 300n }));
      const { timestamp } = await node().getBlock({ blockNumber: receipt.blockNumber });
      const expected = { balance: AMOUNT, thawingAmount: 300n, thawEndTime: timestamp + DAY };
      expect(await getAccount(node(), parties())).to.deep.equal(expected);
    });

    it("reads an earlier block", async () => {
      const blockNumber = await node().getBlockNumber();
      await client.fillAccount(AMOUNT);
      expect((await getAccount(node(), { ...parties(), blockNumber })).balance).to.equal(0n);
      expect((await getAccount(node(), { ...parties(), blockTag: "latest" })).balance).to.equal(AMOUNT);
    });

    it("reads what a lane has paid, and what a voucher is still worth", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      const signed = await client.signedVoucherOf({ valueAggregate: 400n });
      await client.done(collect(base.wallets.relayer, { escrow, ...signed }));
      expect(await getVoucherCollected(node(), { ...parties(), id: zeroHash })).to.equal(400n);
      expect(await getVoucherCollected(node(), { ...parties(), id: LANE })).to.equal(0n);
      const larger = client.voucherOf({ valueAggregate: AMOUNT + 1_000n });
      expect(await getOutstandingAndCollectableAmount(node(), { escrow, voucher: larger })).to.deep.equal({
        outstanding: AMOUNT + 600n,
        collectable: AMOUNT - 400n,
      });
    });

    it("reads what a buyer needs to know", async () => {
      await client.fillAccount(AMOUNT);
      const lanes = { voucherIds: [zeroHash, LANE], valueAggregates: [100n, 20n] };
      expect(await getAccountData(node(), { ...parties(), ...lanes })).to.deep.equal({
        balance: AMOUNT - 120n,
        // USDC takes a transfer off an unlimited allowance, too.
        assetAllowance: maxUint256 - AMOUNT,
        assetPermitNonce: 0n,
      });
    });

    it("throws LengthMismatchError", async () => {
      const lanes = { voucherIds: [zeroHash, LANE], valueAggregates: [100n] };
      const error = await rejectedWith(getAccountData(node(), { ...parties(), ...lanes }), LengthMismatchError);
      expect(error.args).to.deep.equal({ first: 2n, second: 1n });
    });

    it("reads what is needed to accept a voucher", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      await client.done(thaw(base.wallets.buyer, { ...client.account, amount: 300n }));
      const voucher = client.voucherOf({ valueAggregate: AMOUNT + 5n });
      expect(await getVerificationData(node(), { escrow, voucher, depositNonce: zeroHash })).to.deep.equal({
        voucherOutstanding: AMOUNT + 5n,
        voucherCollectable: AMOUNT,
        balance: AMOUNT,
        availableBalance: AMOUNT - 300n,
        assetAllowance: maxUint256 - AMOUNT,
        assetPermitNonce: 0n,
        isDepositNonceUsed: false,
      });
    });

    it("reads a free balance, a signer and a payout", async () => {
      const { base, escrow, expiry } = client;
      await client.fillFree(AMOUNT);
      await client.done(authorizeSigner(base.wallets.buyer, { escrow, signer: signer.address, validUntil: expiry }));
      const free = await getFreeAccount(node(), { escrow, owner: buyer.address, asset: USDC });
      expect(free).to.deep.equal({ balance: AMOUNT, nextNonce: 0n, seen: 0n });
      const known = await getSigner(node(), { escrow, buyer: buyer.address, signer: signer.address });
      expect(known).to.deep.equal({ validUntil: expiry, isRevoked: false });
      const unknown = await getSigner(node(), { escrow, buyer: buyer.address, signer: stranger.address });
      expect(unknown).to.deep.equal({ validUntil: 0n, isRevoked: false });
      const payout = await getPayout(node(), { escrow, seller: seller.address });
      expect(payout).to.deep.equal({ toFreeBalance: false, nonce: 0n });
    });
  });

  describe("signatures", () => {
    it("asks for a voucher", async () => {
      const { escrow } = client;
      const signed = await client.signedVoucherOf();
      const forged = await signVoucher(stranger, signed.voucher);
      expect(await isVoucherSignatureValid(node(), { escrow, ...signed })).to.equal(true);
      expect(await isVoucherSignatureValid(node(), { escrow, ...signed, signature: forged })).to.equal(false);
    });

    it("asks for a deposit, a flush and a flush-all, until the nonce is cancelled", async () => {
      const { base, escrow, here, expiry } = client;
      const nonce = randomNonce();
      const deposit = client.depositOf({ nonce });
      const flush = { buyer: buyer.address, seller: seller.address, asset: USDC, nonce, expiry };
      const flushAll = {
        ...here,
        authorization: { buyer: buyer.address, nonce, expiry },
        maxValidSeconds: 2n * expiry,
      };
      const [depositSignature, flushSignature, flushAllSigned] = await Promise.all([
        signDepositAuthorization(buyer, { ...here, authorization: deposit }),
        signFlushAuthorization(buyer, { ...here, authorization: flush }),
        signFlushAllAuthorization(buyer, flushAll),
      ]);
      const ask = () =>
        Promise.all([
          isDepositAuthorizationValid(node(), { escrow, authorization: deposit, signature: depositSignature }),
          isFlushAuthorizationValid(node(), { escrow, authorization: flush, signature: flushSignature }),
          isFlushAllAuthorizationValid(node(), { escrow, ...flushAllSigned }),
        ]);
      expect(await ask()).to.deep.equal([true, true, true]);
      const kinds: readonly NonceKind[] = ["Deposit", "Flush", "FlushAll"];
      for (const [index, kind] of kinds.entries()) {
        await client.done(invalidateNonces(base.wallets.buyer, { escrow, kind, ...noncePosition(nonce) }));
        expect(await ask()).to.deep.equal([0, 1, 2].map((place) => place > index));
      }
    });
  });

  describe("nonces", () => {
    it("knows a used deposit nonce by each of its views", async () => {
      const { base, escrow, here } = client;
      const authorization = client.depositOf();
      const signature = await signDepositAuthorization(buyer, { ...here, authorization });
      await client.done(depositWithAuthorization(base.wallets.relayer, { escrow, authorization, signature }));
      const { nonce } = authorization;
      const own = { escrow, buyer: buyer.address, nonce };
      expect(await isDepositAuthorizationNonceUsed(node(), own)).to.equal(true);
      expect(await isNonceUsed(node(), { escrow, kind: "Deposit", owner: buyer.address, nonce })).to.equal(true);
      const verification = { escrow, voucher: client.voucherOf(), depositNonce: nonce };
      expect((await getVerificationData(node(), verification)).isDepositNonceUsed).to.equal(true);
      expect(await isFlushAuthorizationNonceUsed(node(), own)).to.equal(false);
      expect(await isFlushAllAuthorizationNonceUsed(node(), own)).to.equal(false);
      expect(await isDepositAuthorizationNonceUsed(node(), { ...own, buyer: stranger.address })).to.equal(false);
    });

    it("knows cancelled flush nonces", async () => {
      const { base, escrow } = client;
      const own = { escrow, buyer: buyer.address, nonce: randomNonce() };
      const position = noncePosition(own.nonce);
      await client.done(invalidateNonces(base.wallets.buyer, { escrow, kind: "Flush", ...position }));
      expect(await isFlushAuthorizationNonceUsed(node(), own)).to.equal(true);
      expect(await isFlushAllAuthorizationNonceUsed(node(), own)).to.equal(false);
      await client.done(invalidateNonces(base.wallets.buyer, { escrow, kind: "FlushAll", ...position }));
      expect(await isFlushAllAuthorizationNonceUsed(node(), own)).to.equal(true);
    });
  });

  describe("events", () => {
    it("reads the thaws of one seller from a range of blocks", async () => {
      const { base, escrow, account } = client;
      const fromBlock = (await node().getBlockNumber()) + 1n;
      await client.fillAccount(AMOUNT);
      await client.done(thaw(base.wallets.buyer, { ...account, amount: 100n }));
      const { blockNumber: toBlock } = await client.done(thaw(base.wallets.buyer, { ...account, amount: 50n }));
      const filter = { escrow, eventName: "ThawInitiated", fromBlock } as const;
      const args = { seller: seller.address };
      const thaws = await getVoucherEscrowEvents(node(), { ...filter, args });
      expect(thaws.map((log) => log.args.newThawingAmount)).to.deep.equal([100n, 150n]);
      const first = await getVoucherEscrowEvents(node(), { ...filter, args, toBlock: toBlock - 1n });
      expect(first.map((log) => log.args.buyer)).to.deep.equal([buyer.address]);
      const other = await getVoucherEscrowEvents(node(), { ...filter, args: { seller: otherSeller.address } });
      expect(other).to.deep.equal([]);
    });

    it("watches for one event of one seller, and ends when told", async () => {
      const { base, escrow, account } = client;
      const amounts: bigint[] = [];
      const errors: Error[] = [];
      let sawAll: () => void;
      const seen = new Promise<void>((resolve) => {
        sawAll = resolve;
      });
      const unwatch = watchVoucherEscrowEvent(node(), {
        escrow,
        eventName: "Deposited",
        args: { seller: seller.address },
        fromBlock: await node().getBlockNumber(),
        pollingInterval: 5,
        onLogs: (logs) => {
          amounts.push(...logs.map((log) => log.args.amount));
          if (amounts.length === 2) sawAll();
        },
        onError: (error) => errors.push(error),
      });
      await client.fillAccount(7n);
      await client.done(thaw(base.wallets.buyer, { ...account, amount: 1n }));
      await client.fillAccount(8n);
      await seen;
      unwatch();
      await client.fillAccount(9n);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(amounts).to.deep.equal([7n, 8n]);
      expect(errors).to.deep.equal([]);
    });
  });
});
