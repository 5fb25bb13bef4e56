import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

const LIST = "docs/invariants.md";

/** Each invariant of the list has its function in the tests, and each such function is on the list. */
export const invariantsCheck: Check = {
  name: "invariants",
  run: async () => {
    const files = globSync("test/**/*.invariant.t.sol", { cwd: ROOT });
    if (files.length === 0) return "There is no test/**/*.invariant.t.sol.";
    const source = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
    return compareInvariants(readFileSync(join(ROOT, LIST), "utf8"), source).join("\n");
  },
};

/**
 * Compares the list with the tests.
 *
 * @param list - Markdown; a row of its tables begins with `| V1 |` and names its functions as `invariant_V1_...` in backticks.
 * @param source - Solidity of all invariant tests.
 * @returns What does not match; empty when all does.
 */
export function compareInvariants(list: string, source: string): string[] {
  const ids = [...list.matchAll(/^\| *([A-Z]\d+) *\|/gm)].map(([, id = ""]) => id);
  const listed = new Set([...list.matchAll(/`(invariant_\w+)`/g)].map(([, name = ""]) => name));
  const written = new Set([...source.matchAll(/function (invariant_\w+)\(/g)].map(([, name = ""]) => name));
  const problems: string[] = [];
  if (ids.length === 0) problems.push(`${LIST} lists no invariant.`);
  for (const id of ids) {
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`${LIST} lists ${id} twice.`);
    if (![...listed].some((name) => name.startsWith(`invariant_${id}_`))) problems.push(`${id} names no function.`);
  }
  for (const name of listed) if (!written.has(name)) problems.push(`${name} is in ${LIST}, but no test has it.`);
  for (const name of written) if (!listed.has(name)) problems.push(`${name} is tested, but ${LIST} does not list it.`);
  return problems;
}
