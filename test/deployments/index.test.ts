import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { canonical, deployments, getDeployment, UnknownChainError } from "../../deployments/index.ts";
import { importsOf } from "../../scripts/check/imports.ts";
import { readCanonical, readDeployments } from "../../scripts/deployments/write.ts";

const INDEX = new URL("../../deployments/index.ts", import.meta.url);

describe("x402-escrow/deployments", () => {
  it("has the addresses of canonical.json", async () => {
    const { contracts } = await readCanonical();
    expect(canonical).to.deep.equal(Object.fromEntries(contracts.map(({ name, address }) => [name, address])));
  });

  it("has every chain of which there is a file", async () => {
    const chains = (await readDeployments()).map(({ chainId }) => String(chainId));
    expect(Object.keys(deployments)).to.deep.equal(chains);
  });

  it("says what to do about a chain of which nothing is recorded", () => {
    expect(() => getDeployment(999_999_999))
      .to.throw(UnknownChainError, /^No deployment of x402-escrow is recorded for chain 999999999\. .*look for code/)
      .with.property("chainId", 999_999_999);
  });

  it("imports nothing, so that a bundler keeps what is used and no more", async () => {
    const text = await readFile(INDEX, "utf8");
    expect(importsOf("deployments/index.ts", text)).to.deep.equal([]);
    // The compiler does the other half: an address is known to it to the last digit.
    const escrow: "0x08D804612E400165F7B85F38915791Fe6de3fe9a" | `0x${string}` = canonical.VoucherEscrow;
    expect(escrow).to.match(/^0x/);
  });
});
