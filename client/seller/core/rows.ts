/** Rows of the databases, as every store reads them. */

/** A row as a database gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** Reads a column of text. */
export function text(row: Row, column: string): string {
  return String(row[column]);
}

/** Reads an integer, written as one or as decimal text: amounts have more bits than the integers of a database. */
export function integer(row: Row, column: string): bigint {
  return BigInt(text(row, column));
}
