import { expect } from "chai";
import { maxUint256, parseAbi } from "viem";
import type { Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import { BASE_CHAIN_ID, PERMIT2, USDC } from "../addresses.ts";
import { usdcAbi } from "../usdcAbi.ts";

const permit2 = {
  address: PERMIT2,
  abi: parseAbi([
    "error InvalidNonce()",
    "struct TokenPermissions { address token; uint256 amount; }",
    "struct PermitTransferFrom { TokenPermissions permitted; uint256 nonce; uint256 deadline; }",
    "struct SignatureTransferDetails { address to; uint256 requestedAmount; }",
    "function permitTransferFrom(PermitTransferFrom permit, SignatureTransferDetails transferDetails, address owner, bytes signature)",
  ]),
} as const;

const TYPES = {
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
  PermitTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** What this project relies on in Permit2, wherever it came from. */
export function permit2Suite(connect: () => Promise<Base>): void {
  describe("Permit2", () => {
    it("transfers by a signature once", async () => {
      const base = await connect();
      const { buyer, seller } = base.actors;
      await base.fundUsdc(buyer.address, 1_000_000n);
      const approval = { address: USDC, abi: usdcAbi, functionName: "approve", args: [PERMIT2, maxUint256] } as const;
      await mined(base.publicClient, await base.wallets.buyer.writeContract(approval));

      const permit = { permitted: { token: USDC, amount: 400_000n }, nonce: 7n, deadline: maxUint256 } as const;
      const signature = await buyer.signTypedData({
        domain: { name: "Permit2", chainId: BASE_CHAIN_ID, verifyingContract: PERMIT2 },
        types: TYPES,
        primaryType: "PermitTransferFrom",
        message: { ...permit, spender: seller.address },
      });
      const submit = () =>
        base.wallets.seller.writeContract({
          ...permit2,
          functionName: "permitTransferFrom",
          args: [permit, { to: seller.address, requestedAmount: 400_000n }, buyer.address, signature],
        });
      await mined(base.publicClient, await submit());

      const balance = await base.publicClient.readContract({
        address: USDC,
        abi: usdcAbi,
        functionName: "balanceOf",
        args: [seller.address],
      });
      expect(balance).to.equal(400_000n);
      await base.viem.assertions.revertWithCustomError(submit(), permit2, "InvalidNonce");
    });
  });
}
