import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { canonical } from "../../deployments/index.ts";
import { readDeployments } from "../../scripts/deployments/write.ts";
import { actorKey } from "../helpers/actors.ts";
import { installCanonical, startNodes, type Nodes, type TestChain } from "./chains.ts";
import { makeFolders, readAll, stateOf, type Folders } from "./deploying.ts";
import { dropOutAt, startProxy } from "./proxy.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HARDHAT = fileURLToPath(new URL("./cli.js", import.meta.resolve("hardhat")));

describe("The command that deploys, as a process", function () {
  this.timeout(300_000);
  let nodes: Nodes;
  let chain: TestChain;
  let folders: Folders;

  before(async () => {
    nodes = await startNodes();
    // It mines in its own time, so that transactions are under way when the command is killed.
    chain = await nodes.start({ chainId: 4244, chainType: "generic", intervalMs: 200 });
    await installCanonical(chain);
  });

  beforeEach(async () => {
    folders = await makeFolders();
  });

  afterEach(() => folders.remove());

  after(() => nodes.stop());

  /** Starts `escrow deploy` as a team in CI does. */
  function start(url: string, parameters: readonly string[]) {
    const { journals, records } = folders;
    const arguments_ = ["--network", "generic", "escrow", "deploy", "--journals", journals, "--records", records];
    const environment = {
      RPC_URL: url,
      CHAIN_ID: `${chain.chainId}`,
      DEPLOYER_PRIVATE_KEY: actorKey("deployer"),
      CI: "1",
    };
    const child = spawn(process.execPath, [HARDHAT, ...arguments_, ...parameters], {
      cwd: ROOT,
      env: { ...process.env, ...environment },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
    const ended = once(child, "close").then(([code]) => code as number | null);
    return { child, ended, output: () => output };
  }

  it("goes on after it was killed in the middle, and never shows the key", async () => {
    const refused = start(chain.url, []);
    expect(await refused.ended, refused.output()).to.equal(1);
    expect(refused.output()).to.contain("NotConfirmedError: Nothing was sent");
    const before = await stateOf(chain.provider);
    expect(before.sent).to.equal(0);

    const kill = () => killed.child.kill("SIGKILL");
    const proxy = await startProxy(
      chain.url,
      dropOutAt(3, "lose", () => void kill()),
    );
    const killed = start(proxy.url, ["--yes"]);
    expect(await killed.ended, killed.output()).to.equal(null);
    await proxy.close();
    expect((await readAll(folders)).size).to.be.greaterThan(0);
    expect(await readDeployments(folders.records)).to.have.length(0);

    const continued = start(chain.url, ["--yes"]);
    expect(await continued.ended, continued.output()).to.equal(0);
    expect((await stateOf(chain.provider)).sent).to.equal(Object.keys(canonical).length);
    const [record] = await readDeployments(folders.records);
    const found = Object.fromEntries((record?.contracts ?? []).map(({ name, address }) => [name, address]));
    expect(found).to.deep.equal(canonical);
    expect(record?.contracts.every(({ transaction }) => transaction !== null)).to.equal(true);

    const written = [...(await readAll(folders)).values(), refused.output(), killed.output(), continued.output()];
    const key = actorKey("deployer").slice(2).toLowerCase();
    expect(written.some((text) => text.toLowerCase().includes(key))).to.equal(false);
  });
});
