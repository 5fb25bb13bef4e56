import { expect } from "chai";
import hre from "hardhat";
import { getContractAddress, type Address } from "viem";
import { ESCROW_DEPLOYMENTS } from "../../client/auth-capture/addresses.ts";
import { canonical } from "../../deployments/index.ts";
import { WrongChainError } from "../../scripts/deploy/errors.ts";
import { runCommand } from "../../scripts/check/command.ts";
import { FAMILIES, type Family } from "../../scripts/deployments/types.ts";
import { describeDifference } from "../../scripts/verify/compare.ts";
import { runVerify } from "../../scripts/verify/run.ts";
import { MULTICALL3, PERMIT2 } from "../base/addresses.ts";
import { permit2Code } from "../base/permit2.ts";
import { setCode } from "../base/provider.ts";
import { deployEverything, flipByte, serveChain, type ServedChain } from "./chain.ts";

const OURS = [...Object.keys(canonical), "TermsOperator", "TermsOperatorV1_0"];
const OPERATOR = getContractAddress({ from: canonical.TermsOperatorFactory, nonce: 1n });

describe("escrow verify", function () {
  this.timeout(120_000);

  let chain: ServedChain;
  let snapshot: unknown;

  before(async () => {
    chain = await serveChain("base", 8453);
    await deployEverything(chain.provider);
  });
  beforeEach(async () => {
    snapshot = await chain.provider.request({ method: "evm_snapshot" });
  });
  afterEach(async () => {
    await chain.provider.request({ method: "evm_revert", params: [snapshot] });
  });
  after(() => chain.close());

  async function verify({ connection }: ServedChain, families: readonly Family[] = FAMILIES) {
    const lines: string[] = [];
    const { chainDescriptors, verify: keys } = hre.config;
    const explorerConfig = { chainDescriptors, verify: keys };
    const context = { connection, explorerConfig, say: (text: string) => lines.push(text) };
    const options = { families, hasSources: false, isDryRun: false, explorers: [], isEachExplorerNeeded: false };
    return { isRight: await runVerify(context, options), text: lines.join("\n") };
  }
  /** What the table says of a contract. */
  const stateOf = (text: string, name: string): string | undefined =>
    new RegExp(`^│ ${name.replaceAll(".", "\\.")} +│.*│ (\\w+) +│$`, "m").exec(text)?.[1];
  const remove = (address: Address) => setCode(chain.provider, address, "0x");

  it("finds everything there, with what the factory has deployed", async () => {
    const { isRight, text } = await verify(chain);
    expect(isRight).to.equal(true);
    for (const name of OURS) expect(stateOf(text, name), name).to.equal("ok");
    for (const name of ["CreateX", "Permit2", "Multicall3", "Arachnid proxy", "AuthCaptureEscrow 1.1"]) {
      expect(stateOf(text, name), name).to.equal("ok");
    }
    expect(text).to.include("Everything of x402-escrow is there, with the right code.");
    // The only canonical contract that the local chain does not have.
    expect(text.match(/^\S.* is missing: /gm)).to.deep.equal([
      "SpendPermissionPaymentCollector 1.1 is missing: ",
      "SpendPermissionPaymentCollector 1.0 is missing: ",
    ]);
  });

  for (const [name, address] of [...Object.entries(canonical), ["TermsOperator", OPERATOR] as const]) {
    it(`sees one changed byte of ${name}`, async () => {
      await flipByte(chain.provider, address, 100);
      const { isRight, text } = await verify(chain);
      expect(isRight).to.equal(false);
      expect(stateOf(text, name)).to.equal("different");
      expect(text).to.match(
        new RegExp(`^${name} is different: byte 100 of [\\d,]+ is 0x\\w\\w, and 0x\\w\\w in the build`, "m"),
      );
      expect(text).to.include("1 of 7 contracts of x402-escrow are missing or different.");
    });
  }

  it("names the family that does not work without a contract, and what deploys it", async () => {
    await remove(canonical.FlashSettlement);
    const { isRight, text } = await verify(chain);
    expect(isRight).to.equal(false);
    expect(stateOf(text, "FlashSettlement")).to.equal("missing");
    expect(text).to.include("FlashSettlement is missing: the family flash does not work there.");
    expect(text).to.include("`npm run deploy -- --network base --families flash`");
  });

  it("looks at the families that are named alone", async () => {
    await remove(canonical.FlashSettlement);
    const { isRight, text } = await verify(chain, ["voucher", "auth-capture"]);
    expect(isRight).to.equal(true);
    expect(stateOf(text, "FlashSettlement")).to.equal(undefined);
  });

  it("names the functions that fail without Permit2", async () => {
    await remove(PERMIT2);
    const { isRight, text } = await verify(chain);
    expect(isRight).to.equal(true);
    expect(stateOf(text, "Permit2")).to.equal("missing");
    expect(text).to.match(/^Permit2 is missing: without it, .*depositWithPermit2/m);
  });

  it("takes no other code for Multicall3", async () => {
    await flipByte(chain.provider, MULTICALL3, 200);
    const { isRight, text } = await verify(chain);
    expect(isRight).to.equal(true);
    expect(stateOf(text, "Multicall3")).to.equal("different");
    expect(text).to.match(/^Multicall3 is different: another contract stands there.*depositWithPermit of voucher/m);
  });

  it("says that auth-capture can do nothing where its escrow is not, and takes no other contract for it", async () => {
    const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
    await remove(escrow);
    const absent = await verify(chain);
    expect(stateOf(absent.text, "AuthCaptureEscrow 1.1")).to.equal("missing");
    expect(absent.text).to.match(/^AuthCaptureEscrow 1\.1 is missing: .*auth-capture.*can do nothing/m);
    // It answers nothing of what an escrow answers.
    await setCode(chain.provider, escrow, "0x00");
    expect(stateOf((await verify(chain)).text, "AuthCaptureEscrow 1.1")).to.equal("different");
    expect(stateOf(absent.text, "AuthCaptureEscrow 1.0")).to.equal("ok");
  });

  it("misses nothing of auth-capture where its escrow is not, but what is there has to be right", async () => {
    const escrows = Object.values(ESCROW_DEPLOYMENTS).map(({ escrow }) => escrow);
    for (const address of [...escrows, canonical.SignedRefundCollector]) await remove(address);
    const partial = await verify(chain);
    expect(partial.isRight).to.equal(true);
    expect(stateOf(partial.text, "SignedRefundCollector")).to.equal("missing");
    expect(partial.text).to.match(/^SignedRefundCollector is missing, which changes nothing: .*Base's escrow/m);
    expect(partial.text).to.include("Everything of x402-escrow that can work there is there, with the right code.");
    await flipByte(chain.provider, canonical.TermsOperatorFactory, 100);
    expect((await verify(chain)).isRight).to.equal(false);
  });

  it("knows a collector of spend permissions by what it answers", async () => {
    const { spendPermissionCollector, eip3009Collector } = ESCROW_DEPLOYMENTS["v1.1"];
    const name = "SpendPermissionPaymentCollector 1.1";
    const code = await chain.provider.request({ method: "eth_getCode", params: [eip3009Collector, "latest"] });
    await setCode(chain.provider, spendPermissionCollector, code as `0x${string}`);
    expect(stateOf((await verify(chain)).text, name)).to.equal("ok");
    await setCode(chain.provider, spendPermissionCollector, "0x00");
    expect(stateOf((await verify(chain)).text, name)).to.equal("different");
  });

  it("expects the code that a chain's own id makes", async () => {
    const other = await serveChain("optimism", 10);
    try {
      await deployEverything(other.provider);
      expect((await verify(other)).isRight).to.equal(true);
      // Permit2 as it is on Base has another chain's domain.
      await setCode(other.provider, PERMIT2, permit2Code(8453));
      expect(stateOf((await verify(other)).text, "Permit2")).to.equal("different");
    } finally {
      await other.close();
    }
  });

  it("refuses a node of another chain", async () => {
    const other = await serveChain("base", 10);
    try {
      const error = await verify(other).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(WrongChainError);
    } finally {
      await other.close();
    }
  });

  it("says what an option needs that would do nothing", async () => {
    for (const [option, missing] of [
      ["--explorers sourcify", "Add --sources to send them, or --dry-run to look at them."],
      ["--sources --output sources", "Add --dry-run."],
    ]) {
      const { code, output } = await runCommand("sh", ["-c", `hardhat escrow verify --network base ${option}`]);
      expect(output).to.include("VerifyError: ").and.to.include(missing);
      expect(code).to.equal(1);
    }
  });

  it("ends with code 1 where nothing is, and needs no key", async () => {
    const bare = await serveChain("generic", 424_242);
    try {
      const command = ["RPC_URL=", bare.url, " CHAIN_ID=424242 hardhat escrow verify --network generic"].join("");
      const { code, output } = await runCommand("sh", ["-c", command]);
      expect(output).to.include("Chain 424242 (chain id 424242), compared with this build byte for byte:");
      expect(output).to.include("7 of 7 contracts of x402-escrow are missing or different.");
      expect(code).to.equal(1);
    } finally {
      await bare.close();
    }
  });
});

describe("the difference of two codes", () => {
  it("is the first byte, or the length", () => {
    expect(describeDifference("0x6001", "0x6001")).to.equal("");
    expect(describeDifference("0x6001", "0x6002")).to.equal("byte 1 of 2 is 0x01, and 0x02 in the build");
    expect(describeDifference("0x60", "0x6002")).to.equal("it has 1 bytes, and the build 2");
  });
});
