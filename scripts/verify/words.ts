import Table from "cli-table3";
import { ESCROWS, findDependency, type Dependency } from "../chains/dependencies.ts";
import type { Comparison, State } from "./compare.ts";

/** What does not work on a chain without a contract of this project. */
const CONSEQUENCES: Readonly<Record<string, string>> = {
  VoucherEscrow: "the family voucher, which is the scheme deferred, does not work there",
  FlashSettlement: "the family flash does not work there",
  SignedRefundCollector: "refunds by signature fail on the escrow v1.1",
  SignedRefundCollectorV1_0: "refunds by signature fail on the escrow v1.0",
  TermsOperatorFactory: "no operator of auth-capture can be deployed or recognized there",
  TermsOperator: "operators on the escrow v1.1 do nothing",
  TermsOperatorV1_0: "operators on the escrow v1.0 do nothing",
};

const DEPENDENCY_STATES: Readonly<Record<Dependency["state"], State>> = {
  present: "ok",
  absent: "missing",
  other: "different",
};

/** Every contract, ours first. */
export function reportTable(comparisons: readonly Comparison[], dependencies: readonly Dependency[]): string {
  const table = new Table({
    head: ["Contract", "Of", "Address", "Code"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, family, address, state } of comparisons) table.push([name, family, address, state]);
  for (const { name, address, state } of dependencies) table.push([name, "others", address, DEPENDENCY_STATES[state]]);
  return table.toString();
}

/** What follows from each contract that is not as it should be, a line each. */
export function consequenceLines(
  network: string,
  comparisons: readonly Comparison[],
  dependencies: readonly Dependency[],
): readonly string[] {
  return [
    ...comparisons
      .filter(({ state }) => state !== "ok")
      .map((comparison) => lineOfOurs(network, comparison, isWrong(comparison, dependencies))),
    ...dependencies.filter(({ state }) => state !== "present").map(lineOfOthers),
  ];
}

/** Whether a contract should be there and is not, or is another. Without Base's escrow nobody misses what works with it. */
export function isWrong({ family, state }: Comparison, dependencies: readonly Dependency[]): boolean {
  if (state !== "missing") return state === "different";
  return family !== "auth-capture" || ESCROWS.some((name) => findDependency(dependencies, name).state === "present");
}

/** The whole, in a line. */
export function summaryLine(comparisons: readonly Comparison[], wrong: number): string {
  if (wrong > 0) return `${wrong} of ${comparisons.length} contracts of x402-escrow are missing or different.`;
  return comparisons.every(({ state }) => state === "ok")
    ? "Everything of x402-escrow is there, with the right code."
    : "Everything of x402-escrow that can work there is there, with the right code.";
}

function lineOfOurs(network: string, { name, family, state, difference }: Comparison, wanted: boolean): string {
  const consequence = CONSEQUENCES[name] ?? "what needs it fails";
  if (state === "different") {
    return `${name} is different: ${difference}. Do not use it: ${consequence} as it is documented.`;
  }
  if (!wanted)
    return `${name} is missing, which changes nothing: its family needs Base's escrow, and that is not there.`;
  return `${name} is missing: ${consequence}. \`npm run deploy -- --network ${network} --families ${family}\` deploys it.`;
}

function lineOfOthers({ name, state, consequence }: Dependency): string {
  return state === "absent"
    ? `${name} is missing: without it, ${consequence}.`
    : `${name} is different: another contract stands there, and without the right one, ${consequence}.`;
}
