import { expect } from "chai";
import { encodeFunctionData, maxUint256, multicall3Abi, parseSignature } from "viem";
import type { Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import { signPermit } from "../../helpers/usdcSignatures.ts";
import { MULTICALL3, USDC } from "../addresses.ts";
import { usdcAbi } from "../usdcAbi.ts";

const usdc = { address: USDC, abi: usdcAbi } as const;

/** What this project relies on in Multicall3, wherever it came from. */
export function multicall3Suite(connect: () => Promise<Base>): void {
  describe("Multicall3", () => {
    it("answers several reads in one call", async () => {
      const base = await connect();
      await base.fundUsdc(base.actors.buyer.address, 5n);
      const results = await base.publicClient.multicall({
        multicallAddress: MULTICALL3,
        allowFailure: false,
        contracts: [
          { ...usdc, functionName: "decimals" },
          { ...usdc, functionName: "balanceOf", args: [base.actors.buyer.address] },
        ],
      });
      expect(results).to.deep.equal([6, 5n]);
    });

    it("runs several calls in one transaction", async () => {
      const base = await connect();
      const { buyer, seller, stranger } = base.actors;
      const nonce = await base.publicClient.readContract({ ...usdc, functionName: "nonces", args: [buyer.address] });
      const permitFor = async (spender: typeof seller, index: bigint) => {
        const message = {
          owner: buyer.address,
          spender: spender.address,
          value: 10n + index,
          nonce: nonce + index,
          deadline: maxUint256,
        };
        const { r, s, yParity } = parseSignature(await signPermit(buyer, message));
        const args = [message.owner, message.spender, message.value, message.deadline, 27 + yParity, r, s] as const;
        const callData = encodeFunctionData({ abi: usdcAbi, functionName: "permit", args });
        return { target: USDC, allowFailure: false, callData };
      };
      const hash = await base.wallets.relayer.writeContract({
        address: MULTICALL3,
        abi: multicall3Abi,
        functionName: "aggregate3",
        args: [[await permitFor(seller, 0n), await permitFor(stranger, 1n)]],
      });
      await mined(base.publicClient, hash);

      for (const [spender, allowance] of [
        [seller, 10n],
        [stranger, 11n],
      ] as const) {
        const args = [buyer.address, spender.address] as const;
        expect(await base.publicClient.readContract({ ...usdc, functionName: "allowance", args })).to.equal(allowance);
      }
    });
  });
}
