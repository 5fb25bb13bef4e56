import { formatUnits } from "viem";
import { newTable, percentile } from "../tables.ts";
import type { PaidRequest } from "../payOnce.ts";
import type { EscrowBooks } from "./books.ts";

/** What the demo measured. Gas is `gasUsed` of whole transactions. */
export interface Measurements {
  readonly requests: readonly PaidRequest[];
  /** Milliseconds that requests took, from the first to the last answer of each half. */
  readonly duration: number;
  readonly openGas: readonly bigint[];
  readonly settleGas: readonly bigint[];
  readonly escrows: readonly EscrowBooks[];
}

const count = (value: bigint | number) => value.toLocaleString("en-US");
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);

/** The tables of requests, of gas, and of what came from where. */
export function renderMeasurements({ requests, duration, openGas, settleGas, escrows }: Measurements): string {
  const latencies = requests.map(({ latency }) => latency);
  const traffic = newTable(["traffic", ""]);
  traffic.push(
    ["paid requests, all answered", count(requests.length)],
    ["paid for them", `${formatUnits(sum(requests.map(({ amount }) => amount)), 6)} USDC`],
    ["requests a second", (requests.length / (duration / 1000)).toFixed(0)],
    ["latency, median", `${percentile(latencies, 0.5).toFixed(1)} ms`],
    ["latency, 95 of 100", `${percentile(latencies, 0.95).toFixed(1)} ms`],
    ["transactions that opened, and their gas", `${openGas.length}: ${count(sum(openGas))}`],
    ["transactions that settled, and their gas", `${settleGas.length}: ${count(sum(settleGas))}`],
    ["gas of settling a request", count(sum(settleGas) / BigInt(requests.length))],
  );
  const paid = newTable(["paid, USDC", "from the wallet", "from the escrow"]);
  for (const { server, fromWallet, fromEscrow } of escrows) {
    paid.push([`to ${server}`, formatUnits(fromWallet, 6), formatUnits(fromEscrow, 6)]);
  }
  const total = (part: "fromWallet" | "fromEscrow") => formatUnits(sum(escrows.map((escrow) => escrow[part])), 6);
  paid.push(["sum", total("fromWallet"), total("fromEscrow")]);
  return `${traffic.toString()}\n${paid.toString()}`;
}
