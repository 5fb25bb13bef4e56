import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { createPublicClient, erc20Abi, http, type Address } from "viem";
import { USDC } from "../base/addresses.ts";
import { setBalance } from "../base/provider.ts";
import { examplePath, freePort, startExample, waitForOutput, type ExampleProcess } from "../helpers/exampleProcess.ts";
import type { Served } from "../helpers/servedBase.ts";

const PRICE = 1_000n;

type Environment = Readonly<Record<string, string>>;

/** The example of a family. */
export interface ExampleParameters<Chain extends Served> {
  readonly family: string;
  /** A Base with the contract of the family. */
  readonly serve: () => Promise<Chain>;
  readonly sellerEnvironment: (chain: Chain) => Environment;
  readonly buyerEnvironment: (chain: Chain) => Environment;
  readonly buyer: Address;
  readonly seller: Address;
  /** When the seller has its money: once it has answered, or when it stops. */
  readonly isPaid: "when it answers" | "when it stops";
}

/** Describes a seller and a buyer that run as their own processes. */
export function describeExample<Chain extends Served>(parameters: ExampleParameters<Chain>): void {
  const { family, sellerEnvironment, buyerEnvironment, isPaid } = parameters;

  describe(`the ${family} example`, function () {
    this.timeout(60_000);
    let chain: Chain;
    const children: ChildProcess[] = [];

    before(async () => {
      chain = await parameters.serve();
    });
    after(async () => {
      for (const child of children) child.kill("SIGKILL");
      await chain.close();
    });

    function start(script: string, env: Environment): ExampleProcess {
      const started = startExample(examplePath(family, script), env);
      children.push(started.child);
      return started;
    }

    const balanceOfSeller = () =>
      createPublicClient({ transport: http(chain.rpcUrl) }).readContract({
        address: USDC,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [parameters.seller],
      });

    it(`sells to a buyer without ETH, and is paid ${isPaid}`, async () => {
      await setBalance(chain.provider, parameters.buyer, 0n);
      const port = await freePort();
      const seller = start("seller.ts", { ...sellerEnvironment(chain), PORT: port.toString() });
      await waitForOutput(seller, "/weather");
      const before = await balanceOfSeller();

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
      const earned = 6n * PRICE;
      expect(await balanceOfSeller()).to.equal(isPaid === "when it answers" ? before + earned : before);

      seller.child.kill("SIGINT");
      const [sellerCode] = await once(seller.child, "exit");
      expect(sellerCode, seller.output()).to.equal(0);
      expect(await balanceOfSeller()).to.equal(before + earned);
    });

    it("is short enough to copy", async () => {
      for (const [script, limit] of [
        ["seller.ts", 40],
        ["buyer.ts", 30],
      ] as const) {
        const lines = (await readFile(examplePath(family, script), "utf8")).trimEnd().split("\n");
        expect(lines.length, script).to.be.at.most(limit);
      }
    });
  });
}
