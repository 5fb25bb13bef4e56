import { size } from "viem";
import { readDeployableContracts } from "./artifacts.ts";
import { writeSnapshot } from "./snapshot.ts";

/** Largest runtime code that a chain accepts (EIP-170), bytes. */
const RUNTIME_LIMIT = 24_576;

const sizes = readDeployableContracts().map(({ name, runtime }) => {
  const runtimeBytes = size(runtime);
  return [name, { runtimeBytes, marginBytes: RUNTIME_LIMIT - runtimeBytes }] as const;
});
writeSnapshot("size.json", Object.fromEntries(sizes));

for (const [name, { runtimeBytes, marginBytes }] of sizes) {
  if (marginBytes > 0) continue;
  console.error(`${name} has ${runtimeBytes} bytes of runtime code; it must stay under ${RUNTIME_LIMIT}.`);
  process.exitCode = 1;
}
