import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { erc20Abi, zeroHash } from "viem";
// #region README
import { collect, depositWithEip3009, randomNonce, signDepositEip3009, signVoucher } from "x402-escrow/voucher";
// #endregion
import { USDC } from "../base/addresses.ts";
import { connectBase } from "../helpers/base.ts";
import { mined } from "../helpers/mined.ts";
import { deployVoucherEscrow } from "../helpers/voucherEscrow.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

describe("README", () => {
  it("names only commands that exist", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: object };
    for (const document of ["README.md", "CONTRIBUTING.md"]) {
      const named = [...textOf(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name);
      expect(named).not.to.deep.equal([]);
      expect(scripts).to.include.all.keys(...named);
    }
  });

  it("shows an example that works", async () => {
    const base = await connectBase();
    const escrow = await deployVoucherEscrow(base);
    const { publicClient } = base;
    const [buyer, relayer] = [base.actors.buyer, base.wallets.relayer];
    const account = { buyer: buyer.address, seller: base.actors.seller.address, asset: USDC };
    await base.fundUsdc(buyer.address, 5_000_000n);
    const { timestamp: now } = await publicClient.getBlock();
    const nextWeek = now + 604_800n;

    // #region README
    // Once: the buyer deposits 5 USDC for a seller, by one signature. A relayer pays the gas.
    const authorization = { ...account, amount: 5_000_000n, nonce: randomNonce(), expiry: nextWeek };
    const token = { name: "USD Coin", version: "2" };
    const permission = await signDepositEip3009(buyer, { chainId: 8453, escrow, authorization, token });
    const deposit = await depositWithEip3009(relayer, { escrow, authorization, signature: permission });

    // Every request: the next voucher with a higher total, here 0.001 USDC a request. No transaction, no block.
    const lane = { ...account, id: zeroHash, escrow, chainId: 8453n, expiry: nextWeek };
    const voucher = { ...lane, valueAggregate: 3_000n, nonce: 2n, timestamp: now };
    const signature = await signVoucher(buyer, voucher);

    // When it is worth the gas: the seller, or anyone for it.
    const hash = await collect(relayer, { escrow, voucher, signature });
    // #endregion

    for (const transaction of [deposit, hash]) await mined(publicClient, transaction);
    const balanceOf = { address: USDC, abi: erc20Abi, functionName: "balanceOf" } as const;
    expect(await publicClient.readContract({ ...balanceOf, args: [account.seller] })).to.equal(3_000n);
    expect(await publicClient.readContract({ ...balanceOf, args: [escrow] })).to.equal(4_997_000n);
    await base.close();
  });
});
