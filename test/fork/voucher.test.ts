import { expect } from "chai";
import { hashStruct, keccak256, maxUint256, stringToHex, zeroHash, type Address, type Hex } from "viem";
import { erc20Abi, voucherEscrowAbi } from "../../client/abi/index.ts";
import { eip3009Types, permit2Types, voucherDomain, voucherTypes } from "../../client/voucher/typedData.ts";
import type { DepositAuthorization, Voucher } from "../../client/voucher/types.ts";
import { BASE_CHAIN_ID, PERMIT2, USDC } from "../base/addresses.ts";
import { USDC_DOMAIN } from "../base/usdc.ts";
import type { Base } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";
import { ensureVoucherEscrow } from "./escrow.ts";
import { describeFork } from "./fork.ts";

const DEPOSIT = 10_000_000n;
const PRICE = 3_000_000n;

describeFork("VoucherEscrow on the forked Base", (connect) => {
  let base: Base;
  let address: Address;
  let expiry: bigint;

  beforeEach(async () => {
    base = await connect();
    address = await ensureVoucherEscrow(base);
    expiry = (await base.publicClient.getBlock()).timestamp + 3_600n;
    await base.fundUsdc(base.actors.buyer.address, DEPOSIT);
  });

  const escrow = () => ({ address, abi: voucherEscrowAbi }) as const;
  const usdcOf = (account: Address) =>
    base.publicClient.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [account] });
  const balances = async () => ({
    buyer: await usdcOf(base.actors.buyer.address),
    seller: await usdcOf(base.actors.seller.address),
    escrow: await usdcOf(address),
  });

  const authorization = (): DepositAuthorization => ({
    buyer: base.actors.buyer.address,
    seller: base.actors.seller.address,
    asset: USDC,
    amount: DEPOSIT,
    nonce: keccak256(stringToHex("deposit")),
    expiry,
  });

  const depositHash = (data: DepositAuthorization) =>
    hashStruct({ data, primaryType: "DepositAuthorization", types: voucherTypes });

  const depositByEip3009 = async () => {
    const deposit = authorization();
    const signature = await base.actors.buyer.signTypedData({
      domain: USDC_DOMAIN,
      types: eip3009Types,
      primaryType: "ReceiveWithAuthorization",
      message: {
        from: deposit.buyer,
        to: address,
        value: deposit.amount,
        validAfter: 0n,
        validBefore: deposit.expiry + 1n,
        nonce: depositHash(deposit),
      },
    });
    const call = { ...escrow(), functionName: "depositWithEip3009", args: [deposit, signature] } as const;
    await mined(base.publicClient, await base.wallets.relayer.writeContract(call));
  };

  const collect = async () => {
    const voucher: Voucher = {
      id: zeroHash,
      buyer: base.actors.buyer.address,
      seller: base.actors.seller.address,
      valueAggregate: PRICE,
      asset: USDC,
      timestamp: expiry - 3_600n,
      nonce: 0n,
      escrow: address,
      chainId: BigInt(BASE_CHAIN_ID),
      expiry,
    };
    const signature: Hex = await base.actors.buyer.signTypedData({
      domain: voucherDomain({ chainId: BASE_CHAIN_ID, escrow: address }),
      types: voucherTypes,
      primaryType: "Voucher",
      message: voucher,
    });
    const call = { ...escrow(), functionName: "collect", args: [voucher, signature] } as const;
    await mined(base.publicClient, await base.wallets.relayer.writeContract(call));
  };

  it("takes a deposit by the token's own EIP-3009, pays the seller, and lets the buyer withdraw the rest", async () => {
    const { buyer, seller } = base.actors;
    await depositByEip3009();
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: 0n, escrow: DEPOSIT });

    await collect();
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: PRICE, escrow: DEPOSIT - PRICE });

    const rest = DEPOSIT - PRICE;
    const thaw = { ...escrow(), functionName: "thaw", args: [seller.address, USDC, rest] } as const;
    await mined(base.publicClient, await base.wallets.buyer.writeContract(thaw));
    const period = await base.publicClient.readContract({ ...escrow(), functionName: "THAWING_PERIOD" });
    await base.networkHelpers.time.increase(period);
    const withdraw = { ...escrow(), functionName: "withdraw", args: [seller.address, USDC] } as const;
    await mined(base.publicClient, await base.wallets.buyer.writeContract(withdraw));
    expect(await balances()).to.deep.equal({ buyer: rest, seller: PRICE, escrow: 0n });

    const account = { ...escrow(), functionName: "getAccount", args: [buyer.address, seller.address, USDC] } as const;
    expect((await base.publicClient.readContract(account)).balance).to.equal(0n);
  });

  it("takes a deposit through the chain's Permit2", async () => {
    const approval = { address: USDC, abi: erc20Abi, functionName: "approve", args: [PERMIT2, maxUint256] } as const;
    await mined(base.publicClient, await base.wallets.buyer.writeContract(approval));
    const deposit = authorization();
    const signature = await base.actors.buyer.signTypedData({
      domain: { name: "Permit2", chainId: BASE_CHAIN_ID, verifyingContract: PERMIT2 },
      types: permit2Types,
      primaryType: "PermitWitnessTransferFrom",
      message: {
        permitted: { token: USDC, amount: deposit.amount },
        spender: address,
        nonce: BigInt(depositHash(deposit)),
        deadline: deposit.expiry,
        witness: deposit,
      },
    });
    const call = { ...escrow(), functionName: "depositWithPermit2", args: [deposit, signature] } as const;
    await mined(base.publicClient, await base.wallets.relayer.writeContract(call));
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: 0n, escrow: DEPOSIT });

    await collect();
    expect(await balances()).to.deep.equal({ buyer: 0n, seller: PRICE, escrow: DEPOSIT - PRICE });
  });
});
