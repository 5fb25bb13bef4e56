import { computeCanonical } from "../deployments/canonical.ts";
import { readCatalog } from "../deployments/catalog.ts";
import type { Canonical, CanonicalRecord } from "../deployments/types.ts";
import { readCanonical } from "../deployments/write.ts";
import type { Check } from "./check.ts";

/** The build gives the addresses of `deployments/canonical.json`, which users, documents and the package have. */
export const addressesCheck: Check = {
  name: "addresses do not move",
  run: async () => explainMoves(await readCanonical(), await computeCanonical(await readCatalog())).join("\n"),
};

/**
 * Says which contracts are not where they are recorded, and what has moved them.
 *
 * @param recorded - What the repository says.
 * @param computed - What the build gives.
 * @returns Lines to print; empty when all is as recorded.
 */
export function explainMoves(recorded: Canonical, computed: Canonical): readonly string[] {
  const common = commonReasons(recorded, computed);
  const moves = [
    ...computed.contracts.flatMap((contract) => explainContract(find(recorded, contract.name), contract, common)),
    ...recorded.contracts
      .filter(({ name }) => find(computed, name) === undefined)
      .map(({ name, address }) => `${name} is recorded at ${address}, and no module deploys it.`),
  ];
  if (moves.length === 0) return common.map((reason) => `No address moves, but ${reason}. ${REMEDY}`);
  return [...moves, REMEDY];
}

const REMEDY =
  "If this is meant, run `npm run generate`, review deployments/canonical.json and commit it: what is deployed already stays where it was.";

/** What moves every contract. */
function commonReasons(recorded: Canonical, computed: Canonical): readonly string[] {
  return [
    ...differences("the factory", recorded.factory, computed.factory),
    ...differences("the salt", recorded.salt, computed.salt),
    ...differences("the compiler", recorded.compiler.version, computed.compiler.version),
    ...differences("the setting", recorded.compiler.settings, computed.compiler.settings),
  ];
}

function explainContract(
  before: CanonicalRecord | undefined,
  after: CanonicalRecord,
  common: readonly string[],
): readonly string[] {
  if (before === undefined) return [`${after.name} is deployed to ${after.address}, which is recorded nowhere.`];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const own = differences("its argument", before.constructorArguments, after.constructorArguments);
  const reasons = [...common, ...own];
  const why = reasons.length > 0 ? reasons.join("; ") : "its source or that of a library in it has changed";
  if (before.address !== after.address)
    return [`${after.name} moves from ${before.address} to ${after.address}: ${why}.`];
  return [`${after.name} stays at ${after.address}, but what is recorded of it is not what the build gives: ${why}.`];
}

function find({ contracts }: Canonical, name: string): CanonicalRecord | undefined {
  return contracts.find((contract) => contract.name === name);
}

/** Where two values of JSON differ, leaf by leaf: `the setting optimizer.runs is 300, was 200`. */
function differences(what: string, before: unknown, after: unknown, path: readonly string[] = []): readonly string[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(what, before[key], after[key], [...path, key]));
  }
  if (before === after) return [];
  const subject = path.length === 0 ? what : `${what} ${path.join(".")}`;
  return [`${subject} is ${show(after)}, was ${show(before)}`];
}

function show(value: unknown): string {
  if (value === undefined) return "absent";
  return isRecord(value) ? JSON.stringify(value) : String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
