import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT, runCommand } from "./command.ts";

/** A line of a contract that no Solidity test reaches, and why that is right. */
export interface CoverageException {
  readonly file: string;
  /** The line without its indentation. */
  readonly line: string;
  readonly reason: string;
}

/** The build that the tests run on; a coverage run replaces it with one that counts its own steps. */
const BUILD = ["artifacts", "cache"];

/** Every line of `contracts/` is reached by the Solidity tests, but for the exceptions listed with their reasons. */
export const coverageCheck: Check = {
  name: "coverage of the contracts",
  run: async () => {
    rmSync(join(ROOT, "coverage"), { recursive: true, force: true });
    moveBuild("", "coverage/build/");
    try {
      // Tests with a name of their own reach every line; random sequences would only repeat that, slowly. Counting steps costs gas.
      const parameters = ["test", "solidity", "--coverage", "--grep-exclude", "invariant_|testGas_"];
      const { code, output } = await runCommand("hardhat", parameters);
      return code === 0 ? judge() : output;
    } finally {
      for (const folder of BUILD) rmSync(join(ROOT, folder), { recursive: true, force: true });
      moveBuild("coverage/build/", "");
    }
  },
};

function moveBuild(from: string, to: string): void {
  for (const folder of BUILD) {
    if (!existsSync(join(ROOT, from, folder))) continue;
    mkdirSync(join(ROOT, to), { recursive: true });
    renameSync(join(ROOT, from, folder), join(ROOT, to, folder));
  }
}

function judge(): string {
  const exceptions = JSON.parse(read("scripts/check/coverage-exceptions.json")) as readonly CoverageException[];
  return compareCoverage(read("coverage/lcov.info"), exceptions, (file) => read(file).split("\n")).join("\n");
}

/**
 * Compares a coverage report with the exceptions.
 *
 * @param report - In the format of lcov.
 * @param exceptions - Lines that need not be reached.
 * @param linesOf - Reads a source file.
 * @returns What does not match, exceptions without an uncovered line included; empty when all does.
 */
export function compareCoverage(
  report: string,
  exceptions: readonly CoverageException[],
  linesOf: (file: string) => readonly string[],
): string[] {
  const lines = measuredLines(report);
  if (lines.length === 0) return ["The report measures no line of contracts/."];

  const unused = new Set(exceptions);
  const problems = lines.flatMap(({ file, number, isReached }) => {
    if (isReached) return [];
    const line = linesOf(file)[number - 1]?.trim() ?? "";
    const exception = exceptions.find((candidate) => candidate.file === file && candidate.line === line);
    if (exception === undefined) return [`${file}:${number} is reached by no Solidity test: ${line}`];
    unused.delete(exception);
    return [];
  });
  const stale = [...unused].map(
    ({ file, line }) => `${file}: no longer an exception, every such line is reached: ${line}`,
  );
  return [...problems, ...stale];
}

interface MeasuredLine {
  readonly file: string;
  readonly number: number;
  readonly isReached: boolean;
}

function measuredLines(report: string): MeasuredLine[] {
  return report.split("end_of_record").flatMap((section) => {
    const file = /^SF:(.+)$/m.exec(section)?.[1];
    if (file === undefined || !file.startsWith("contracts/")) return [];
    return [...section.matchAll(/^DA:(\d+),(\d+)$/gm)].map(([, number, count]) => ({
      file,
      number: Number(number),
      isReached: Number(count) > 0,
    }));
  });
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
