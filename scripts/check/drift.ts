import type { Check } from "./check.ts";
import { runCommand } from "./command.ts";

interface Generated {
  /** Writes the files anew. */
  readonly command: readonly [string, ...string[]];
  readonly paths: readonly string[];
}

/** Everything in the repository that a script writes. */
const GENERATED: readonly Generated[] = [
  { command: ["node", "scripts/setup/lock-stubs.mjs"], paths: ["package-lock.json"] },
  {
    command: ["npm", "run", "generate"],
    paths: ["client/abi", "typechain-types", "test/vectors", "deployments", "docs/reference"],
  },
  { command: ["node", "scripts/check/size.ts"], paths: ["snapshots/size.json"] },
  { command: ["node", "scripts/check/storage.ts"], paths: ["snapshots/storage"] },
  { command: ["node", "scripts/package/sizes.ts"], paths: ["snapshots/package.json"] },
  { command: ["npm", "run", "bench:gas"], paths: ["snapshots/gas.json"] },
  { command: ["node", "scripts/check/docs.ts"], paths: ["README.md", "docs"] },
];

/** Regenerates all of it. Whatever then differs from what is staged or committed was edited by hand or is out of date. */
export const driftCheck: Check = {
  name: "generated files are up to date",
  run: async () => {
    const problems: string[] = [];
    for (const { command, paths } of GENERATED) {
      const problem = await regenerate(command, paths);
      if (problem !== "") problems.push(problem);
    }
    return problems.join("\n");
  },
};

async function regenerate([command, ...parameters]: Generated["command"], paths: readonly string[]): Promise<string> {
  const title = [command, ...parameters].join(" ");
  const { code, output } = await runCommand(command, parameters);
  if (code !== 0) return `${output}\n\`${title}\` ended with exit code ${code}.`;

  const tracked = await runCommand("git", ["ls-files", "--", ...paths]);
  if (tracked.code !== 0) return `${tracked.output}\nThis check compares with git: run it in a clone.`;
  if (tracked.output.trim() === "") return `${paths.join(", ")}: written by \`${title}\` but not committed.`;

  const changed = await runCommand("git", ["diff", "--exit-code", "--", ...paths]);
  const added = await runCommand("git", ["ls-files", "--others", "--exclude-standard", "--", ...paths]);
  const differences = `${changed.output}${added.output}`.trim();
  if (differences === "") return "";
  return `${differences}\nNot what \`${title}\` writes. Review the difference and commit it.`;
}
