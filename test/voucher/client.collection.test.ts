import { expect } from "chai";
import {
  BaseError,
  concat,
  createPublicClient,
  custom,
  encodeDeployData,
  getContractAddress,
  keccak256,
  serializeErc6492Signature,
  toHex,
  zeroHash,
  type Address,
  type Hex,
} from "viem";
import { artifacts } from "hardhat";
import {
  InvalidAssetError,
  InvalidChainIdError,
  InvalidEscrowError,
  InvalidSignatureError,
  NoVouchersProvidedError,
  TransferFailedError,
  VoucherExpiredError,
  authorizeSigner,
  buildGroups,
  collect,
  collectBatch,
  collectMany,
  depositTo,
  getVoucherCollected,
  hashVoucher,
  isVoucherSignatureValid,
  parseBatch,
  parseVoucherEscrowEvents,
  revokeSigner,
  signMessage,
  signVoucher,
  simulateCollect,
  simulateGroup,
  toWideRow,
  verifyVoucherOnChain,
  voucherDomain,
  type Voucher,
} from "x402-escrow/voucher";
import { ARACHNID_PROXY, USDC } from "../base/addresses.ts";
import { usdcAbi } from "../base/usdcAbi.ts";
import { actors, testAccount } from "../helpers/actors.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { DAY, FUNDS, LANE, useClient } from "./clientSetup.ts";

const { buyer, otherBuyer, seller, otherSeller, signer, stranger } = actors;
const AMOUNT = 1_000_000n;

/** A client of a node that does not answer. */
const deadClient = createPublicClient({
  transport: custom({ request: () => Promise.reject(new Error("the node is away")) }, { retryCount: 0 }),
});

