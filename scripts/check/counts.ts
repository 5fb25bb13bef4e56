export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** What a test runner's output says. */
export interface TestCounts extends Counts {
  readonly skipped: number;
  /** Passed tests that were printed before the summary; for progress. */
  readonly marked: number;
}

/** Reads the summary that Hardhat's Solidity runner and mocha print alike: `12 passing`, `1 failing`, `2 pending` or `2 skipped`. */
export function countTests(output: string): TestCounts {
  return {
    passed: lastNumber(output, /^\s*(\d+) passing\b/gm),
    failed: lastNumber(output, /^\s*(\d+) failing\b/gm),
    skipped: lastNumber(output, /^\s*(\d+) (?:pending|skipped)\b/gm),
    marked: output.match(/^\s+✔ /gm)?.length ?? 0,
  };
}

function lastNumber(output: string, pattern: RegExp): number {
  const match = [...output.matchAll(pattern)].at(-1);
  return Number(match?.[1] ?? 0);
}
