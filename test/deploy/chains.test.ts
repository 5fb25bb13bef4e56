import { readFileSync } from "node:fs";
import { expect } from "chai";
import * as viemChains from "viem/chains";
import { addressLink, CHAINS, labelChain, transactionLink } from "../../scripts/chains/chains.ts";
import { chainNetworks } from "../../scripts/chains/networks.ts";

describe("The chains that are ready to deploy to", () => {
  it("are what viem knows of them", () => {
    for (const { chainId, name, coin, explorer } of CHAINS) {
      const known = Object.values(viemChains).find((chain) => "id" in chain && chain.id === chainId);
      if (known === undefined) throw new Error(`viem knows no chain ${chainId}`);
      const theirs = [known.name, known.nativeCurrency.symbol, known.blockExplorers?.default.url];
      expect(theirs, name).to.deep.equal([name, coin, explorer]);
    }
  });

  it("include Base, Base Sepolia, Optimism, Arbitrum, Polygon, Ethereum and Avalanche, and any other by its id", () => {
    const ids = Object.values(chainNetworks({})).map(({ chainId }) => chainId);
    expect(ids).to.deep.equal([8453, 84532, 10, 42161, 137, 1, 43114, undefined]);
    expect(chainNetworks({ CHAIN_ID: "" })["generic"]).not.to.have.property("chainId");
    expect(chainNetworks({ CHAIN_ID: "5000" })["generic"]).to.include({ chainId: 5000 });
  });

  it("hold no key and no URL but public ones", () => {
    for (const [network, { accounts, url }] of Object.entries(chainNetworks({}))) {
      expect(accounts, network).to.deep.equal([
        { _type: "ConfigurationVariable", name: "DEPLOYER_PRIVATE_KEY", format: "{variable}" },
      ]);
      expect(url, network).to.have.property("_type", "ConfigurationVariable");
    }
  });

  it("are those of the page about deploying", () => {
    const page = readFileSync(new URL("../../docs/deploying.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` +\| ([^|]*?) +\| `(\w+)` +\|$/gm)].map(([, ...cells]) => cells);
    const known = CHAINS.map(({ network, name, rpcVariable }) => [network, name, rpcVariable]);
    const generic = ["generic", "any other EVM chain, by its id: `CHAIN_ID`", "RPC_URL"];
    expect(rows).to.deep.equal([...known, generic]);
  });

  it("have links to their explorers", () => {
    const base = labelChain(8453);
    expect(transactionLink(base, "0x12")).to.equal("https://basescan.org/tx/0x12");
    expect(addressLink(base, "0x34")).to.equal("https://basescan.org/address/0x34");
    const other = labelChain(31337);
    expect(other).to.include({ network: "chain-31337", name: "Chain 31337" });
    expect([transactionLink(other, "0x12"), addressLink(other, "0x34")]).to.deep.equal([undefined, undefined]);
  });
});
