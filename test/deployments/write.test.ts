import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { check } from "prettier";
import { InvalidDeploymentError } from "../../scripts/deployments/errors.ts";
import { renderIndex } from "../../scripts/deployments/render.ts";
import type { Canonical, ContractRecord, Deployment } from "../../scripts/deployments/types.ts";
import { readCanonical, readDeployments, writeDeployment } from "../../scripts/deployments/write.ts";
import type * as Published from "../../deployments/index.ts";

const TRANSACTION = "0x1111111111111111111111111111111111111111111111111111111111111111";
const HASH = "0x2222222222222222222222222222222222222222222222222222222222222222";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

describe("files of deployments", () => {
  let canonical: Canonical;
  let folder: string;

  before(async () => {
    canonical = await readCanonical();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "deployments-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const deployed = (change: Partial<ContractRecord> = {}): ContractRecord[] =>
    canonical.contracts.map((contract) => ({
      ...contract,
      runtimeCodeHash: HASH,
      transaction: TRANSACTION,
      block: 7,
      ...change,
    }));
  const deployment = (change: Partial<Deployment> = {}): Deployment => ({
    ...canonical,
    chainId: 8453,
    chain: "base",
    commit: COMMIT,
    contracts: deployed(),
    ...change,
  });
  const refusal = async (promise: Promise<unknown>): Promise<string> => {
    const error = await promise.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(InvalidDeploymentError);
    return (error as Error).message;
  };

  it("hold what was deployed, family by family and as Prettier wants it", async () => {
    const path = await writeDeployment(deployment({ contracts: deployed().reverse() }), folder);
    expect(path).to.equal(join(folder, "base.json"));
    expect(await check(await readFile(path, "utf8"), { parser: "json", printWidth: 120 })).to.equal(true);
    const [read] = await readDeployments(folder);
    expect(read?.contracts.map(({ name }) => name)).to.deep.equal(canonical.contracts.map(({ name }) => name));
    expect(read?.contracts.map(({ family }) => family).slice(0, 3)).to.deep.equal(["voucher", "flash", "auth-capture"]);
    expect(read).to.deep.equal(deployment());
  });

  it("are read in the order of chain ids", async () => {
    await writeDeployment(deployment({ chain: "zero", chainId: 1 }), folder);
    await writeDeployment(deployment(), folder);
    expect((await readDeployments(folder)).map(({ chainId }) => chainId)).to.deep.equal([1, 8453]);
  });

  it("are none in a folder that is not there", async () => {
    expect(await readDeployments(join(folder, "none"))).to.deep.equal([]);
  });

  it("stay to the byte when a second run finds everything there", async () => {
    const path = await writeDeployment(deployment(), folder);
    const before = await readFile(path, "utf8");
    const again = deployment({ contracts: deployed({ transaction: null, block: null }), commit: "f".repeat(40) });
    await writeDeployment(again, folder);
    expect(await readFile(path, "utf8")).to.equal(before);
  });

  it("keep the families of an earlier run", async () => {
    const only = (family: string) => deployed().filter((contract) => contract.family === family);
    await writeDeployment(deployment({ contracts: only("flash") }), folder);
    await writeDeployment(deployment({ contracts: only("voucher") }), folder);
    const [read] = await readDeployments(folder);
    expect(read?.contracts.map(({ name }) => name)).to.deep.equal(["VoucherEscrow", "FlashSettlement"]);
  });

  it("forget what another compiler has built", async () => {
    const compiler = { ...canonical.compiler, version: "0.8.36+commit.00000000" };
    await writeDeployment(deployment({ compiler }), folder);
    await writeDeployment(deployment({ contracts: deployed().slice(0, 1) }), folder);
    const [read] = await readDeployments(folder);
    expect(read?.compiler).to.deep.equal(canonical.compiler);
    expect(read?.contracts).to.have.lengthOf(1);
  });

  it("are refused with the place that breaks the schema, and nothing is written", async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ commit: "main" }, "/commit must match pattern"],
      [{ chainId: 0 }, "/chainId must be >= 1"],
      [{ chain: "../base" }, "/chain must match pattern"],
      [{ chain: "canonical" }, "/chain must match pattern"],
      [{ contracts: [] }, "/contracts must NOT have fewer than 1 items"],
      [{ contracts: deployed({ address: "0x12" }) }, "/contracts/0/address must match pattern"],
      [{ contracts: deployed({ block: null }) }, "/contracts/0/block must be integer"],
      [{ contracts: deployed({ transaction: null }) }, "/contracts/0/block must be null"],
      [{ more: 1 }, "must NOT have additional properties"],
    ];
    for (const [change, message] of cases) {
      expect(await refusal(writeDeployment(deployment(change), folder))).to.include(message);
    }
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("are one a chain", async () => {
    const path = await writeDeployment(deployment(), folder);
    expect(await refusal(writeDeployment(deployment({ chain: "base2" }), folder))).to.include("8453 is base.json");
    expect(await refusal(writeDeployment(deployment({ chainId: 10 }), folder))).to.include("of chain 8453, not of 10");
    await writeFile(join(folder, "base2.json"), await readFile(path));
    expect(await refusal(readDeployments(folder))).to.include("Name it base.json");
    await writeFile(join(folder, "base2.json"), JSON.stringify(deployment({ chain: "base2" })));
    expect(await refusal(readDeployments(folder))).to.include("both about chain 8453");
  });

  it("are refused where a hand has broken them", async () => {
    await writeFile(join(folder, "base.json"), "{");
    expect(await refusal(readDeployments(folder))).to.include("is no JSON");
    await writeFile(join(folder, "base.json"), JSON.stringify(canonical));
    expect(await refusal(readDeployments(folder))).to.include("base.json");
  });

  it("become what the package offers", async () => {
    const contracts = deployed().slice(0, 1);
    const path = join(folder, "index.ts");
    await writeFile(path, renderIndex(canonical, [deployment({ contracts })]));
    const { deployments, getDeployment } = (await import(path)) as typeof Published;
    expect(Object.keys(deployments)).to.deep.equal(["8453"]);
    const { address, initcodeHash } = contracts[0] as ContractRecord;
    expect(getDeployment(8453)).to.deep.equal({
      chainId: 8453,
      chain: "base",
      commit: COMMIT,
      contracts: {
        VoucherEscrow: { address, initcodeHash, runtimeCodeHash: HASH, transaction: TRANSACTION, block: 7 },
      },
    });
  });
});
