import { expect } from "chai";
import { keccak256 } from "viem";
import { readCatalog } from "../../scripts/deployments/catalog.ts";
import { runCatalog, type DeployedEntry } from "../../scripts/deployments/run.ts";
import { canonicalAuthCapture, deployAuthCapture } from "../helpers/authCapture.ts";
import { connectBase, type Base } from "../helpers/base.ts";
import { deployFlashSettlement } from "../helpers/flashSettlement.ts";
import { deployVoucherEscrow } from "../helpers/voucherEscrow.ts";

describe("the catalog", function () {
  this.timeout(60_000);

  let base: Base;
  let catalog: readonly DeployedEntry[];
  before(async () => {
    base = await connectBase();
    catalog = await runCatalog(await readCatalog(), 8453);
    await deployVoucherEscrow(base);
    await deployFlashSettlement(base);
    await deployAuthCapture(base);
  });
  after(() => base.close());

  const entryOf = (name: string): DeployedEntry => {
    const entry = catalog.find((other) => other.name === name);
    if (entry === undefined) throw new Error(`The catalog has no ${name}`);
    return entry;
  };

  it("has every contract of every family, what others need before them", () => {
    expect(catalog.map(({ family, name }) => `${family} ${name}`)).to.deep.equal([
      "voucher VoucherEscrow",
      "flash FlashSettlement",
      "auth-capture SignedRefundCollector",
      "auth-capture SignedRefundCollectorV1_0",
      "auth-capture TermsOperatorFactory",
    ]);
  });

  it("has the code that Ignition deploys, to the byte", async () => {
    for (const { address, runtimeCode, runtimeCodeHash } of catalog) {
      expect(await base.publicClient.getCode({ address })).to.equal(runtimeCode);
      expect(keccak256(runtimeCode)).to.equal(runtimeCodeHash);
    }
  });

  it("has other code for another chain where the chain's id stands in it, at the same address", async () => {
    const elsewhere = await runCatalog(await readCatalog(), 10);
    const differing = elsewhere.filter(
      ({ runtimeCodeHash }, place) => runtimeCodeHash !== catalog[place]?.runtimeCodeHash,
    );
    expect(differing.map(({ name }) => name)).to.deep.equal(["VoucherEscrow", "FlashSettlement"]);
    expect(elsewhere.map(({ address }) => address)).to.deep.equal(catalog.map(({ address }) => address));
  });

  it("has the creation code that Ignition sends", async () => {
    const hashes: string[] = [];
    for (let number = await base.publicClient.getBlockNumber(); number > 0n; number--) {
      const { transactions } = await base.publicClient.getBlock({ blockNumber: number, includeTransactions: true });
      for (const { input } of transactions)
        for (const { name, initcode } of catalog) if (input.includes(initcode.slice(2))) hashes.push(name);
    }
    expect(hashes).to.have.members(catalog.map(({ name }) => name));
  });

  it("has what the factory deploys with itself", async () => {
    const { creates } = entryOf("TermsOperatorFactory");
    const { termsOperator, termsOperatorV1_0, signedRefundCollector, signedRefundCollectorV1_0 } = canonicalAuthCapture;
    expect(
      creates.map(({ contract, address, constructorArguments }) => [contract, address, constructorArguments]),
    ).to.deep.equal([
      ["TermsOperator", termsOperator, [signedRefundCollector]],
      ["TermsOperatorV1_0", termsOperatorV1_0, [signedRefundCollectorV1_0]],
    ]);
    for (const { address, runtimeCode } of creates) {
      expect(await base.publicClient.getCode({ address })).to.equal(runtimeCode);
    }
    expect(entryOf("VoucherEscrow").creates).to.deep.equal([]);
  });
});
