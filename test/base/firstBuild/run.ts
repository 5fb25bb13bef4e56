// Does what `npm run chain` does, in a clone where nothing was built before. Its last line says what was deployed.
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployInMemory } from "../../../scripts/deploy-in-memory.ts";
import { httpProvider } from "../provider.ts";
import { serveBase } from "../serve.ts";

const module = buildModule("Built", (m) => ({ built: m.contract("Built") }));
const server = await serveBase({ port: 0 });
try {
  console.log(JSON.stringify(await deployInMemory(httpProvider(server.url), module)));
} finally {
  await server.close();
}
// The development chain in this process would keep it alive.
process.exit();
