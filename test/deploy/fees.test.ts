import { expect } from "chai";
import { hexToBigInt, numberToHex, parseGwei, type Hash, type Hex } from "viem";
import { actors } from "../helpers/actors.ts";
import { installCanonical, startNodes, type Nodes } from "./chains.ts";
import { makeFolders, run, runWell, stateOf, type Folders } from "./deploying.ts";
import { startProxy } from "./proxy.ts";

describe("What the command that deploys spends", function () {
  this.timeout(300_000);
  let nodes: Nodes;
  let folders: Folders;

  before(async () => {
    nodes = await startNodes();
    folders = await makeFolders();
  });

  after(async () => {
    await folders.remove();
    await nodes.stop();
  });

  it("is never more than it has said, also when the chain wants more before a transaction is mined", async () => {
    const chain = await nodes.start({ chainId: 4246, chainType: "generic", intervalMs: 300 });
    await installCanonical(chain, { commerce: false });
    const setBaseFee = (gwei: string) =>
      chain.provider.request({ method: "hardhat_setNextBlockBaseFeePerGas", params: [numberToHex(parseGwei(gwei))] });
    let raised: Promise<unknown> | undefined;
    const proxy = await startProxy(chain.url, (method) => {
      if (method === "eth_sendRawTransaction") raised ??= setBaseFee("1000");
      return "forward";
    });
    const families = ["voucher"] as const;
    const stuck = await run({ ...chain, url: proxy.url }, folders, {
      families,
      ignition: { timeBeforeBumpingFees: 600 },
    });
    await proxy.close();
    await raised;
    expect(stuck.error).to.be.an("error").with.property("name", "StoppedError");
    expect((stuck.error as Error).message).to.contain("Run again");

    const output = stuck.lines.join("\n");
    const [, most = ""] = /at most ([\d.]+) gwei/.exec(output) ?? [];
    const hashes = [...output.matchAll(/sent (0x[0-9a-f]{64})/g)].map(([, hash]) => hash as Hash);
    expect(hashes).to.have.length(1);
    const params = [hashes[0]];
    const sent = (await chain.provider.request({ method: "eth_getTransactionByHash", params })) as {
      maxFeePerGas: Hex;
    };
    expect(hexToBigInt(sent.maxFeePerGas)).to.equal(parseGwei(most));

    await setBaseFee("1");
    const { outcomes } = await runWell(chain, folders, { families });
    expect(outcomes.map(({ entry }) => entry.name)).to.deep.equal(["VoucherEscrow"]);
    expect((await stateOf(chain.provider)).sent, actors.deployer.address).to.equal(1);
  });
});
