import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT, runCommand } from "./command.ts";
import { isAcceptedWarning, type CompilerMessage } from "./warnings.ts";

/** Builds everything; a warning of the compiler is a failure, also one that was printed by an earlier build. */
export const buildCheck: Check = {
  name: "build without warnings",
  run: async () => {
    const { code, output } = await runCommand("hardhat", ["build"]);
    if (code !== 0) return output;
    const builds = globSync("artifacts/build-info/*.output.json", { cwd: ROOT });
    if (builds.length === 0) return "The build left no output.";
    return [...new Set(builds.flatMap((build) => unacceptedWarnings(readMessages(build))))].join("\n");
  },
};

/** Picks what is not on the list of accepted warnings, ready to print. */
export function unacceptedWarnings(messages: readonly CompilerMessage[]): string[] {
  return messages
    .filter(({ severity }) => severity !== "info")
    .filter((message) => !isAcceptedWarning(message))
    .map(({ formattedMessage }) => formattedMessage);
}

function readMessages(build: string): readonly CompilerMessage[] {
  const { output } = JSON.parse(readFileSync(join(ROOT, build), "utf8")) as {
    readonly output: { readonly errors?: readonly CompilerMessage[] };
  };
  return output.errors ?? [];
}
