import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { network } from "hardhat";
import { forkBase } from "../fork/fork.ts";
import { probeUpstream, UpstreamError } from "../fork/upstream.ts";
import { CANONICAL_CONTRACTS } from "./names.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const HARDHAT = fileURLToPath(new URL("./cli.js", import.meta.resolve("hardhat")));
const LONGEST_TEST = 180_000;
const LONGEST_RUN = 150_000;

interface Run {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Exit code, once the process has ended. */
  readonly ended: Promise<number | null>;
}

/** Runs a script of this project in a process of its own; `upstream` becomes its `BASE_RPC_URL`. */
function run(script: string, parameters: string[], upstream = ""): Run {
  const child = spawn(process.execPath, [script, ...parameters], {
    cwd: root,
    env: { ...process.env, BASE_RPC_URL: upstream, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    // Sooner than the test's own limit, so that a process that hangs fails the test and ends with it.
    timeout: LONGEST_RUN,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return { process: child, output: () => output, ended: once(child, "close").then(([code]) => code as number | null) };
}

/** Waits for a line and returns its first group. */
async function line({ output, ended }: Run, pattern: RegExp): Promise<string> {
  let running = true;
  void ended.then(() => (running = false));
  for (;;) {
    const match = pattern.exec(output());
    if (match?.[1] !== undefined) return match[1];
    if (!running) throw new Error(`The process ended without ${pattern}:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("The fork path", function () {
  this.timeout(LONGEST_TEST);

  it("runs the fork tests against a local Base that `npm run chain` serves, and leaves nothing behind", async () => {
    const chain = run("scripts/chain.ts", ["--port", "0"]);
    try {
      const url = await line(chain, /listens at (http:\/\/127\.0\.0\.1:\d+)/);
      const tests = run("scripts/test-fork.ts", [], url);
      const exitCode = await tests.ended;
      expect(exitCode, tests.output()).to.equal(0);
      expect(Number(/(\d+) passing/.exec(tests.output())?.[1]), tests.output()).to.be.greaterThan(0);
      expect(tests.output()).to.contain("VoucherEscrow on the forked Base");
      expect(tests.output()).to.contain(`The upstream's own: ${CANONICAL_CONTRACTS.join(", ")}\n`);

      chain.process.kill("SIGINT");
      expect(await chain.ended, chain.output()).to.equal(0);
      const error = await probeUpstream(url).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(UpstreamError);
    } finally {
      chain.process.kill("SIGKILL");
      await chain.ended;
    }
  });

  it("places on the fork what the upstream lacks", async () => {
    // In a process of its own: a fork waits for its upstream without letting this process answer.
    const node = run(HARDHAT, ["--network", "localBase", "node", "--hostname", "127.0.0.1", "--port", "0"]);
    try {
      const base = await forkBase(await probeUpstream(await line(node, /server at (http:\/\/127\.0\.0\.1:\d+)/)));
      expect(base.placements.map(({ name, source }) => [name, source])).to.deep.equal(
        CANONICAL_CONTRACTS.map((name) => [name, "placed"]),
      );
      await base.close();
    } finally {
      node.process.kill("SIGKILL");
      await node.ended;
    }
  });

  it("refuses an upstream of another chain", async () => {
    const override = { chainId: 10 };
    const server = await network.createServer({ network: "localBase", chainType: "op", override }, "127.0.0.1", 0);
    const { port } = await server.listen();
    try {
      const error = await probeUpstream(`http://127.0.0.1:${port}`).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(UpstreamError);
      expect((error as UpstreamError).message).to.contain("has chain id 10. Set it to a node of Base (chain id 8453)");
    } finally {
      await server.close();
    }
  });

  it("says what to set when BASE_RPC_URL is missing", async () => {
    const tests = run("scripts/test-fork.ts", []);
    expect(await tests.ended).to.equal(1);
    expect(tests.output()).to.contain("Set BASE_RPC_URL");
  });
});
