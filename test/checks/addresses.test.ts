import { expect } from "chai";
import { addressesCheck, explainMoves } from "../../scripts/check/addresses.ts";
import type { Canonical, CanonicalRecord } from "../../scripts/deployments/types.ts";
import { readCanonical } from "../../scripts/deployments/write.ts";

const OTHER = "0x00000000000000000000000000000000000000a1";
const OTHER_HASH = "0x00000000000000000000000000000000000000000000000000000000000000b2";

describe("addresses", () => {
  let recorded: Canonical;
  before(async () => {
    recorded = await readCanonical();
  });

  const withContract = (name: string, change: Partial<CanonicalRecord>): Canonical => ({
    ...recorded,
    contracts: recorded.contracts.map((contract) => (contract.name === name ? { ...contract, ...change } : contract)),
  });
  const moved = { address: OTHER, initcodeHash: OTHER_HASH } as const;

  it("are what the build gives", async () => {
    expect(await addressesCheck.run()).to.equal("");
  });

  it("name each contract that a changed source moves", () => {
    const lines = explainMoves(recorded, withContract("VoucherEscrow", moved));
    expect(lines).to.have.lengthOf(2);
    expect(lines[0]).to.match(/^VoucherEscrow moves from 0x08D8\w+ to 0x0{37}0a1: its source or that of a library/);
    expect(lines[1]).to.include("npm run generate");
  });

  it("name the setting that moves everything", () => {
    const settings = { ...recorded.compiler.settings, optimizer: { enabled: true, runs: 300 } };
    const contracts = recorded.contracts.map((contract) => ({ ...contract, ...moved }));
    const lines = explainMoves(recorded, { ...recorded, compiler: { ...recorded.compiler, settings }, contracts });
    expect(lines).to.have.lengthOf(recorded.contracts.length + 1);
    for (const [place, { name, address }] of recorded.contracts.entries()) {
      expect(lines[place]).to.equal(
        `${name} moves from ${address} to ${OTHER}: the setting optimizer.runs is 300, was 200.`,
      );
    }
  });

  it("name the compiler, the salt and the factory", () => {
    const changes = [
      [{ compiler: { ...recorded.compiler, version: "0.8.36+commit.00000000" } }, "the compiler is 0.8.36+commit.0000"],
      [{ salt: OTHER_HASH }, `the salt is ${OTHER_HASH}, was ${recorded.salt}`],
      [{ factory: OTHER }, `the factory is ${OTHER}, was ${recorded.factory}`],
    ] as const;
    for (const [change, reason] of changes) {
      const [line] = explainMoves(recorded, { ...withContract("FlashSettlement", moved), ...change });
      expect(line)
        .to.match(/^FlashSettlement moves from/)
        .and.to.include(reason);
    }
  });

  it("name the argument that moves a contract", () => {
    const [, escrow = ""] = recorded.contracts.map(({ address }) => address);
    const [line] = explainMoves(
      recorded,
      withContract("SignedRefundCollector", { ...moved, constructorArguments: [escrow] }),
    );
    expect(line).to.include(`its argument 0 is ${escrow}, was 0xf96815976523E00e65Be8f34cA5e64b4f41EB19c`);
  });

  it("do not accept another record at the same address, or a setting that moves nothing", () => {
    const [code] = explainMoves(recorded, withContract("VoucherEscrow", { initcodeHash: OTHER_HASH }));
    expect(code).to.match(/^VoucherEscrow stays at/);
    const settings = { ...recorded.compiler.settings, debug: { revertStrings: "default" } };
    const lines = explainMoves(recorded, { ...recorded, compiler: { ...recorded.compiler, settings } });
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.match(/^No address moves, but the setting debug is {"revertStrings":"default"}, was absent/);
  });

  it("name a contract that is new, and one that is gone", () => {
    const fewer = { ...recorded, contracts: recorded.contracts.slice(1) };
    expect(explainMoves(fewer, recorded)[0]).to.match(/^VoucherEscrow is deployed to .* recorded nowhere/);
    expect(explainMoves(recorded, fewer)[0]).to.match(/^VoucherEscrow is recorded at .* no module deploys it/);
  });
});
