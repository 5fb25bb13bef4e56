import { resolveAuthCaptureDeployment } from "@x402/evm";
import { expect } from "chai";
import { keccak256, type Address, type Hash } from "viem";
import { connectBase, type Base } from "../helpers/base.ts";
import { actors } from "../helpers/actors.ts";
import { mined } from "../helpers/mined.ts";
import {
  ARACHNID_PROXY,
  BASE_CHAIN_ID,
  COMMERCE,
  COMMERCE_V1_0,
  CREATEX,
  MULTICALL3,
  PERMIT2,
  USDC,
} from "./addresses.ts";
import { LocalBaseError } from "./errors.ts";
import { installBase } from "./install.ts";
import { CANONICAL_CONTRACTS } from "./names.ts";
import { getCode, setCode } from "./provider.ts";
import { usdcAbi } from "./usdcAbi.ts";

const CODE_HASHES: Record<Address, Hash> = {
  [PERMIT2]: "0xa67739abc3ede9dbdc0491636c67d6a14ac07fab9030c3f509b1eb7b11dff8ed",
  [MULTICALL3]: "0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891",
  [ARACHNID_PROXY]: "0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989",
  [CREATEX]: "0xbd8a7ea8cfca7b4e5f5041d7d4b17bc317c5ce42cfbc42066a00cf26b43eb53f",
};

describe("Installing the local Base", () => {
  let base: Base;

  beforeEach(async () => {
    base = await connectBase();
  });

  it("runs on Base's chain id", async () => {
    expect(await base.publicClient.getChainId()).to.equal(BASE_CHAIN_ID);
  });

  for (const [address, codeHash] of Object.entries(CODE_HASHES) as [Address, Hash][]) {
    it(`puts the canonical code at ${address}`, async () => {
      const code = await base.publicClient.getCode({ address });
      expect(code && keccak256(code)).to.equal(codeHash);
    });
  }

  it("says that it placed everything", () => {
    expect(base.placements.map(({ name, source }) => [name, source])).to.deep.equal(
      CANONICAL_CONTRACTS.map((name) => [name, "placed"]),
    );
  });

  it("keeps what is there when it runs again", async () => {
    await base.fundUsdc(base.actors.buyer.address, 7n);
    const again = await installBase(base.connection.provider, actors);
    expect(again.map(({ source }) => source)).to.deep.equal(CANONICAL_CONTRACTS.map(() => "upstream"));
    const supply = await base.publicClient.readContract({ address: USDC, abi: usdcAbi, functionName: "totalSupply" });
    expect(supply).to.equal(7n);
  });

  it("adds a minter in the name of a master minter that is a contract, as on the public chain", async () => {
    await setCode(base.connection.provider, actors.usdcMasterMinter.address, "0x00");
    await installBase(base.connection.provider, { ...actors, usdcMinter: actors.stranger });
    const call = { address: USDC, abi: usdcAbi, functionName: "mint", args: [actors.buyer.address, 1n] } as const;
    await mined(base.publicClient, await base.wallets.stranger.writeContract(call));
  });

  it("has AuthCaptureEscrow where the SDK's client looks for it", () => {
    for (const commerce of [COMMERCE, COMMERCE_V1_0]) {
      const known = resolveAuthCaptureDeployment(commerce.escrow);
      expect(known?.eip3009Collector).to.equal(commerce.eip3009Collector);
      expect(known?.permit2Collector).to.equal(commerce.permit2Collector);
      expect(known?.operatorRefundCollector).to.equal(commerce.operatorRefundCollector);
    }
  });

  it("places one generation of AuthCaptureEscrow beside the other, which is there", async () => {
    await setCode(base.connection.provider, COMMERCE.escrow, "0x");
    await setCode(base.connection.provider, COMMERCE.permit2Collector, "0x");
    const again = await installBase(base.connection.provider, actors);
    expect(again.filter(({ source }) => source === "placed").map(({ address }) => address)).to.deep.equal([
      COMMERCE.escrow,
      COMMERCE.permit2Collector,
    ]);
  });

  const misplaced: readonly [string, Address, Address][] = [
    ["an escrow of the other generation", COMMERCE.escrow, COMMERCE_V1_0.escrow],
    ["a collector of the other generation", COMMERCE.eip3009Collector, COMMERCE_V1_0.eip3009Collector],
    ["a refund collector for payments", COMMERCE_V1_0.permit2Collector, COMMERCE_V1_0.operatorRefundCollector],
    ["the other generation's token store", COMMERCE_V1_0.tokenStoreImplementation, COMMERCE.tokenStoreImplementation],
    ["something else entirely", COMMERCE_V1_0.escrow, MULTICALL3],
  ];
  for (const [what, address, from] of misplaced) {
    it(`refuses ${what} where AuthCaptureEscrow's contracts belong`, async () => {
      const { provider } = base.connection;
      await setCode(provider, address, await getCode(provider, from));
      const error = await installBase(provider, actors).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(LocalBaseError);
      expect((error as LocalBaseError).message).to.contain(`${address} does not answer as the canonical contract does`);
    });
  }

  it("refuses other code at a canonical address", async () => {
    await setCode(base.connection.provider, PERMIT2, "0x00");
    const error = await installBase(base.connection.provider, actors).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(LocalBaseError);
    expect((error as LocalBaseError).message).to.contain("this is not the canonical contract");
  });
});
