import { expect } from "chai";
import { maxUint256, parseSignature, zeroHash, type Hex } from "viem";
import type { Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import {
  signPermit,
  signReceiveAuthorization,
  signTransferAuthorization,
  type UsdcAuthorization,
} from "../../helpers/usdcSignatures.ts";
import { USDC } from "../addresses.ts";
import { USDC_DOMAIN_SEPARATOR } from "../usdc.ts";
import { usdcAbi } from "../usdcAbi.ts";

const usdc = { address: USDC, abi: usdcAbi } as const;

/** What every holder of USDC may rely on, wherever the token came from. */
export function usdcSuite(connect: () => Promise<Base>): void {
  describe("USDC", () => {
    let base: Base;

    beforeEach(async () => {
      base = await connect();
      await base.fundUsdc(base.actors.buyer.address, 1_000_000n);
    });

    const balanceOf = (account: Hex) =>
      base.publicClient.readContract({ ...usdc, functionName: "balanceOf", args: [account] });

    const authorization = (change: Partial<UsdcAuthorization> = {}): UsdcAuthorization => ({
      from: base.actors.buyer.address,
      to: base.actors.seller.address,
      value: 400_000n,
      validAfter: 0n,
      validBefore: maxUint256,
      nonce: zeroHash,
      ...change,
    });

    const values = ({ from, to, value, validAfter, validBefore, nonce }: UsdcAuthorization) =>
      [from, to, value, validAfter, validBefore, nonce] as const;

    const parts = (signature: Hex) => {
      const { r, s, yParity } = parseSignature(signature);
      return [27 + yParity, r, s] as const;
    };

    const expectPaid = async () => {
      expect(await balanceOf(base.actors.buyer.address)).to.equal(600_000n);
      expect(await balanceOf(base.actors.seller.address)).to.equal(400_000n);
      const used = await base.publicClient.readContract({
        ...usdc,
        functionName: "authorizationState",
        args: [base.actors.buyer.address, zeroHash],
      });
      expect(used).to.equal(true);
    };

    it("has the name, version, decimals and EIP-712 domain of USDC on Base", async () => {
      const read = (functionName: "name" | "symbol" | "version" | "decimals" | "DOMAIN_SEPARATOR") =>
        base.publicClient.readContract({ ...usdc, functionName });
      expect(await read("name")).to.equal("USD Coin");
      expect(await read("symbol")).to.equal("USDC");
      expect(await read("version")).to.equal("2");
      expect(await read("decimals")).to.equal(6);
      expect(await read("DOMAIN_SEPARATOR")).to.equal(USDC_DOMAIN_SEPARATOR);
    });

    it("transfers by an EIP-3009 authorization signed as v, r, s", async () => {
      const message = authorization();
      const signature = parts(await signTransferAuthorization(base.actors.buyer, message));
      const hash = await base.wallets.relayer.writeContract({
        ...usdc,
        functionName: "transferWithAuthorization",
        args: [...values(message), ...signature],
      });
      await mined(base.publicClient, hash);
      await expectPaid();
    });

    it("transfers by an EIP-3009 authorization signed as bytes", async () => {
      const message = authorization();
      const signature = await signTransferAuthorization(base.actors.buyer, message);
      const hash = await base.wallets.relayer.writeContract({
        ...usdc,
        functionName: "transferWithAuthorization",
        args: [...values(message), signature],
      });
      await mined(base.publicClient, hash);
      await expectPaid();
    });

    it("lets the payee receive by an EIP-3009 authorization signed as v, r, s", async () => {
      const message = authorization();
      const signature = parts(await signReceiveAuthorization(base.actors.buyer, message));
      const hash = await base.wallets.seller.writeContract({
        ...usdc,
        functionName: "receiveWithAuthorization",
        args: [...values(message), ...signature],
      });
      await mined(base.publicClient, hash);
      await expectPaid();
    });

    it("lets the payee receive by an EIP-3009 authorization signed as bytes", async () => {
      const message = authorization();
      const signature = await signReceiveAuthorization(base.actors.buyer, message);
      const hash = await base.wallets.seller.writeContract({
        ...usdc,
        functionName: "receiveWithAuthorization",
        args: [...values(message), signature],
      });
      await mined(base.publicClient, hash);
      await expectPaid();
    });

    it("refuses a receive authorization from anybody but the payee", async () => {
      const message = authorization();
      const signature = await signReceiveAuthorization(base.actors.buyer, message);
      await base.viem.assertions.revertWith(
        base.wallets.stranger.writeContract({
          ...usdc,
          functionName: "receiveWithAuthorization",
          args: [...values(message), signature],
        }),
        "FiatTokenV2: caller must be the payee",
      );
    });

    it("refuses an authorization that was used", async () => {
      const message = authorization();
      const signature = await signTransferAuthorization(base.actors.buyer, message);
      const submit = () =>
        base.wallets.relayer.writeContract({
          ...usdc,
          functionName: "transferWithAuthorization",
          args: [...values(message), signature],
        });
      await mined(base.publicClient, await submit());
      await base.viem.assertions.revertWith(submit(), "FiatTokenV2: authorization is used or canceled");
    });

    it("refuses an authorization that has expired", async () => {
      const message = authorization({ validBefore: (await base.publicClient.getBlock()).timestamp });
      const signature = await signTransferAuthorization(base.actors.buyer, message);
      await base.viem.assertions.revertWith(
        base.wallets.relayer.writeContract({
          ...usdc,
          functionName: "transferWithAuthorization",
          args: [...values(message), signature],
        }),
        "FiatTokenV2: authorization is expired",
      );
    });

    it("refuses an authorization signed by somebody else", async () => {
      const message = authorization();
      const signature = await signTransferAuthorization(base.actors.stranger, message);
      await base.viem.assertions.revertWith(
        base.wallets.relayer.writeContract({
          ...usdc,
          functionName: "transferWithAuthorization",
          args: [...values(message), signature],
        }),
        "FiatTokenV2: invalid signature",
      );
    });

    for (const form of ["v, r, s", "bytes"] as const) {
      it(`grants an allowance by an EIP-2612 permit signed as ${form}`, async () => {
        const [owner, spender] = [base.actors.buyer.address, base.actors.seller.address] as const;
        const nonce = await base.publicClient.readContract({ ...usdc, functionName: "nonces", args: [owner] });
        const message = { owner, spender, value: 250_000n, nonce, deadline: maxUint256 };
        const signature = await signPermit(base.actors.buyer, message);
        const terms = [owner, spender, message.value, message.deadline] as const;
        const hash = await base.wallets.relayer.writeContract(
          form === "bytes"
            ? { ...usdc, functionName: "permit", args: [...terms, signature] }
            : { ...usdc, functionName: "permit", args: [...terms, ...parts(signature)] },
        );
        await mined(base.publicClient, hash);
        const allowance = await base.publicClient.readContract({
          ...usdc,
          functionName: "allowance",
          args: [owner, spender],
        });
        expect(allowance).to.equal(250_000n);
      });
    }
  });
}
