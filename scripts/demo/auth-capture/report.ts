import { formatUnits } from "viem";
import { newTable } from "../tables.ts";
import { movedBy, type Purchase } from "./books.ts";

/** A transaction of the demo, and what it cost. */
export interface Sent {
  readonly what: string;
  readonly gas: bigint;
}

/** Who got what of each purchase, and what the transactions cost. */
export function renderPurchases(purchases: readonly Purchase[], transactions: readonly Sent[]): string {
  const table = newTable(["purchase, USDC", "held", "to the seller", "back to the payer", "refunded by the seller"]);
  const usdc = (value: bigint) => formatUnits(value, 6);
  for (const purchase of purchases) {
    const moved = (["Authorized", "Captured", "Voided", "Refunded"] as const).map((type) => movedBy(purchase, type));
    table.push([`${purchase.agent}: ${purchase.title}`, ...moved.map(usdc)]);
  }
  const gas = newTable(["transaction", "gas"]);
  for (const { what, gas: used } of transactions) gas.push([what, used.toLocaleString("en-US")]);
  return `${table.toString()}\n${gas.toString()}`;
}
