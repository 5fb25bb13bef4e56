import { appendFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import { deploy } from "@nomicfoundation/ignition-core";
import { expect } from "chai";
import { artifacts, network } from "hardhat";
import { configVariable } from "hardhat/config";
import { keccak256, parseEther } from "viem";
import { canonical } from "../../deployments/index.ts";
import { allModule } from "../../ignition/modules/all.ts";
import { requireCancun } from "../../scripts/deploy/cancun.ts";
import { deploymentData } from "../../scripts/deploy/costs.ts";
import {
  BalanceError,
  FamilyError,
  InvalidKeyError,
  NoChainIdError,
  NoCreateXError,
  NoDeployerError,
  NoNetworkError,
  NotCancunError,
  NotConfirmedError,
  WrongChainError,
  WrongCodeError,
} from "../../scripts/deploy/errors.ts";
import { parseFamilies } from "../../scripts/deploy/plan.ts";
import { readDeployer, readTarget } from "../../scripts/deploy/target.ts";
import { readCatalog, readSalt } from "../../scripts/deployments/catalog.ts";
import { readDeployments } from "../../scripts/deployments/write.ts";
import { COMMERCE, COMMERCE_V1_0, CREATEX } from "../base/addresses.ts";
import { getCode, setBalance, setCode } from "../base/provider.ts";
import { actorKey, actors } from "../helpers/actors.ts";
import { installCanonical, startNodes, type Nodes, type TestChain } from "./chains.ts";
import { makeFolders, readAll, run, runWell, stateOf, type Folders } from "./deploying.ts";
import { dropOutAt, startProxy } from "./proxy.ts";

const NAMES = Object.keys(canonical);

describe("The command that deploys", function () {
  // The first of them may have to build the contracts.
  this.timeout(300_000);
  let nodes: Nodes;
  /** Base as it is. */
  let base: TestChain;
  /** Another chain, without CreateX and without Base's escrow. */
  let bare: TestChain;
  let folders: Folders;
  const snapshots = new Map<TestChain, unknown>();

  const keep = async (chain: TestChain) =>
    snapshots.set(chain, await chain.provider.request({ method: "evm_snapshot" }));

  before(async () => {
    nodes = await startNodes();
    base = await nodes.start({ chainId: 8453, chainType: "op" });
    bare = await nodes.start({ chainId: 777, chainType: "generic" });
    await installCanonical(base);
    await installCanonical(bare, { createX: false, commerce: false });
    for (const chain of [base, bare]) await keep(chain);
  });

  beforeEach(async () => {
    folders = await makeFolders();
  });

  afterEach(async () => {
    await folders.remove();
    for (const [chain, snapshot] of snapshots) {
      await chain.provider.request({ method: "evm_revert", params: [snapshot] });
      await keep(chain);
    }
  });

  after(() => nodes.stop());

  it("deploys everything to two chains at the same addresses, and a second run sends nothing", async () => {
    const before = await stateOf(base.provider);
    const { outcomes, lines } = await runWell(base, folders);
    expect(outcomes.map(({ entry }) => entry.name)).to.have.members(NAMES);
    for (const { entry, receipt } of outcomes) {
      expect(entry.address).to.equal(canonical[entry.name as keyof typeof canonical]);
      expect(lines.join("\n"), entry.name).to.contain(`https://basescan.org/tx/${receipt?.hash}`);
    }
    expect((await stateOf(base.provider)).sent - before.sent).to.equal(NAMES.length);

    const [record] = await readDeployments(folders.records);
    expect(record).to.include({ chain: "base", chainId: 8453, factory: CREATEX });
    for (const { name, address, runtimeCodeHash, transaction, block } of record?.contracts ?? []) {
      const { receipt } = outcomes.find(({ entry }) => entry.name === name) ?? {};
      expect({ transaction, block }).to.deep.equal({ transaction: receipt?.hash, block: receipt?.block });
      expect(keccak256(await getCode(base.provider, address))).to.equal(runtimeCodeHash);
    }

    const state = await stateOf(base.provider);
    const files = await readAll(folders);
    const second = await runWell(base, folders);
    expect(second.lines.join("\n")).to.contain("Everything is there: nothing was sent.");
    expect(await stateOf(base.provider)).to.deep.equal(state);
    expect(await readAll(folders)).to.deep.equal(files);

    const other = await nodes.start({ chainId: 4241, chainType: "generic" });
    await installCanonical(other);
    await runWell(other, folders);
    const [here, there] = await readDeployments(folders.records);
    expect([here?.chain, there?.chain]).to.deep.equal(["chain-4241", "base"]);
    const addressesOf = (deployment: typeof here) => deployment?.contracts.map(({ name, address }) => [name, address]);
    expect(addressesOf(here)).to.deep.equal(addressesOf(there));
  });

  it("writes no key into its output, its journal or its record", async () => {
    const { lines } = await runWell(base, folders);
    const key = actorKey("deployer").slice(2);
    const files = await readAll(folders);
    expect([...files.keys()].some((path) => path.endsWith("journal.jsonl"))).to.equal(true);
    for (const [path, text] of [...files, ["output", lines.join("\n")] as const]) {
      expect(text.toLowerCase().includes(key.toLowerCase()), path).to.equal(false);
    }
  });

  it("shows on a copy what it would do, with no key, and sends nothing", async () => {
    const before = await stateOf(base.provider);
    const accounts: string[] = [];
    const { outcomes, lines } = await runWell(base, folders, { isDryRun: true, hasAgreed: false, accounts });
    const text = lines.join("\n");
    for (const { entry, receipt } of outcomes) {
      expect(text).to.contain(entry.address);
      expect(text).to.contain(receipt?.gasUsed.toLocaleString("en-US"));
    }
    expect(text).to.contain("Nothing was sent to the chain.");
    expect(await stateOf(base.provider)).to.deep.equal(before);
    expect((await readAll(folders)).size).to.equal(0);

    const real = await runWell(base, folders);
    const gas = (run: typeof real) => run.outcomes.map(({ receipt }) => receipt?.gasUsed);
    expect(gas({ lines, outcomes, error: undefined })).to.deep.equal(gas(real));
  });

  it("says in a dry run what the deployer lacks, and places CreateX on the copy only", async () => {
    await setBalance(bare.provider, actors.deployer.address, parseEther("0.001"));
    const before = await stateOf(bare.provider);
    const { lines } = await runWell(bare, folders, { isDryRun: true });
    expect(lines.join("\n")).to.match(/The deployer lacks [\d.]+ ETH/);
    expect(await stateOf(bare.provider)).to.deep.equal(before);
    expect(await getCode(bare.provider, CREATEX)).to.equal("0x");
  });

  it("stops without CreateX and says what placing it costs", async () => {
    const before = await stateOf(bare.provider);
    const { error } = await run(bare, folders);
    expect(error).to.be.instanceOf(NoCreateXError);
    expect((error as Error).message).to.contain("0.3 ETH sent to 0xeD456e05CaAb11d66C4c797dD6c1D6f9A7F352b5");
    expect((error as Error).message).to.contain("--place-createx");
    const refused = await run(bare, folders, { confirm: async () => false });
    expect(refused.error).to.be.instanceOf(NoCreateXError);
    expect(await stateOf(bare.provider)).to.deep.equal(before);
  });

  it("places CreateX when the user says yes, and asks again before it deploys", async () => {
    const questions: string[] = [];
    const confirm = async (question: string) => {
      questions.push(question);
      return true;
    };
    await runWell(bare, folders, { hasAgreed: false, confirm });
    expect(questions).to.have.length(2);
    expect(questions[0]).to.equal("Place CreateX on Chain 777?");
    expect(questions[1]).to.match(/^Send 2 transactions to Chain 777 for at most [\d.]+ ETH\?$/);
    expect(await getCode(bare.provider, CREATEX)).not.to.equal("0x");
  });

  it("leaves out auth-capture where Base's escrow is absent, and refuses it alone", async () => {
    const { lines } = await runWell(bare, folders, { mayPlaceCreateX: true });
    expect(lines.join("\n")).to.contain(`auth-capture is left out: it needs Base's escrow`);
    const [record] = await readDeployments(folders.records);
    expect(record?.contracts.map(({ family }) => family)).to.deep.equal(["voucher", "flash"]);
    const alone = await run(bare, folders, { families: ["auth-capture"] });
    expect(alone.error).to.be.instanceOf(FamilyError);
  });

  it("deploys auth-capture where one generation of the escrow is there", async () => {
    await setCode(base.provider, COMMERCE_V1_0.escrow, "0x");
    const { lines, outcomes } = await runWell(base, folders, { families: ["auth-capture"] });
    expect(outcomes).to.have.length(3);
    expect(lines.join("\n")).to.contain("operators of auth-capture on the escrow v1.0 can do nothing");
    await setCode(base.provider, COMMERCE.escrow, "0x600160005500");
    const other = await run(base, folders, { families: ["auth-capture"] });
    expect(other.error).to.be.instanceOf(FamilyError);
    expect((other.error as Error).message).to.contain(
      "AuthCaptureEscrow 1.1 at 0xf96815976523E00e65Be8f34cA5e64b4f41EB19c is another contract",
    );
  });

  it("names the functions that fail where Permit2 or Multicall3 is absent", async () => {
    const permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
    await setCode(bare.provider, permit2, "0x");
    const { lines } = await runWell(bare, folders, { isDryRun: true, families: ["voucher"] });
    const line = lines.find((text) => text.includes(`Permit2 is absent at ${permit2}`));
    expect(line).to.contain("depositWithPermit2");
    expect(lines.some((text) => text.startsWith("Multicall3"))).to.equal(false);
  });

  it("refuses a node of another chain, and names both ids", async () => {
    const before = await stateOf(base.provider);
    const { error } = await run({ url: base.url, chainId: 10 }, folders);
    expect(error).to.be.instanceOf(WrongChainError);
    expect(error).to.include({ configured: 10, actual: 8453 });
    expect((error as Error).message).to.match(/8453.*10/);
    expect(await stateOf(base.provider)).to.deep.equal(before);
  });

  it("refuses to begin with too little money, and says how much is missing", async () => {
    await setBalance(base.provider, actors.deployer.address, parseEther("0.001"));
    const before = await stateOf(base.provider);
    const { error } = await run(base, folders);
    expect(error).to.be.instanceOf(BalanceError);
    const { missing } = error as BalanceError;
    await setBalance(base.provider, actors.deployer.address, parseEther("0.001") + missing - 1n);
    expect((await run(base, folders)).error).to.be.instanceOf(BalanceError);
    expect(await stateOf(base.provider)).to.deep.equal(before);
    await setBalance(base.provider, actors.deployer.address, parseEther("0.001") + missing);
    await runWell(base, folders);
  });

  it("sends nothing when nobody agrees", async () => {
    const before = await stateOf(base.provider);
    const { error, lines } = await run(base, folders, { hasAgreed: false });
    expect(error).to.be.instanceOf(NotConfirmedError);
    expect((error as Error).message).to.contain("--yes");
    expect(lines.join("\n")).to.match(
      /Cost: about [\d.]+ ETH, at most [\d.]+ ETH\. Balance of the deployer: \d+ ETH\./,
    );
    const refused = await run(base, folders, { hasAgreed: false, confirm: async () => false });
    expect(refused.error).to.be.instanceOf(NotConfirmedError);
    expect(await stateOf(base.provider)).to.deep.equal(before);
  });

  it("recognizes what somebody else has deployed", async () => {
    const [first] = await readCatalog();
    if (first === undefined) throw new Error("The catalog is empty");
    const data = deploymentData(readSalt(), first.initcode);
    const params = [{ from: actors.stranger.address, to: CREATEX, data }];
    await base.provider.request({ method: "eth_sendTransaction", params });
    const before = await stateOf(base.provider);
    await runWell(base, folders);
    expect((await stateOf(base.provider)).sent - before.sent).to.equal(NAMES.length - 1);
    const [record] = await readDeployments(folders.records);
    for (const { name, transaction, block } of record?.contracts ?? []) {
      expect([transaction === null, block === null], name).to.deep.equal([name === first.name, name === first.name]);
    }
  });

  it("refuses a chain on which something else stands at an address", async () => {
    await setCode(base.provider, canonical.FlashSettlement, "0x00");
    const { error } = await run(base, folders);
    expect(error).to.be.instanceOf(WrongCodeError);
    expect(error).to.include({ address: canonical.FlashSettlement });
  });

  it("continues what Ignition's own command has done, and is continued by it", async () => {
    const strategyConfig = { salt: readSalt() };
    const directory = join(folders.journals, "chain-8453");
    const byIgnition = () =>
      deploy({
        provider: base.provider,
        ignitionModule: allModule,
        artifactResolver: new HardhatArtifactResolver(artifacts),
        deploymentParameters: {},
        accounts: [actors.deployer.address],
        strategy: "create2",
        strategyConfig,
        deploymentDir: directory,
      });
    await byIgnition();
    const state = await stateOf(base.provider);
    await runWell(base, folders);
    expect(await stateOf(base.provider)).to.deep.equal(state);
    const [record] = await readDeployments(folders.records);
    expect(record?.contracts.every(({ transaction }) => transaction !== null)).to.equal(true);

    await base.provider.request({ method: "evm_revert", params: [snapshots.get(base)] });
    await keep(base);
    await rm(directory, { recursive: true });
    await runWell(base, folders);
    const after = await stateOf(base.provider);
    expect((await byIgnition()).type).to.equal("SUCCESSFUL_DEPLOYMENT");
    expect(await stateOf(base.provider)).to.deep.equal(after);
  });

  it("puts a journal aside that ends in the middle of a line", async () => {
    await runWell(base, folders);
    await appendFile(join(folders.journals, "chain-8453/journal.jsonl"), '\n{"type":"TRANSAC');
    const { lines } = await runWell(base, folders);
    expect(lines.join("\n")).to.contain("cannot be read");
    expect(lines.join("\n")).to.contain("Everything is there: nothing was sent.");
    expect(await readdir(folders.journals)).to.have.length(1);
  });

  it("sends again what its journal knows and the chain has lost", async () => {
    await runWell(base, folders);
    await base.provider.request({ method: "evm_revert", params: [snapshots.get(base)] });
    await keep(base);
    const { outcomes, lines } = await runWell(base, folders);
    expect(outcomes.filter(({ receipt }) => receipt !== undefined)).to.have.length(NAMES.length);
    expect(lines.join("\n")).to.contain("VoucherEscrow is not on the chain, whatever the journal says");
  });

  for (const place of [1, 3, 5]) {
    for (const verdict of ["lose", "refuse"] as const) {
      it(`goes on after the node has dropped out at transaction ${place} (${verdict})`, async () => {
        const before = await stateOf(base.provider);
        const proxy = await startProxy(base.url, dropOutAt(place, verdict));
        const broken = await run({ ...base, url: proxy.url }, folders);
        await proxy.close();
        expect(broken.error).to.be.an("error").with.property("name", "NodeError");
        expect((broken.error as Error).message).to.contain("what is done already stays done");
        const done = (await stateOf(base.provider)).sent - before.sent;
        expect(done).to.equal(verdict === "lose" ? place : place - 1);

        await runWell(base, folders);
        expect((await stateOf(base.provider)).sent - before.sent).to.equal(NAMES.length);
        const [record] = await readDeployments(folders.records);
        expect(record?.contracts.every(({ transaction }) => transaction !== null)).to.equal(true);
      });
    }
  }

  it("says when nobody answers at all", async () => {
    const proxy = await startProxy(base.url, () => "refuse");
    const { error } = await run({ ...base, url: proxy.url }, folders);
    await proxy.close();
    expect(error).to.be.an("error").with.property("name", "NodeError");
    expect((error as Error).message).not.to.contain(proxy.url);
  });

  it("asks a busy node again", async () => {
    let calls = 0;
    const proxy = await startProxy(base.url, (method) => (method === "eth_call" && calls++ < 2 ? "busy" : "forward"));
    const { outcomes } = await runWell({ ...base, url: proxy.url }, folders, { isDryRun: true });
    await proxy.close();
    expect(outcomes).to.have.length(NAMES.length);
  });

  it("waits for confirmations on a chain that does not mine at once", async () => {
    const slow = await nodes.start({ chainId: 4242, chainType: "generic", intervalMs: 100 });
    await installCanonical(slow, { commerce: false });
    const { outcomes } = await runWell(slow, folders, { families: ["voucher", "flash"] });
    const head = (await stateOf(slow.provider)).block;
    const last = Math.max(...outcomes.map(({ receipt }) => receipt?.block ?? 0));
    expect(head - last + 1).to.be.at.least(5);
    await runWell(slow, folders, { families: ["voucher", "flash"] });
  });

  it("refuses a chain without Cancun's instructions", async () => {
    const old = await nodes.start({ chainId: 4243, chainType: "generic", hardfork: "shanghai" });
    const { error } = await run(old, folders);
    expect(error).to.be.instanceOf(NotCancunError);
    await requireCancun(base.provider, "Base");
  });

  it("counts the data fee of a chain of the OP Stack", async () => {
    const oracle = "0x420000000000000000000000000000000000000F";
    const free = await run(base, folders, { hasAgreed: false });
    // Answers one million for any question, in place of the chain's own oracle, whose prices are zero here.
    await setCode(base.provider, oracle, "0x620f424060005260206000f3");
    const paid = await run(base, folders, { hasAgreed: false });
    const about = ({ lines }: typeof free) => parseEther(/Cost: about ([\d.]+) ETH/.exec(lines.join("\n"))?.[1] ?? "");
    expect(about(paid) - about(free)).to.equal(1_000_000n * BigInt(NAMES.length));
    expect(paid.lines.join("\n")).to.contain("The fees include the data on the chain below.");
  });

  it("says how to store a key when there is none", async () => {
    const accounts = [configVariable("NO_SUCH_KEY_OF_THE_TESTS")];
    const connection = await network.create({ network: "base", override: { accounts, url: base.url } });
    try {
      const { config } = await readTarget(connection);
      const error = await readDeployer(config).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(NoDeployerError);
      expect((error as Error).message).to.contain("npx hardhat keystore set DEPLOYER_PRIVATE_KEY");
    } finally {
      await connection.close();
    }
  });

  it("says how to correct a key that is none, and nothing of it", async () => {
    const digits = "f".repeat(64);
    const { error, lines } = await run(base, folders, { accounts: [`0x${digits}`] });
    expect(error).to.be.instanceOf(InvalidKeyError);
    const said = [...lines, (error as Error).message, (error as Error).stack].join("\n");
    for (const secret of [digits, BigInt(`0x${digits}`).toString()]) expect(said).not.to.contain(secret);
  });

  it("refuses a chain in this process, and one without an id", async () => {
    const local = await network.create({ network: "localBase", chainType: "op" });
    const unnamed = await network.create({ network: "generic", override: { url: base.url, accounts: [] } });
    for (const [connection, type] of [
      [local, NoNetworkError],
      [unnamed, NoChainIdError],
    ] as const) {
      expect(await readTarget(connection).catch((reason: unknown) => reason)).to.be.instanceOf(type);
      await connection.close();
    }
  });

  it("reads the names of families", () => {
    expect(parseFamilies(undefined)).to.deep.equal(["voucher", "flash", "auth-capture"]);
    expect(parseFamilies("flash, voucher")).to.deep.equal(["voucher", "flash"]);
    expect(() => parseFamilies("flash,vouchers")).to.throw(FamilyError, '"vouchers"');
  });
});
