import { expect } from "chai";
import { erc20Abi, keccak256, maxUint256, stringToHex, zeroHash, type Address, type Hash } from "viem";
import {
  buildGroups,
  collect,
  collectBatch,
  depositWithEip3009,
  depositWithPermit2,
  getAccount,
  getThawingPeriod,
  signDepositEip3009,
  signDepositPermit2,
  signVoucher,
  thaw,
  withdraw,
  type DepositAuthorization,
  type Voucher,
} from "../../client/voucher/index.ts";
import { BASE_CHAIN_ID, PERMIT2, USDC } from "../base/addresses.ts";
import type { Base } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";
import { ensureVoucherEscrow } from "./escrow.ts";
import { describeFork } from "./fork.ts";

const DEPOSIT = 10_000_000n;
const PRICE = 3_000_000n;

describeFork("VoucherEscrow on the forked Base", (connect) => {
  let base: Base;
  let escrow: Address;
  let expiry: bigint;

  beforeEach(async () => {
    base = await connect();
    escrow = await ensureVoucherEscrow(base);
    expiry = (await base.publicClient.getBlock()).timestamp + 3_600n;
    await base.fundUsdc(base.actors.buyer.address, DEPOSIT);
  });

  const done = async (hash: Promise<Hash>) => mined(base.publicClient, await hash);
  const usdcOf = (account: Address) =>
    base.publicClient.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [account] });
  const balances = async () => ({
    buyer: await usdcOf(base.actors.buyer.address),
    seller: await usdcOf(base.actors.seller.address),
    escrow: await usdcOf(escrow),
  });

  const authorization = (): DepositAuthorization => ({
    buyer: base.actors.buyer.address,
    seller: base.actors.seller.address,
    asset: USDC,
    amount: DEPOSIT,
    nonce: keccak256(stringToHex("deposit")),
    expiry,
  });

  const signedVoucher = async () => {
    const voucher: Voucher = {
      id: zeroHash,
      buyer: base.actors.buyer.address,
      seller: base.actors.seller.address,
      valueAggregate: PRICE,
      asset: USDC,
      timestamp: expiry - 3_600n,
      nonce: 0n,
      escrow,
      chainId: BigInt(BASE_CHAIN_ID),
      expiry,
    };
    return { voucher, signature: await signVoucher(base.actors.buyer, voucher) };
  };

  const depositByEip3009 = async () => {
    const deposit = { chainId: BASE_CHAIN_ID, escrow, authorization: authorization() };
    const token = { name: "USD Coin", version: "2" };
    const signature = await signDepositEip3009(base.actors.buyer, { ...deposit, token });
    await done(depositWithEip3009(base.wallets.relayer, { ...deposit, signature }));
  };

  it("takes a deposit by the token's own EIP-3009, pays the seller, and lets the buyer withdraw the rest", async () => {
    const account = { escrow, buyer: base.actors.buyer.address, seller: base.actors.seller.address, asset: USDC };
    const rest = DEPOSIT - PRICE;
    await depositByEip3009();
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: 0n, escrow: DEPOSIT });

    await done(collect(base.wallets.relayer, { escrow, ...(await signedVoucher()) }));
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: PRICE, escrow: rest });

    await done(thaw(base.wallets.buyer, { ...account, amount: rest }));
    await base.networkHelpers.time.increase(await getThawingPeriod(base.publicClient, { escrow }));
    await done(withdraw(base.wallets.buyer, account));
    expect(await balances()).to.deep.equal({ buyer: rest, seller: PRICE, escrow: 0n });
    expect((await getAccount(base.publicClient, account)).balance).to.equal(0n);
  });

  it("takes a deposit through the chain's Permit2", async () => {
    const approval = { address: USDC, abi: erc20Abi, functionName: "approve", args: [PERMIT2, maxUint256] } as const;
    await done(base.wallets.buyer.writeContract(approval));
    const deposit = { chainId: BASE_CHAIN_ID, escrow, authorization: authorization() };
    const signature = await signDepositPermit2(base.actors.buyer, deposit);
    await done(depositWithPermit2(base.wallets.relayer, { ...deposit, signature }));
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: 0n, escrow: DEPOSIT });
  });

  it("collects a compact batch in one payment", async () => {
    await depositByEip3009();
    const groups = buildGroups([await signedVoucher()]);
    expect(groups[0]?.rows).to.have.length(1);
    await done(collectBatch(base.wallets.relayer, { escrow, groups }));
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: PRICE, escrow: DEPOSIT - PRICE });
  });
});
