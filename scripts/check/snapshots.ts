/** Writes the snapshots that follow from the build, then the documents that quote them. Gas has a command of its own, because it is measured. */
import { runCommand } from "./command.ts";

const STEPS = [
  ["hardhat", "build"],
  ["node", "scripts/check/size.ts"],
  ["node", "scripts/check/storage.ts"],
  ["node", "scripts/package/sizes.ts"],
  ["node", "scripts/check/docs.ts"],
] as const;

for (const [command, ...parameters] of STEPS) {
  const { code, output } = await runCommand(command, parameters);
  console.log(output.trim());
  if (code !== 0) process.exit(1);
}
