import { expect } from "chai";
import { createScratch, pinned, type Scratch } from "./scratch.ts";

const MAIN = `
import assert from "node:assert/strict";
import { Interface, JsonRpcProvider, ZeroAddress, type BigNumberish, type ContractTransactionResponse } from "ethers";
import { VoucherEscrow__factory, IFlashSettlement__factory, ITermsOperator__factory, type VoucherEscrow } from "x402-escrow/typechain-types";
import { canonical } from "x402-escrow/deployments";

// Nothing is sent: no request leaves before a call is awaited.
const provider = new JsonRpcProvider("http://127.0.0.1:9", 8453, { staticNetwork: true });
const escrow: VoucherEscrow = VoucherEscrow__factory.connect(canonical.VoucherEscrow, provider);
export const thaw = (amount: BigNumberish): Promise<ContractTransactionResponse> => escrow.thaw(ZeroAddress, ZeroAddress, amount);
export const period = (): Promise<bigint> => escrow.THAWING_PERIOD();
// @ts-expect-error No such function.
export const missing = escrow.notThere;

const data = escrow.interface.encodeFunctionData("thaw", [ZeroAddress, ZeroAddress, 1n]);
assert.equal(new Interface(["function thaw(address,address,uint256)"]).decodeFunctionData("thaw", data)[2], 1n);
assert.ok(IFlashSettlement__factory.createInterface().getFunction("settleBatch"));
assert.ok(ITermsOperator__factory.createInterface().getFunction("capture"));
provider.destroy();
console.log("typed for ethers");
`;

describe("a project with ethers", function () {
  this.timeout(600_000);
  let scratch: Scratch;
  before(async () => {
    scratch = await createScratch(pinned("ethers", "typescript", "@types/node"));
  });
  after(() => scratch?.remove());

  it("compiles and runs with the typings", async () => {
    const compilerOptions = {
      strict: true,
      module: "NodeNext",
      target: "ES2022",
      types: ["node"],
      skipLibCheck: false,
      rootDir: ".",
      outDir: "out",
    };
    scratch.write({ "main.ts": MAIN, "tsconfig.json": JSON.stringify({ compilerOptions, files: ["main.ts"] }) });
    await scratch.run("tsc");
    expect(await scratch.run("node", "out/main.js")).to.contain("typed for ethers");
  });
});
