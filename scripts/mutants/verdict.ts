import type { CommandResult } from "../check/command.ts";
import { countTests } from "../check/counts.ts";

/** `found`: an invariant was violated. `survived`: every campaign passed. `broken`: neither, so this says nothing about the campaign. */
export interface Verdict {
  readonly outcome: "found" | "survived" | "broken";
  /** First violation, or why there is none. */
  readonly what: string;
}

/** The runner asks each invariant before the first action, too, and says so in front of a violation that is there from the start. */
const VIOLATION = /^\s*Error: (?:failed to set up invariant testing environment: )?([A-Z]\d+ in .*)$/m;

/** Reads what a campaign says of a bug. A crash, a revert of the campaign itself, or no test at all is no verdict. */
export function readVerdict({ code, output }: Pick<CommandResult, "code" | "output">): Verdict {
  const violation = VIOLATION.exec(output)?.[1];
  if (violation !== undefined) return { outcome: "found", what: violation };
  const { passed, failed } = countTests(output);
  if (code === 0 && passed !== 0 && failed === 0) return { outcome: "survived", what: "every campaign passed" };
  return { outcome: "broken", what: `the campaign failed without a violation\n${output.slice(-4_000)}` };
}
