import { expect } from "chai";
import { maxUint256, zeroHash, type Address } from "viem";
import { connectBase, type Base, type Wallet } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";
import { signReceiveAuthorization } from "../helpers/usdcSignatures.ts";
import { USDC } from "./addresses.ts";
import { usdcAbi } from "./usdcAbi.ts";

const usdc = { address: USDC, abi: usdcAbi } as const;

describe("USDC's keepers on the local Base", () => {
  let base: Base;

  beforeEach(async () => {
    base = await connectBase();
    await base.fundUsdc(base.actors.buyer.address, 1_000_000n);
  });

  const pay = (wallet: Wallet, to: Address) =>
    wallet.writeContract({ ...usdc, functionName: "transfer", args: [to, 1n] });

  const blacklist = async (account: Address) => {
    const call = { ...usdc, functionName: "blacklist", args: [account] } as const;
    await mined(base.publicClient, await base.wallets.usdcBlacklister.writeContract(call));
  };

  it("pause and unpause every transfer", async () => {
    const { usdcPauser, buyer } = base.wallets;
    await mined(base.publicClient, await usdcPauser.writeContract({ ...usdc, functionName: "pause" }));
    await base.viem.assertions.revertWith(pay(buyer, base.actors.seller.address), "Pausable: paused");
    await mined(base.publicClient, await usdcPauser.writeContract({ ...usdc, functionName: "unpause" }));
    await mined(base.publicClient, await pay(buyer, base.actors.seller.address));
  });

  it("blacklist a payer", async () => {
    await blacklist(base.actors.buyer.address);
    await base.viem.assertions.revertWith(
      pay(base.wallets.buyer, base.actors.seller.address),
      "Blacklistable: account is blacklisted",
    );
  });

  it("blacklist a payee, and take it off the list", async () => {
    const seller = base.actors.seller.address;
    await blacklist(seller);
    await base.viem.assertions.revertWith(pay(base.wallets.buyer, seller), "Blacklistable: account is blacklisted");
    const call = { ...usdc, functionName: "unBlacklist", args: [seller] } as const;
    await mined(base.publicClient, await base.wallets.usdcBlacklister.writeContract(call));
    await mined(base.publicClient, await pay(base.wallets.buyer, seller));
  });

  it("stop signed payments of a blacklisted payer too", async () => {
    const { buyer, seller } = base.actors;
    const message = {
      from: buyer.address,
      to: seller.address,
      value: 1n,
      validAfter: 0n,
      validBefore: maxUint256,
      nonce: zeroHash,
    };
    const signature = await signReceiveAuthorization(buyer, message);
    await blacklist(buyer.address);
    await base.viem.assertions.revertWith(
      base.wallets.seller.writeContract({
        ...usdc,
        functionName: "receiveWithAuthorization",
        args: [
          message.from,
          message.to,
          message.value,
          message.validAfter,
          message.validBefore,
          message.nonce,
          signature,
        ],
      }),
      "Blacklistable: account is blacklisted",
    );
  });

  it("mint only what the minter makes", async () => {
    const supply = () => base.publicClient.readContract({ ...usdc, functionName: "totalSupply" });
    expect(await supply()).to.equal(1_000_000n);
    await base.viem.assertions.revertWith(
      base.wallets.stranger.writeContract({ ...usdc, functionName: "mint", args: [base.actors.stranger.address, 1n] }),
      "FiatToken: caller is not a minter",
    );
    expect(await supply()).to.equal(1_000_000n);
  });
});
