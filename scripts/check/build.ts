import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT, runCommand } from "./command.ts";

/** What the compiler says, as a build's output file keeps it. */
export interface CompilerMessage {
  readonly severity: "error" | "warning" | "info";
  readonly errorCode?: string;
  readonly sourceLocation?: { readonly file: string };
  readonly formattedMessage: string;
}

/** Warnings that do not matter, each with the reason. */
const ACCEPTED = [
  {
    code: "2394",
    file: /^npm\/@openzeppelin\/contracts@[^/]+\/utils\/TransientSlot\.sol$/,
    reason:
      "The reentrancy guard clears its slot at the end of every call, the case that the warning itself calls safe.",
  },
  {
    code: "2424",
    file: /^npm\/solady@[^/]+\//,
    reason: "Solady marks its assembly as memory-safe in the older form, for older compilers.",
  },
  { code: "5574", file: /^project\/test\//, reason: "Tests are not deployed on a chain that limits their size." },
  { code: "3860", file: /^project\/test\//, reason: "Tests are not deployed on a chain that limits their initcode." },
] as const;

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
    .filter(({ errorCode, sourceLocation }) => {
      const path = sourceLocation?.file ?? "";
      return !ACCEPTED.some(({ code, file }) => code === errorCode && file.test(path));
    })
    .map(({ formattedMessage }) => formattedMessage);
}

function readMessages(build: string): readonly CompilerMessage[] {
  const { output } = JSON.parse(readFileSync(join(ROOT, build), "utf8")) as {
    readonly output: { readonly errors?: readonly CompilerMessage[] };
  };
  return output.errors ?? [];
}
