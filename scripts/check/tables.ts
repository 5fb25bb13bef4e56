import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";
import { documents, withoutCode } from "./markdown.ts";

/** Every row of a document's tables has the cells of its header. */
export const tablesCheck: Check = {
  name: "tables of the documents",
  run: async () =>
    documents()
      .flatMap((path) => unevenRows(path, readFileSync(join(ROOT, path), "utf8")))
      .join("\n"),
};

/**
 * Finds the rows that have another number of cells than their header, as a `|` without a backslash makes.
 *
 * @returns One line a row: document, line number, and both numbers.
 */
export function unevenRows(document: string, text: string): string[] {
  let header = 0;
  return withoutCode(text)
    .split("\n")
    .flatMap((line, index) => {
      const cells = countCells(line);
      if (cells === 0 || header === 0) header = cells;
      return cells === header ? [] : [`${document}:${index + 1}: ${cells} cells under a header of ${header}`];
    });
}

/** GitHub splits a row at every bar without a backslash, inside of code too. */
function countCells(line: string): number {
  return line.startsWith("|") ? (line.match(/(?<!\\)\|/g)?.length ?? 0) - 1 : 0;
}
