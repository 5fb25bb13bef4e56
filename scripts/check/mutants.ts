import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FAMILIES } from "../mutants/families.ts";
import { type Mutant, plant } from "../mutants/mutant.ts";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

/** Every bug of `npm run test:mutants` can still be planted. */
export const mutantsCheck: Check = {
  name: "planted bugs",
  run: async () =>
    Object.values(FAMILIES)
      .flatMap(({ mutants }) => findStale(mutants, (file) => readFileSync(join(ROOT, "contracts", file), "utf8")))
      .join("\n"),
};

/**
 * Plants every bug of a family and forgets it.
 *
 * @param read - Gives the source of a file below `contracts/`.
 * @returns Why a bug cannot be planted, and names that two bugs share; empty when all is well.
 */
export function findStale(mutants: readonly Mutant[], read: (file: string) => string): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const mutant of mutants) {
    if (names.has(mutant.name)) problems.push(`Two planted bugs are called "${mutant.name}".`);
    names.add(mutant.name);
    try {
      plant(read(mutant.file), mutant);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return problems;
}
