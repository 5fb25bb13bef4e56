import { network } from "hardhat";
import type { NodeOptions } from "./chains.ts";

// Serves chains until the process that started this one goes away. A fork waits for its upstream without letting its own process
// answer, so the chains of the tests are not in the process of the tests.
process.on("message", (options: NodeOptions) => {
  void serve(options).then((url) => process.send?.({ url }));
});
process.on("disconnect", () => process.exit());
process.send?.({ ready: true });

async function serve({ chainId, chainType, hardfork, intervalMs }: NodeOptions): Promise<string> {
  const slowly = { mining: { auto: false, interval: intervalMs ?? 0 }, allowBlocksWithSameTimestamp: true };
  const mining = intervalMs === undefined ? {} : slowly;
  const override = { chainId, ...(hardfork === undefined ? {} : { hardfork }), ...mining };
  const server = await network.createServer({ network: "default", chainType, override }, "127.0.0.1", 0);
  const { port } = await server.listen();
  return `http://127.0.0.1:${port}`;
}
