import type { CommandResult } from "../check/command.ts";
import { countTests } from "../check/counts.ts";

/** `found`: an invariant was violated. `survived`: every campaign passed. `broken`: neither, so this says nothing about the campaign. */
export interface Verdict {
  readonly outcome: "found" | "survived" | "broken";
  /** First violation, or why there is none. */
  readonly what: string;
}

/** Reads what a campaign says of a bug. A crash, a revert of the campaign itself, or no test at all is no verdict. */
export function readVerdict({ code, output }: Pick<CommandResult, "code" | "output">): Verdict {
  const violation = /^\s*Error: ([A-Z]\d+ in .*)$/m.exec(output)?.[1];
  if (violation !== undefined) return { outcome: "found", what: violation };
  const { passed, failed } = countTests(output);
  if (code === 0 && passed !== 0 && failed === 0) return { outcome: "survived", what: "every campaign passed" };
  return { outcome: "broken", what: `the campaign failed without a violation\n${output.slice(-4_000)}` };
}
