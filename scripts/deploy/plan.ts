import { keccak256 } from "viem";
import { getCode, type Provider } from "../../test/base/provider.ts";
import { ESCROWS, findDependency, type Dependency } from "../chains/dependencies.ts";
import type { CatalogEntry } from "../deployments/catalog.ts";
import type { DeployedEntry } from "../deployments/run.ts";
import { FAMILIES, type Canonical, type Family } from "../deployments/types.ts";
import { FamilyError, NotCanonicalError, WrongCodeError } from "./errors.ts";

/** What a chain has, and what it lacks. */
export interface Plan {
  /** Everything of the families that work on the chain, in the order of deployment. */
  readonly wanted: readonly DeployedEntry[];
  /** Which of it stands there already, by name. */
  readonly present: ReadonlySet<string>;
}

/**
 * Reads `--families`: names with commas between; all of them when it says nothing.
 *
 * @throws {FamilyError} a name is none of a family.
 */
export function parseFamilies(text: string | undefined): readonly Family[] {
  if (text === undefined) return FAMILIES;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !FAMILIES.some((family) => family === name));
  if (unknown.length > 0) {
    throw new FamilyError(
      `There is no family ${unknown.map((name) => `"${name}"`).join(", ")}. The families are ${FAMILIES.join(", ")}.`,
    );
  }
  return FAMILIES.filter((family) => names.includes(family));
}

/** Leaves out the families that could do nothing on a chain, and says why. */
export function selectFamilies(
  wanted: readonly Family[],
  dependencies: readonly Dependency[],
): { readonly families: readonly Family[]; readonly leftOut: readonly string[] } {
  const escrows = ESCROWS.map((name) => findDependency(dependencies, name));
  if (!wanted.includes("auth-capture") || escrows.some(({ state }) => state === "present")) {
    return { families: wanted, leftOut: [] };
  }
  const where = escrows.map(({ name, address, state }) => `${name} at ${address} is ${stateInWords(state)}`).join(", ");
  const families = wanted.filter((family) => family !== "auth-capture");
  const line = `auth-capture is left out: it needs Base's escrow, and ${where}. Run again when the chain has it.`;
  if (families.length === 0) throw new FamilyError(`There is nothing to deploy. ${line}`);
  return { families, leftOut: [line] };
}

/** A state in words. */
export function stateInWords(state: Dependency["state"]): string {
  return state === "other" ? "another contract" : state;
}

/**
 * Compares a build with the canonical addresses.
 *
 * @throws {NotCanonicalError} it would put something elsewhere.
 */
export function requireCanonical(catalog: readonly CatalogEntry[], canonical: Canonical): void {
  const addresses = new Map(canonical.contracts.map(({ name, address }) => [name, address]));
  const moved = catalog.filter(({ name, address }) => addresses.get(name) !== address).map(({ name }) => name);
  if (moved.length > 0) throw new NotCanonicalError(moved);
}

/**
 * Looks what stands at the addresses already, whoever deployed it.
 *
 * @throws {WrongCodeError} something else stands there.
 */
export async function readPlan(
  provider: Provider,
  catalog: readonly DeployedEntry[],
  families: readonly Family[],
): Promise<Plan> {
  const wanted = catalog.filter(({ family }) => families.includes(family));
  const present = new Set<string>();
  for (const { name, address, runtimeCodeHash } of wanted) {
    const code = await getCode(provider, address);
    if (code === "0x") continue;
    if (keccak256(code) !== runtimeCodeHash) throw new WrongCodeError(name, address);
    present.add(name);
  }
  return { wanted, present };
}

/** What has to be sent. */
export function missingOf({ wanted, present }: Plan): readonly DeployedEntry[] {
  return wanted.filter(({ name }) => !present.has(name));
}
