import type { PaymentRecord } from "../types.ts";

/** Records as text. Amounts and times have more bits than JSON's numbers; they are marked as what they are. */

const MARK = "#";

/** Writes a record. */
export function stringifyRecord(record: PaymentRecord): string {
  return JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? `${MARK}${value}` : value));
}

/** Reads a record that {@link stringifyRecord} wrote. None of its texts begins with the mark: they are hex and names. */
export function parseRecord(text: string): PaymentRecord {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as PaymentRecord;
}
