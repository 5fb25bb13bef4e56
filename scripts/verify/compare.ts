import { size, type Address, type Hex } from "viem";
import { getCode, type Provider } from "../../test/base/provider.ts";
import type { DeployedEntry } from "../deployments/run.ts";
import type { Family } from "../deployments/types.ts";

/** Whether a contract stands on a chain. */
export type State = "ok" | "missing" | "different";

/** One contract of this project on a chain. */
export interface Comparison {
  /** Unique; a contract that another one has deployed goes by its own name. */
  readonly name: string;
  readonly family: Family;
  readonly address: Address;
  readonly state: State;
  /** Where the code differs; empty unless it does. */
  readonly difference: string;
}

/** Compares the code on a chain with the build, byte for byte; what a constructor deploys comes right after its contract. */
export async function compareContracts(
  provider: Provider,
  entries: readonly DeployedEntry[],
): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = [];
  // One after the other: public nodes refuse whoever asks too much at once.
  for (const { name, family, address, runtimeCode, creates } of entries) {
    comparisons.push(await compare(provider, { name, family, address, runtimeCode }));
    for (const { contract, ...created } of creates) {
      comparisons.push(await compare(provider, { name: contract, family, ...created }));
    }
  }
  return comparisons;
}

async function compare(
  provider: Provider,
  expected: Pick<Comparison, "name" | "family" | "address"> & { readonly runtimeCode: Hex },
): Promise<Comparison> {
  const { name, family, address, runtimeCode } = expected;
  const code = await getCode(provider, address);
  const difference = code === "0x" ? "" : describeDifference(code.toLowerCase() as Hex, runtimeCode);
  const state = code === "0x" ? "missing" : difference === "" ? "ok" : "different";
  return { name, family, address, state, difference };
}

/** Says where two codes differ first; empty when they do not. */
export function describeDifference(actual: Hex, expected: Hex): string {
  if (actual === expected) return "";
  const [is, should] = [size(actual), size(expected)];
  if (is !== should) return `it has ${count(is)} bytes, and the build ${count(should)}`;
  const place =
    Array.from({ length: is }, (_, at) => at).find((at) => byteAt(actual, at) !== byteAt(expected, at)) ?? 0;
  return `byte ${count(place)} of ${count(is)} is 0x${byteAt(actual, place)}, and 0x${byteAt(expected, place)} in the build`;
}

function byteAt(code: Hex, place: number): string {
  return code.slice(2 + 2 * place, 4 + 2 * place);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
