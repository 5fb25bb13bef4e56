import { smallest } from "../../core/amounts.ts";

const AMOUNT = /^(?:0|[1-9][0-9]{0,77})$/;

/** Whether a value is an amount as it stands on the wire: a decimal string. */
export function isAmount(value: unknown): value is string {
  return typeof value === "string" && AMOUNT.test(value);
}

/** The smallest of the limits that are set; undefined when none is. */
export function tightest(limits: readonly (bigint | undefined)[]): bigint | undefined {
  return limits.reduce((least, limit) => {
    if (least === undefined || limit === undefined) return least ?? limit;
    return smallest(least, limit);
  }, undefined);
}

/** Adds amounts up. */
export function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}
