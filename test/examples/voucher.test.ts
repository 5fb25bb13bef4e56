import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createPublicClient, erc20Abi, http, type Address } from "viem";
import { buyerEnvironment, sellerEnvironment } from "../../scripts/example.ts";
import { USDC } from "../base/addresses.ts";
import { setBalance } from "../base/provider.ts";
import { actors } from "../helpers/actors.ts";
import { serveBaseWithEscrow, type ServedBase } from "../helpers/servedBase.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PRICE = 1_000n;

describe("the voucher example", function () {
  this.timeout(60_000);
  let chain: ServedBase;
  const children: ChildProcess[] = [];

  before(async () => {
    chain = await serveBaseWithEscrow();
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await chain.close();
  });

  function start(script: string, env: Record<string, string>): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, [join(ROOT, "examples/voucher", script)], {
      env: { PATH: process.env["PATH"], ...env },
    });
    children.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
    return { child, output: () => output };
  }

  const balanceOf = (owner: Address) =>
    createPublicClient({ transport: http(chain.rpcUrl) }).readContract({
      address: USDC,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [owner],
    });

  it("sells to a buyer without ETH, and collects when it stops", async () => {
    await setBalance(chain.provider, actors.buyer.address, 0n);
    const port = await freePort();
    const seller = start("seller.ts", {
      ...sellerEnvironment(chain),
      PORT: port.toString(),
    });
    while (!seller.output().includes("/weather")) {
      expect(seller.child.exitCode, seller.output()).to.equal(null);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const before = await balanceOf(actors.seller.address);

    // Twice: the second buyer remembers nothing of the first.
    for (let time = 0; time < 2; time++) {
      const buyer = start("buyer.ts", {
        ...buyerEnvironment(chain),
        API_URL: `http://127.0.0.1:${port}/weather`,
      });
      const [code] = await once(buyer.child, "exit");
      expect(code, buyer.output() + seller.output()).to.equal(0);
      expect(buyer.output().match(/200 for 1000 USDC units: \{"weather":"sunny"\}/g)).to.have.length(3);
    }
    expect(await balanceOf(actors.seller.address)).to.equal(before);

    seller.child.kill("SIGINT");
    const [sellerCode] = await once(seller.child, "exit");
    expect(sellerCode, seller.output()).to.equal(0);
    expect(await balanceOf(actors.seller.address)).to.equal(before + 6n * PRICE);
  });

  it("is short enough to copy", async () => {
    for (const [script, limit] of [
      ["seller.ts", 40],
      ["buyer.ts", 30],
    ] as const) {
      const lines = (await readFile(join(ROOT, "examples/voucher", script), "utf8")).trimEnd().split("\n");
      expect(lines.length, script).to.be.at.most(limit);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
