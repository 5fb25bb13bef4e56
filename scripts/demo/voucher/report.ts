import { formatUnits } from "viem";
import { newTable, percentile } from "../tables.ts";
import type { PaidRequest } from "../payOnce.ts";

/** What the demo measured. Gas is `gasUsed` of whole transactions. */
export interface Measurements {
  readonly requests: readonly PaidRequest[];
  /** Milliseconds from the first request to the last answer. */
  readonly duration: number;
  readonly agents: number;
  readonly depositGas: readonly bigint[];
  readonly collectGas: readonly bigint[];
  readonly releaseGas: readonly bigint[];
  /** Gas of one plain USDC payment by signature, as the scheme `exact` sends it. */
  readonly exactGas: bigint;
}

/** What money costs in the table: stated there, not measured. */
const GAS_PRICE_GWEI = 0.05;
const USD_PER_ETH = 3_000;

const usdc = (amount: bigint) => `${formatUnits(amount, 6)} USDC`;
const count = (value: bigint | number) => value.toLocaleString("en-US");
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const usd = (gas: bigint) => `${((Number(gas) * GAS_PRICE_GWEI * USD_PER_ETH) / 1e9).toFixed(4)} USD`;

/** The table of requests, latency and cost. */
export function renderMeasurements(measured: Measurements): string {
  const { requests, duration, agents, exactGas } = measured;
  const latencies = requests.map(({ latency }) => latency);
  const total = BigInt(requests.length);
  const gas = sum(measured.depositGas) + sum(measured.collectGas) + sum(measured.releaseGas);
  const transactions = measured.depositGas.length + measured.collectGas.length + measured.releaseGas.length;

  const traffic = newTable(["traffic", ""]);
  traffic.push(
    ["agents", count(agents)],
    ["paid requests, all answered", count(requests.length)],
    ["paid for them", usdc(sum(requests.map(({ amount }) => amount)))],
    ["requests a second", (requests.length / (duration / 1000)).toFixed(0)],
    ["latency, median", `${percentile(latencies, 0.5).toFixed(1)} ms`],
    ["latency, 95 of 100", `${percentile(latencies, 0.95).toFixed(1)} ms`],
    ["latency, 99 of 100", `${percentile(latencies, 0.99).toFixed(1)} ms`],
  );

  const costs = newTable(["on-chain", "a payment for each request", "this escrow"]);
  const row = (name: string, exact: bigint, ours: bigint) => costs.push([name, count(exact), count(ours)]);
  row("transactions", total, BigInt(transactions));
  row("gas: first deposits, by signature", 0n, sum(measured.depositGas));
  row("gas: payments", total * exactGas, sum(measured.collectGas));
  row("gas: unused deposits returned", 0n, sum(measured.releaseGas));
  row("gas in all", total * exactGas, gas);
  row("gas a request", exactGas, gas / total);
  row("gas a request, without opening and closing", exactGas, sum(measured.collectGas) / total);
  costs.push(["cost", usd(total * exactGas), usd(gas)]);

  return [
    traffic.toString(),
    costs.toString(),
    `Cost at ${GAS_PRICE_GWEI} gwei and ${count(USD_PER_ETH)} USD an ETH, without the rollup's data fee.`,
  ].join("\n");
}
