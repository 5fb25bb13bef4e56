/** One bug: pieces of a contract, each of which stands there exactly once, and what they become. */
export interface Mutant {
  /** What goes wrong, in a few words. */
  readonly name: string;
  /** Below `contracts/`. */
  readonly file: string;
  readonly changes: readonly Change[];
}

interface Change {
  readonly search: string;
  readonly replace: string;
}

/** Contracts, the campaign that must find each bug in them, and the bugs. */
export interface Family {
  /** Sources of the contracts that are deployed; their artifacts lie below `artifacts/` under the same names. */
  readonly contracts: readonly string[];
  readonly campaign: string;
  /** Patterns that choose the tests of the campaign, most telling first: the next one is run where one finds nothing. */
  readonly stages: readonly string[];
  readonly mutants: readonly Mutant[];
}

export function mutant(name: string, file: string, ...pairs: readonly (readonly [string, string])[]): Mutant {
  return { name, file, changes: pairs.map(([search, replace]) => ({ search, replace })) };
}

/** Makes the mutant's changes. Throws where a piece does not stand exactly once: the contract has changed, and the mutant must follow. */
export function plant(source: string, { name, file, changes }: Mutant): string {
  let mutated = source;
  for (const { search, replace } of changes) {
    const times = mutated.split(search).length - 1;
    if (times !== 1) throw new Error(`"${name}" stands ${times} times in contracts/${file}, not once:\n${search}`);
    mutated = mutated.replace(search, () => replace);
  }
  return mutated;
}
