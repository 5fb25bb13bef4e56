import Table from "cli-table3";
import { formatEther, formatGwei } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { transactionLink, type ChainLabel } from "../chains/chains.ts";
import type { Dependency } from "../chains/dependencies.ts";
import type { DeployedEntry } from "../deployments/run.ts";
import type { Cost, Fees, Total } from "./costs.ts";
import { stateInWords, type Plan } from "./plan.ts";
import type { Receipt } from "./transactions.ts";

/** What a chain lacks, a line each. */
export function dependencyLines(dependencies: readonly Dependency[]): readonly string[] {
  return dependencies
    .filter(({ state }) => state !== "present")
    .map(
      ({ name, address, state, consequence }) =>
        `${name} is ${stateInWords(state)} at ${address}; without it, ${consequence}.`,
    );
}

/** What stands there already, in a line; nothing when nothing does. */
export function presentLine({ wanted, present }: Plan): string | undefined {
  if (present.size === 0) return undefined;
  const names = wanted.filter(({ name }) => present.has(name)).map(({ name }) => name);
  return `Already there, with the right code: ${names.join(", ")}.`;
}

/** What it will cost, before anything is sent. */
export function costTable(
  chain: ChainLabel,
  entries: readonly DeployedEntry[],
  costs: readonly Cost[],
  { fees, total, balance }: { fees: Fees; total: Total; balance: bigint | undefined },
): string {
  const hasDataFees = costs.some(({ dataFee }) => dataFee > 0n);
  const rows = costs.map(({ name, gas, dataFee }, place) => [
    name,
    entries[place]?.address ?? "",
    number(gas),
    formatEther(gas * fees.expected + dataFee),
  ]);
  const gas = costs.reduce((total, cost) => total + cost.gas, 0n);
  rows.push(["Total", "", number(gas), formatEther(total.expected)]);
  return [
    table(["Contract", "Address", "Gas about", `Fee about (${chain.coin})`], rows),
    `Fee per gas: about ${formatGwei(fees.expected)} gwei, at most ${formatGwei(fees.most)} gwei.` +
      (hasDataFees ? " The fees include the data on the chain below." : ""),
    `Cost: about ${formatEther(total.expected)} ${chain.coin}, at most ${formatEther(total.most)} ${chain.coin}.` +
      (balance === undefined ? "" : ` Balance of the deployer: ${formatEther(balance)} ${chain.coin}.`),
  ].join("\n");
}

/** One contract after the run. */
export interface Outcome {
  readonly entry: DeployedEntry;
  /** `undefined` when it was there before. */
  readonly receipt: Receipt | undefined;
}

/**
 * What was done.
 *
 * @param createX - Transactions that have placed CreateX.
 */
export function outcomeTable(
  chain: ChainLabel,
  outcomes: readonly Outcome[],
  createX: readonly Receipt[] = [],
): string {
  const link = ({ hash }: Receipt) => transactionLink(chain, hash) ?? hash;
  const rows = [
    ...createX.map((receipt) => ["CreateX", CREATEX, ...spent(receipt), link(receipt)]),
    ...outcomes.map(({ entry, receipt }) => [
      entry.name,
      entry.address,
      ...(receipt === undefined ? ["", "", "was there"] : [...spent(receipt), link(receipt)]),
    ]),
  ];
  const receipts = [...createX, ...sentIn(outcomes)];
  rows.push(["Total", "", ...sum(receipts), `${receipts.length} transactions`]);
  return table(["Contract", "Address", "Gas", `Fee (${chain.coin})`, "Transaction"], rows);
}

/** What would be done: gas as the copy used it, fees as the chain takes them now. */
export function rehearsalTable(chain: ChainLabel, outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ entry, receipt }) => [
    entry.name,
    entry.address,
    ...(receipt === undefined ? ["is there", ""] : spent(receipt)),
  ]);
  rows.push(["Total", "", ...sum(sentIn(outcomes))]);
  return table(["Contract", "Address", "Gas used", `Fee about (${chain.coin})`], rows);
}

function sentIn(outcomes: readonly Outcome[]): readonly Receipt[] {
  return outcomes.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt]));
}

function spent({ gasUsed, fee }: Pick<Receipt, "gasUsed" | "fee">): [string, string] {
  return [number(gasUsed), formatEther(fee)];
}

function sum(receipts: readonly Receipt[]): [string, string] {
  return spent({
    gasUsed: receipts.reduce((total, { gasUsed }) => total + gasUsed, 0n),
    fee: receipts.reduce((total, { fee }) => total + fee, 0n),
  });
}

function table(head: string[], rows: readonly string[][]): string {
  const colAligns = head.map((title) => (/^(Gas|Fee)/.test(title) ? ("right" as const) : ("left" as const)));
  const lines = new Table({ head, colAligns, style: { compact: true, head: [], border: [] } });
  lines.push(...rows.map((row) => [...row]));
  return lines.toString();
}

function number(value: bigint): string {
  return value.toLocaleString("en-US");
}
