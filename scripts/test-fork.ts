import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import hre from "hardhat";
import { probeUpstream, UpstreamError } from "../test/fork/upstream.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs the fork tests against the node in `BASE_RPC_URL`. */
async function main(): Promise<void> {
  const url = process.env["BASE_RPC_URL"];
  if (url === undefined || url === "") {
    throw new UpstreamError(
      [
        "The fork tests need a node of Base. Set BASE_RPC_URL to its JSON-RPC address, for example:",
        "  BASE_RPC_URL=https://mainnet.base.org npm run test:fork",
        "Without a network, run `npm run chain` in another terminal and fork the local Base:",
        "  BASE_RPC_URL=http://127.0.0.1:8545 npm run test:fork",
      ].join("\n"),
    );
  }
  await probeUpstream(url);
  const testFiles = globSync("test/fork/*.test.ts", { cwd: root }).sort();
  process.chdir(root);
  await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
  const result = await hre.tasks.getTask(["test", "mocha"]).run({ testFiles, noCompile: true });
  if (!result.success) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UpstreamError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
