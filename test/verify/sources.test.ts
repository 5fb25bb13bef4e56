import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import type { CompilerInput } from "hardhat/types/solidity";
import { canonical } from "../../deployments/index.ts";
import { readCatalog } from "../../scripts/deployments/catalog.ts";
import { runCatalog } from "../../scripts/deployments/run.ts";
import { FAMILIES } from "../../scripts/deployments/types.ts";
import { readCanonical } from "../../scripts/deployments/write.ts";
import { VerifyError } from "../../scripts/verify/errors.ts";
import { EXPLORERS, parseExplorers, type ExplorerConfig } from "../../scripts/verify/explorers.ts";
import { runVerify, type VerifyOptions } from "../../scripts/verify/run.ts";
import { readSubmissions, type Submission } from "../../scripts/verify/sources.ts";
import { setCode } from "../base/provider.ts";
import { deployEverything, serveChain, type ServedChain } from "./chain.ts";
import { startExplorers, type ExplorerServer } from "./explorer.ts";

const API_KEY = "key of a test";

interface Solc {
  compile(input: string): string;
}
interface SolcOutput {
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>>>
  >;
}

describe("escrow verify --sources", function () {
  this.timeout(180_000);

  let chain: ServedChain;
  let explorers: ExplorerServer;
  let submissions: readonly Submission[];

  before(async () => {
    chain = await serveChain("base", 8453);
    await deployEverything(chain.provider);
    submissions = await readSubmissions(await runCatalog(await readCatalog(), 8453));
  });
  beforeEach(async () => {
    explorers = await startExplorers();
  });
  afterEach(() => explorers.close());
  after(() => chain.close());

  /** The project's configuration, with explorers on this machine and a key of their own. */
  function localExplorers(): ExplorerConfig {
    const { chainDescriptors, verify } = hre.config;
    const base = chainDescriptors.get(8453n);
    if (base === undefined) throw new Error("The configuration does not know Base");
    const at = (path: string) => ({ url: `${explorers.url}/${path}-pages`, apiUrl: `${explorers.url}/${path}` });
    const blockExplorers = { etherscan: at("etherscan"), blockscout: at("blockscout") };
    return {
      chainDescriptors: new Map([[8453n, { ...base, blockExplorers }]]),
      verify: {
        ...verify,
        etherscan: { ...verify.etherscan, apiKey: { ...verify.etherscan.apiKey, get: async () => API_KEY } },
        sourcify: { ...verify.sourcify, apiUrl: `${explorers.url}/sourcify` },
      },
    };
  }

  async function verify(change: Partial<VerifyOptions>, explorerConfig = localExplorers()) {
    const lines: string[] = [];
    const say = (text: string) => lines.push(text);
    const context = { connection: chain.connection, explorerConfig, say, pauseMs: 0 };
    const all = { explorers: EXPLORERS, isEachExplorerNeeded: false };
    const options = { families: FAMILIES, hasSources: true, isDryRun: false, ...all, ...change };
    return { isRight: await runVerify(context, options), text: lines.join("\n") };
  }
  const submissionOf = (name: string): Submission => {
    const found = submissions.find((submission) => submission.name === name);
    if (found === undefined) throw new Error(`No source of ${name}`);
    return found;
  };

  it("takes the sources of one contract and no others, and they compile to its very code", async () => {
    const { input, contractName } = submissionOf("SignedRefundCollector");
    const names = Object.keys(input.sources);
    expect(contractName).to.equal("project/contracts/auth-capture/SignedRefundCollector.sol:SignedRefundCollector");
    expect(names.filter((name) => /voucher|flash|TermsOperator|test\//i.test(name))).to.deep.equal([]);

    const solc = createRequire(import.meta.url)("solc") as Solc;
    const outputSelection = { "*": { "*": ["evm.bytecode.object"] } };
    const settings = { ...input.settings, outputSelection };
    const output = JSON.parse(solc.compile(JSON.stringify({ ...input, settings }))) as SolcOutput;
    const [source = "", contract = ""] = contractName.split(":");
    const compiled = output.contracts[source]?.[contract]?.evm.bytecode.object;
    const { bytecode } = await hre.artifacts.readArtifact("SignedRefundCollector");
    expect(`0x${compiled}`).to.equal(bytecode);
  });

  it("shows everything in a dry run, and sends nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "verify-"));
    try {
      const { isRight, text } = await verify({ isDryRun: true, output: folder });
      expect(isRight).to.equal(true);
      expect(explorers.arrivals).to.deep.equal([]);
      expect((await readdir(folder)).sort()).to.deep.equal(submissions.map(({ name }) => `${name}.json`).sort());
      for (const { name, input } of submissions) {
        const written = JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as CompilerInput;
        expect(written).to.deep.equal(JSON.parse(JSON.stringify(input)));
      }
      const { version } = (await readCanonical()).compiler;
      expect(text).to.include(
        [
          `SignedRefundCollector at ${canonical.SignedRefundCollector}`,
          "  contract: project/contracts/auth-capture/SignedRefundCollector.sol:SignedRefundCollector",
          `  compiler: v${version}`,
          "  constructor arguments: 000000000000000000000000f96815976523e00e65be8f34ca5e64b4f41eb19c",
          `  Etherscan: ${explorers.url}/etherscan, then ${explorers.url}/etherscan-pages/address/${canonical.SignedRefundCollector}#code`,
          `  Blockscout: ${explorers.url}/blockscout, then ${explorers.url}/blockscout-pages/address/${canonical.SignedRefundCollector}#code`,
          `  Sourcify: ${explorers.url}/sourcify, then ${explorers.url}/sourcify/repo-ui/8453/${canonical.SignedRefundCollector}`,
          `  standard-JSON input: ${join(folder, "SignedRefundCollector.json")}`,
        ].join("\n"),
      );
      expect(text).to.include("  constructor arguments: none");
      expect(text).not.to.include(API_KEY);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("prints the input where no folder is named", async () => {
    const { text } = await verify({ isDryRun: true, families: ["voucher"] });
    const line = /^ {2}standard-JSON input: (\{.*\})$/m.exec(text)?.[1] ?? "";
    const { input } = submissionOf("VoucherEscrow");
    expect(JSON.parse(line)).to.deep.equal(JSON.parse(JSON.stringify(input)));
  });

  it("sends each source to each explorer, with its arguments and the key", async () => {
    const { isRight, text } = await verify({});
    expect(text).to.include(`Etherscan: VoucherEscrow is verified: ${explorers.url}/etherscan-pages/address/`);
    expect(isRight).to.equal(true);
    expect(explorers.arrivals).to.have.lengthOf(3 * EXPLORERS.length * submissions.length);
    const { version } = (await readCanonical()).compiler;
    for (const { address, contractName, constructorArguments, input } of submissions) {
      const expected = { contractaddress: address, contractname: contractName, constructorArguments };
      for (const [path, query] of [
        ["/etherscan", { module: "contract", chainid: "8453", apikey: API_KEY }],
        ["/blockscout", { module: "contract" }],
      ] as const) {
        const own = explorers.arrivals.filter(
          (arrival) =>
            arrival.path === path &&
            [arrival.query["address"], arrival.query["guid"], arrival.body["contractaddress"]].includes(address),
        );
        expect(own.map(({ query }) => query)).to.deep.equal([
          { ...query, action: "getsourcecode", address },
          { ...query, action: "verifysourcecode" },
          { ...query, action: "checkverifystatus", guid: address },
        ]);
        const { sourceCode, ...body } = own[1]?.body ?? {};
        const codeformat = "solidity-standard-json-input";
        expect(body).to.deep.equal({ ...expected, codeformat, compilerversion: `v${version}` });
        expect(JSON.parse(String(sourceCode))).to.deep.equal(JSON.parse(JSON.stringify(input)));
      }
      const sourcify = explorers.arrivals.find(({ path }) => path === `/sourcify/v2/verify/8453/${address}`);
      expect(sourcify?.body["stdJsonInput"]).to.deep.equal(JSON.parse(JSON.stringify(input)));
      expect(sourcify?.body["contractIdentifier"]).to.equal(contractName);
    }
  });

  it("sends nothing of what is verified already", async () => {
    for (const { address } of submissions) explorers.verified.add(address);
    const { isRight, text } = await verify({});
    expect(isRight).to.equal(true);
    expect(text).to.include("Sourcify: TermsOperator was verified before:");
    expect(explorers.arrivals).to.have.lengthOf(EXPLORERS.length * submissions.length);
  });

  it("goes on where an explorer refuses a source, and ends without success", async () => {
    explorers.refused.add(canonical.VoucherEscrow);
    const { isRight, text } = await verify({ families: ["voucher", "flash"] });
    expect(isRight).to.equal(false);
    for (const name of ["Etherscan", "Blockscout"]) {
      expect(text).to.include(`${name}: VoucherEscrow is not verified: Fail - Unable to verify`);
    }
    expect(text).to.include("Sourcify: VoucherEscrow is not verified: The sources do not give this code");
    expect(text.match(/FlashSettlement is verified/g)).to.have.lengthOf(EXPLORERS.length);
  });

  it("goes on without an explorer that has no key, and names the variable", async () => {
    const config = localExplorers();
    const { etherscan } = hre.config.verify;
    const { isRight, text } = await verify(
      { families: ["voucher"] },
      { ...config, verify: { ...config.verify, etherscan } },
    );
    expect(isRight).to.equal(false);
    expect(text).to.match(/^etherscan cannot be used: .*ETHERSCAN_API_KEY/m);
    expect(text).to.include("Sourcify: VoucherEscrow is verified");
  });

  it("does without an explorer that does not serve the chain, unless it was named", async () => {
    const { chainDescriptors, verify: keys } = localExplorers();
    const base = chainDescriptors.get(8453n);
    if (base === undefined) throw new Error("The explorers of Base are gone");
    const { etherscan } = base.blockExplorers;
    const config = {
      chainDescriptors: new Map([[8453n, { ...base, blockExplorers: etherscan === undefined ? {} : { etherscan } }]]),
      verify: keys,
    };
    const { isRight, text } = await verify({ families: ["voucher"] }, config);
    expect(isRight).to.equal(true);
    expect(text).to.match(/^blockscout cannot be used: no blockscout is known for chain 8453\./m);
    expect(text).to.include("Etherscan: VoucherEscrow is verified");
    expect(text).to.include("Sourcify: VoucherEscrow is verified");
    const named = { families: ["voucher"], explorers: ["blockscout"], isEachExplorerNeeded: true } as const;
    expect((await verify(named, config)).isRight).to.equal(false);
  });

  it("leaves out what is not there", async () => {
    const snapshot = await chain.provider.request({ method: "evm_snapshot" });
    await setCode(chain.provider, canonical.FlashSettlement, "0x");
    const { isRight, text } = await verify({ families: ["voucher", "flash"], explorers: ["sourcify"] });
    await chain.provider.request({ method: "evm_revert", params: [snapshot] });
    expect(isRight).to.equal(false);
    expect(text).to.include("Sourcify: VoucherEscrow is verified");
    expect(text).not.to.include("Sourcify: FlashSettlement");
  });

  it("knows three explorers", () => {
    expect(parseExplorers(undefined)).to.deep.equal(EXPLORERS);
    expect(parseExplorers("sourcify, etherscan")).to.deep.equal(["etherscan", "sourcify"]);
    expect(() => parseExplorers("etherscan,ether")).to.throw(VerifyError, "There is no explorer ether.");
  });
});
