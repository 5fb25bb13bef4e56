import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { createPublicClient, erc20Abi, http, type Address } from "viem";
import { flashBuyerEnvironment, flashSellerEnvironment } from "../../scripts/example.ts";
import { USDC } from "../base/addresses.ts";
import { setBalance } from "../base/provider.ts";
import { actors } from "../helpers/actors.ts";
import { examplePath, freePort, startExample, waitForOutput, type ExampleProcess } from "../helpers/exampleProcess.ts";
import { serveBaseWithSettlement, type ServedFlashBase } from "../helpers/servedBase.ts";

const PRICE = 1_000n;

describe("the flash example", function () {
  this.timeout(60_000);
  let chain: ServedFlashBase;
  const children: ChildProcess[] = [];

  before(async () => {
    chain = await serveBaseWithSettlement();
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await chain.close();
  });

  function start(script: string, env: Readonly<Record<string, string>>): ExampleProcess {
    const started = startExample(examplePath("flash", script), env);
    children.push(started.child);
    return started;
  }

  const balanceOf = (owner: Address) =>
    createPublicClient({ transport: http(chain.rpcUrl) }).readContract({
      address: USDC,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [owner],
    });

  it("sells to a buyer without ETH, and settles when it stops", async () => {
    await setBalance(chain.provider, actors.otherBuyer.address, 0n);
    const port = await freePort();
    const seller = start("seller.ts", {
      ...flashSellerEnvironment(chain),
      PORT: port.toString(),
    });
    await waitForOutput(seller, "/weather");
    const before = await balanceOf(actors.otherSeller.address);

    // Twice: the second buyer remembers nothing of the first.
    for (let time = 0; time < 2; time++) {
      const buyer = start("buyer.ts", {
        ...flashBuyerEnvironment(chain),
        API_URL: `http://127.0.0.1:${port}/weather`,
      });
      const [code] = await once(buyer.child, "exit");
      expect(code, buyer.output() + seller.output()).to.equal(0);
      expect(buyer.output().match(/200 for 1000 USDC units: \{"weather":"sunny"\}/g)).to.have.length(3);
    }
    expect(await balanceOf(actors.otherSeller.address)).to.equal(before);

    seller.child.kill("SIGINT");
    const [sellerCode] = await once(seller.child, "exit");
    expect(sellerCode, seller.output()).to.equal(0);
    expect(await balanceOf(actors.otherSeller.address)).to.equal(before + 6n * PRICE);
  });

  it("is short enough to copy", async () => {
    for (const [script, limit] of [
      ["seller.ts", 40],
      ["buyer.ts", 30],
    ] as const) {
      const lines = (await readFile(examplePath("flash", script), "utf8")).trimEnd().split("\n");
      expect(lines.length, script).to.be.at.most(limit);
    }
  });
});
