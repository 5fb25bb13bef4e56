import type { Abi } from "viem";

/** What exists under the names of verbs. */
export interface Traces {
  /** Files of the project under their paths; only the asked ones need to be there. */
  readonly exists: (path: string) => boolean;
  readonly read: (path: string) => string;
  /** Ids of the rows of snapshots/gas.json. */
  readonly gasRows: readonly string[];
}

/** State-changing functions that nobody can call but the escrow itself; each is tested and described with its verb. */
const SELF_CALLS: Readonly<Record<string, string>> = {
  flushAccount: "isolates one account of flushAllWithAuthorization",
  collectGroup: "isolates one group of collectBatch",
};

/** Functions that are a verb in the form of a scheme's original design; they may share the verb's test and page. */
const ORIGINAL_FORMS: Readonly<Record<string, string>> = {
  clientCloseEscrow: "closeEscrow",
  serverCloseEscrow: "closeEscrow",
};

/** Verbs whose gas row says more than the verb does. */
const GAS_ROWS: Readonly<Record<string, string>> = { "auth-capture.deploy": "authCapture.deployOperator" };

const SUFFIX = "WithAuthorization";

/** Names of the functions that users call to change state. */
export function stateChangingFunctions(abi: Abi): readonly string[] {
  return abi.flatMap((item) => {
    if (item.type !== "function" || item.stateMutability === "view" || item.stateMutability === "pure") return [];
    return item.name in SELF_CALLS ? [] : [item.name];
  });
}

/**
 * Follows a verb through every layer: test and tree, client action, page, gas row.
 * A function that does a verb by signature may share the test and the page of the verb; both then name it.
 *
 * @param family - Folder of the family, and in camel case the prefix of its gas rows.
 * @returns What is missing; empty when nothing is.
 */
export function missingTraces(family: string, name: string, { exists, read, gasRows }: Traces): readonly string[] {
  const problems: string[] = [];
  const verb = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : (ORIGINAL_FORMS[name] ?? name);

  const homeOf = (pathOf: (word: string) => string): string | undefined => {
    if (exists(pathOf(name))) return pathOf(name);
    const shared = pathOf(verb);
    return verb !== name && exists(shared) && new RegExp(`\\b${name}\\b`).test(read(shared)) ? shared : undefined;
  };

  const test = homeOf((word) => `test/${family}/${word}.t.sol`);
  if (test === undefined) problems.push(`${name} has no test/${family}/${name}.t.sol`);
  else if (!exists(test.replace(/\.t\.sol$/, ".tree"))) problems.push(`${test} has no .tree beside it`);

  if (homeOf((word) => `docs/${family}/${word}.md`) === undefined) {
    problems.push(`${name} has no docs/${family}/${name}.md`);
  }

  const action = `client/${family}/actions/${name}.ts`;
  if (!exists(action)) problems.push(`${name} has no ${action}`);
  const prefix = family.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const gasRow = GAS_ROWS[`${family}.${name}`] ?? `${prefix}.${name}`;
  if (!gasRows.includes(gasRow)) problems.push(`${name} has no gas row ${gasRow}`);
  return problems;
}