describe("Client: collection", () => {
  const client = useClient();
  const collectedOf = (id: Hex = zeroHash, payer: Address = buyer.address) =>
    getVoucherCollected(client.base.publicClient, { ...client.account, buyer: payer, id });

  /** Deposits for anybody with the seller, from the other buyer's wallet. */
  const fillFor = (payer: Address, amount = AMOUNT) =>
    client.done(depositTo(client.base.wallets.otherBuyer, { ...client.account, buyer: payer, amount }));

  describe("collect", () => {
    it("pays the seller what the voucher is worth", async () => {
      await client.fillAccount(AMOUNT);
      const signed = await client.signedVoucherOf({ valueAggregate: 600_000n });
      const receipt = await client.done(collect(client.base.wallets.relayer, { escrow: client.escrow, ...signed }));
      expect(await client.balanceOf(seller.address)).to.equal(FUNDS + 600_000n);
      expect(parseBatch({ escrow: client.escrow, logs: receipt.logs }).collections).to.deep.equal([
        { voucherId: zeroHash, buyer: buyer.address, seller: seller.address, asset: USDC, amount: 600_000n },
      ]);
    });

    it("says by its event, not by a failure, that there was nothing to collect", async () => {
      const signed = await client.signedVoucherOf();
      const receipt = await client.done(collect(client.base.wallets.relayer, { escrow: client.escrow, ...signed }));
      const events = parseVoucherEscrowEvents({ escrow: client.escrow, logs: receipt.logs });
      expect(events.map(({ eventName }) => eventName)).to.deep.equal(["VoucherNoCollectableBalance"]);
      expect(parseBatch({ escrow: client.escrow, logs: receipt.logs }).collections).to.deep.equal([]);
    });

    it("throws VoucherExpiredError, InvalidEscrowError, InvalidChainIdError and InvalidSignatureError", async () => {
      const { base, escrow, now } = client;
      const { relayer } = base.wallets;
      const attempt = async (changes: Partial<Voucher>, by = buyer) => {
        const voucher = client.voucherOf(changes);
        return collect(relayer, { escrow, voucher, signature: await signVoucher(by, voucher) });
      };
      const expired = await rejectedWith(attempt({ expiry: now - 1n }), VoucherExpiredError);
      expect(expired.args).to.include({ voucherId: zeroHash, expiry: now - 1n });
      const elsewhere = await rejectedWith(attempt({ escrow: stranger.address }), InvalidEscrowError);
      expect(elsewhere.args).to.deep.equal({ escrow: stranger.address, expected: escrow });
      const { args } = await rejectedWith(attempt({ chainId: 1n }), InvalidChainIdError);
      expect(args).to.deep.equal({ chainId: 1n, expected: 8453n });
      const forged = await rejectedWith(attempt({ id: LANE }, stranger), InvalidSignatureError);
      expect(forged.args).to.deep.equal({ voucherId: LANE, buyer: buyer.address });
    });

    it("throws TransferFailedError when the token refuses the seller", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      await blacklist(seller.address);
      const error = await rejectedWith(
        collect(base.wallets.relayer, { escrow, ...(await client.signedVoucherOf()) }),
        TransferFailedError,
      );
      expect(error.args).to.deep.equal({ asset: USDC, to: seller.address, amount: AMOUNT });
    });
  });

  describe("collectMany", () => {
    it("collects one voucher after the other", async () => {
      await client.fillAccount(AMOUNT);
      const vouchers = [
        await client.signedVoucherOf({ valueAggregate: 100n }),
        await client.signedVoucherOf({ valueAggregate: 30n, id: LANE }),
      ];
      const { relayer } = client.base.wallets;
      await client.done(collectMany(relayer, { escrow: client.escrow, vouchers }));
      expect(await client.balanceOf(seller.address)).to.equal(FUNDS + 130n);
    });

    it("throws NoVouchersProvidedError, and the error of one voucher for all", async () => {
      const { base, escrow } = client;
      await rejectedWith(collectMany(base.wallets.relayer, { escrow, vouchers: [] }), NoVouchersProvidedError);
      const bad = {
        ...(await client.signedVoucherOf()),
        signature: (await client.signedVoucherOf({ nonce: 1n })).signature,
      };
      const vouchers = [await client.signedVoucherOf(), bad];
      await rejectedWith(collectMany(base.wallets.relayer, { escrow, vouchers }), InvalidSignatureError);
    });
  });

  describe("collectBatch", () => {
    it("collects rows and wide rows of many buyers by one payment, and tells all of it", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      await fillFor(otherBuyer.address);
      const other = client.voucherOf({ buyer: otherBuyer.address, valueAggregate: 70n });
      const groups = buildGroups([
        await client.signedVoucherOf({ valueAggregate: 500n }),
        { voucher: other, signature: await signVoucher(otherBuyer, other), total: 60n },
        await client.signedVoucherOf({ valueAggregate: 9n, id: LANE }),
        await client.signedVoucherOf({ valueAggregate: 400n, nonce: 1n }),
      ]);
      const receipt = await client.done(collectBatch(base.wallets.relayer, { escrow, groups }));

      const place = { seller: seller.address, asset: USDC };
      const rows = [
        { buyer: buyer.address, amount: 500n },
        { buyer: otherBuyer.address, amount: 60n },
      ];
      expect(parseBatch({ escrow, logs: receipt.logs })).to.deep.equal({
        groups: [{ ...place, paid: 569n, rows }],
        collections: [
          ...rows.map((row) => ({ ...place, ...row, voucherId: zeroHash })),
          { ...place, buyer: buyer.address, amount: 9n, voucherId: LANE },
        ],
        skipped: [{ ...place, buyer: buyer.address, voucherId: zeroHash, reason: "AlreadyCollected" }],
        failed: [],
      });
      expect(await client.balanceOf(seller.address)).to.equal(FUNDS + 569n);
      expect(await collectedOf()).to.equal(500n);
      expect(await collectedOf(LANE)).to.equal(9n);
    });

    it("names the reason of every voucher it skips", async () => {
      const { base, escrow, now } = client;
      await client.fillAccount(AMOUNT);
      const stray = await client.signedVoucherOf();
      const poor = client.voucherOf({ buyer: stranger.address });
      const [group] = buildGroups([
        { ...stray, voucher: client.voucherOf({ nonce: 5n }) },
        await client.signedVoucherOf({ expiry: now - 1n }),
        { ...stray, total: AMOUNT + 1n },
        { voucher: poor, signature: await signVoucher(stranger, poor) },
      ]);
      if (group === undefined) throw new Error("There is no group");
      const elsewhere = toWideRow(await client.signedVoucherOf({ seller: otherSeller.address }));
      const groups = [{ ...group, wide: [...group.wide, elsewhere] }];
      const receipt = await client.done(collectBatch(base.wallets.relayer, { escrow, groups }));
      const { skipped } = parseBatch({ escrow, logs: receipt.logs });
      expect(skipped.map(({ reason }) => reason)).to.deep.equal([
        "BadSignature",
        "Expired",
        "AboveCeiling",
        "NoBalance",
        "BadParties",
      ]);
    });

    it("names the error of a group that cannot be paid, and pays the others", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      await client.done(
        depositTo(base.wallets.buyer, {
          ...client.account,
          seller: otherSeller.address,
          buyer: buyer.address,
          amount: AMOUNT,
        }),
      );
      await blacklist(seller.address);
      const groups = buildGroups([
        await client.signedVoucherOf(),
        await client.signedVoucherOf({ seller: otherSeller.address }),
      ]);
      const receipt = await client.done(collectBatch(base.wallets.relayer, { escrow, groups }));
      const result = parseBatch({ escrow, logs: receipt.logs });
      expect(result.groups.map(({ seller: paid }) => paid)).to.deep.equal([otherSeller.address]);
      expect(result.failed).to.have.lengthOf(1);
      expect(result.failed[0]).to.include({ seller: seller.address, errorName: "TransferFailed" });
      expect(await client.balanceOf(otherSeller.address)).to.equal(AMOUNT);
    });

    it("gives enough gas that no group is skipped for want of it, even if the node estimates no more than is used", async () => {
      const { base, escrow } = client;
      const { relayer } = base.wallets;
      await client.fillAccount(AMOUNT);
      const lanes = Array.from({ length: 30 }, (_, index) => toHex(index + 1, { size: 32 }));
      const vouchers = await Promise.all(lanes.map((id) => client.signedVoucherOf({ id, valueAggregate: 1n })));
      const groups = buildGroups(vouchers);
      const { restore } = await base.networkHelpers.takeSnapshot();
      const { gasUsed } = await client.done(collectBatch(relayer, { escrow, groups, gas: 5_000_000n }));
      await restore();

      const starved = await client.done(collectBatch(relayer, { escrow, groups, gas: gasUsed }));
      const { failed } = parseBatch({ escrow, logs: starved.logs });
      expect(failed, "so much is too little").to.have.lengthOf(1);
      expect(failed[0]).to.include({ selector: "0x00000000", errorName: undefined });
      await restore();

      const frugal = relayer.extend(() => ({ estimateContractGas: async () => gasUsed }));
      const receipt = await client.done(collectBatch(frugal, { escrow, groups }));
      expect(parseBatch({ escrow, logs: receipt.logs }).collections).to.have.lengthOf(30);
    });

    it("throws NoVouchersProvidedError", async () => {
      const { base, escrow } = client;
      await rejectedWith(collectBatch(base.wallets.relayer, { escrow, groups: [] }), NoVouchersProvidedError);
    });

    it("does not believe events of another contract", async () => {
      await client.fillAccount(AMOUNT);
      const groups = buildGroups([await client.signedVoucherOf()]);
      const { logs } = await client.done(collectBatch(client.base.wallets.relayer, { escrow: client.escrow, groups }));
      const empty = { groups: [], collections: [], skipped: [], failed: [] };
      expect(parseBatch({ escrow: stranger.address, logs })).to.deep.equal(empty);
      const forged = logs.map((log) => ({ ...log, address: USDC }));
      expect(parseBatch({ escrow: client.escrow, logs: forged })).to.deep.equal(empty);
    });
  });

  describe("simulateCollect and simulateGroup", () => {
    it("say what a collection would pay, and send nothing", async () => {
      const { base, escrow } = client;
      await client.fillAccount(400_000n);
      const signed = await client.signedVoucherOf();
      const block = await base.publicClient.getBlockNumber();
      expect(await simulateCollect(base.publicClient, { escrow, ...signed })).to.deep.equal({
        outstanding: AMOUNT,
        collectable: 400_000n,
      });
      for (const group of buildGroups([signed])) await simulateGroup(base.publicClient, { escrow, group });
      expect(await base.publicClient.getBlockNumber()).to.equal(block);
      expect(await collectedOf()).to.equal(0n);
    });

    it("throw what the call would revert with", async () => {
      const { base, escrow } = client;
      await client.fillAccount(AMOUNT);
      const signed = await client.signedVoucherOf();
      const forged = { ...signed, signature: await signVoucher(stranger, signed.voucher) };
      await rejectedWith(simulateCollect(base.publicClient, { escrow, ...forged }), InvalidSignatureError);
      const [group] = buildGroups([signed]);
      if (group === undefined) throw new Error("There is no group");
      const nowhere = { ...group, asset: escrow };
      await rejectedWith(simulateGroup(base.publicClient, { escrow, group: nowhere }), InvalidAssetError);
      await blacklist(seller.address);
      await rejectedWith(simulateGroup(base.publicClient, { escrow, group }), TransferFailedError);
    });
  });

  describe("contract wallets", () => {
    it("are verified and paid for by ERC-1271, in the wide form", async () => {
      const { base, escrow, here } = client;
      const { wallet } = await deployWallet();
      await fillFor(wallet);
      const voucher = client.voucherOf({ buyer: wallet });
      const signature = await signVoucher(buyer, voucher);
      const verified = await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature });
      expect(verified).to.deep.equal({ isValid: true, signature, signedBy: "contract", deployment: undefined });
      if (!verified.isValid) throw new Error("It is valid");
      const groups = buildGroups([{ voucher, signature, signedBy: verified.signedBy }]);
      expect(groups[0]?.wide).to.have.lengthOf(1);
      const receipt = await client.done(collectBatch(base.wallets.relayer, { escrow, groups }));
      expect(parseBatch({ escrow, logs: receipt.logs }).collections).to.have.lengthOf(1);
      expect(await collectedOf(zeroHash, wallet)).to.equal(AMOUNT);
    });

    it("are refused for a signature of another key", async () => {
      const { base, here } = client;
      const { wallet } = await deployWallet();
      const voucher = client.voucherOf({ buyer: wallet });
      const signature = await signVoucher(stranger, voucher);
      const result = await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature });
      expect(result).to.deep.equal({ isValid: false });
    });

    it("are verified by ERC-6492 before they are deployed, and paid for afterwards", async () => {
      const { base, escrow, here } = client;
      const { wallet, deployment } = await predictWallet();
      await fillFor(wallet);
      const voucher = client.voucherOf({ buyer: wallet });
      const signature = await signVoucher(buyer, voucher);
      const { factory: address, factoryData: data } = deployment;
      const wrapped = serializeErc6492Signature({ address, data, signature });

      const early = await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature: wrapped });
      expect(early).to.deep.equal({ isValid: true, signature, signedBy: "contract", deployment });
      expect(await base.publicClient.getCode({ address: wallet })).to.equal(undefined);
      await rejectedWith(collect(base.wallets.relayer, { escrow, voucher, signature }), InvalidSignatureError);

      await client.done(base.wallets.relayer.sendTransaction({ to: address, data }));
      const late = await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature: wrapped });
      expect(late).to.deep.equal({ isValid: true, signature, signedBy: "contract", deployment: undefined });
      await client.done(collect(base.wallets.relayer, { escrow, voucher, signature }));
      expect(await collectedOf(zeroHash, wallet)).to.equal(AMOUNT);
    });

    it("are refused by ERC-6492 when the wallet would not accept the signature", async () => {
      const { base, here } = client;
      const { wallet, deployment } = await predictWallet();
      const voucher = client.voucherOf({ buyer: wallet });
      const { factory: address, factoryData: data } = deployment;
      const inner = await signVoucher(stranger, voucher);
      const signature = serializeErc6492Signature({ address, data, signature: inner });
      const result = await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature });
      expect(result).to.deep.equal({ isValid: false });
    });
  });

  describe("verifyVoucherOnChain for keys", () => {
    it("accepts the buyer's key without asking the node", async () => {
      const signed = await client.signedVoucherOf();
      const result = await verifyVoucherOnChain(deadClient, { ...client.here, ...signed });
      expect(result).to.deep.equal({
        isValid: true,
        signature: signed.signature,
        signedBy: "key",
        deployment: undefined,
      });
    });

    it("accepts a signer of the buyer until it ends", async () => {
      const { base, escrow, here, expiry } = client;
      const voucher = client.voucherOf();
      const signature = await signVoucher(signer, voucher);
      const verify = () => verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature });
      expect(await verify()).to.deep.equal({ isValid: false });
      await client.done(authorizeSigner(base.wallets.buyer, { escrow, signer: signer.address, validUntil: expiry }));
      expect(await verify()).to.include({ isValid: true, signedBy: "key" });
      await client.done(revokeSigner(base.wallets.buyer, { escrow, signer: signer.address }));
      await base.networkHelpers.time.increase(DAY - 10n);
      expect(await verify()).to.include({ isValid: true });
      await base.networkHelpers.time.increase(11n);
      expect(await verify()).to.deep.equal({ isValid: false });
    });

    it("refuses a voucher that names another escrow or chain, whatever it is signed for", async () => {
      const { base, escrow, here, expiry } = client;
      await client.done(authorizeSigner(base.wallets.buyer, { escrow, signer: signer.address, validUntil: expiry }));
      for (const changes of [{ chainId: 1n }, { escrow: stranger.address }]) {
        const signed = await client.signedVoucherOf(changes);
        expect(await verifyVoucherOnChain(base.publicClient, { ...here, ...signed })).to.deep.equal({ isValid: false });
        // Signed under our domain, so that only the member is wrong: the contract's view would say yes.
        const { voucher } = signed;
        const signature = await signMessage(signer, "Voucher", { ...here, message: voucher });
        expect(await isVoucherSignatureValid(base.publicClient, { escrow, voucher, signature })).to.equal(true);
        const result = await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature });
        expect(result).to.deep.equal({ isValid: false });
      }
    });

    it("throws when the node cannot be asked, instead of refusing", async () => {
      const { signature } = await client.signedVoucherOf();
      const voucher = client.voucherOf({ buyer: stranger.address });
      const error = await rejectedWith(
        verifyVoucherOnChain(deadClient, { ...client.here, voucher, signature }),
        BaseError,
      );
      expect(error.details).to.equal("the node is away");
    });
  });

  it("hashes as the contract does: a digest signed raw is a voucher's signature", async () => {
    const { base, here } = client;
    const voucher = client.voucherOf({ id: LANE });
    const { digest } = hashVoucher(voucher, voucherDomain(here));
    const signature = await testAccount(2).sign({ hash: digest });
    expect(await verifyVoucherOnChain(base.publicClient, { ...here, voucher, signature })).to.include({
      isValid: true,
    });
  });

  async function blacklist(account: Address): Promise<void> {
    const wallet = client.base.wallets.usdcBlacklister;
    const call = { abi: usdcAbi, address: USDC, functionName: "blacklist", args: [account] } as const;
    await client.done(wallet.writeContract(call));
  }

  /** Where the Arachnid proxy puts the buyer's contract wallet. */
  async function predictWallet() {
    const { abi, bytecode } = await artifacts.readArtifact("OwnedWallet");
    const code = encodeDeployData({ abi, bytecode: bytecode as Hex, args: [buyer.address] });
    const salt = keccak256("0x01");
    const wallet = getContractAddress({ opcode: "CREATE2", from: ARACHNID_PROXY, salt, bytecode: code });
    return { wallet, deployment: { factory: ARACHNID_PROXY, factoryData: concat([salt, code]) } };
  }

  async function deployWallet() {
    const { wallet, deployment } = await predictWallet();
    const { factory: to, factoryData: data } = deployment;
    await client.done(client.base.wallets.relayer.sendTransaction({ to, data }));
    return { wallet };
  }
});
