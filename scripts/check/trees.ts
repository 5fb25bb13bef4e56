import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

/** Tests without branches: sequences of random calls, gas, and vectors from a file. */
const WITHOUT_TREE = /(\.invariant|\.gas|vectors)\.t\.sol$/;

/** Each leaf of a `.tree` is a test of the file beside it, and each test is a leaf. */
export const treesCheck: Check = {
  name: "trees of the Solidity tests",
  run: async () => {
    const trees = globSync("test/**/*.tree", { cwd: ROOT }).sort();
    if (trees.length === 0) return "There is no test/**/*.tree.";
    const without = globSync("test/{voucher,libraries}/*.t.sol", { cwd: ROOT })
      .filter((file) => !WITHOUT_TREE.test(file) && !existsSync(join(ROOT, file.replace(/\.t\.sol$/, ".tree"))))
      .map((file) => `${file}: there is no tree beside it.`);
    return [...without, ...trees.flatMap((tree) => compareFiles(tree))].join("\n");
  },
};

/** Cases that many verbs share stand in an abstract `<Name>Test.sol`. */
function compareFiles(tree: string): string[] {
  const name = tree.replace(/\.tree$/, "");
  const source = [`${name}.t.sol`, `${name}Test.sol`].find((path) => existsSync(join(ROOT, path)));
  if (source === undefined) return [`${tree}: there is no ${name}.t.sol beside it.`];
  return compareTree(read(tree), read(source)).map((problem) => `${tree}: ${problem}`);
}

/**
 * Compares a tree with its tests.
 *
 * @param tree - Text; a leaf begins with the name of its test, such as `── test_RevertWhen_X: refuses`.
 * @param source - Solidity with the tests.
 * @returns What does not match; empty when all does.
 */
export function compareTree(tree: string, source: string): string[] {
  // Two contracts of one file may have a test of one name.
  const leaves = count(tree, /── (test(?:Fuzz)?_\w+)/g);
  const tests = count(source, /function (test(?:Fuzz)?_\w+)\(/g);
  const problems: string[] = [];
  if (leaves.size === 0) problems.push("it has no leaf.");
  for (const [name, times] of leaves) {
    const expected = tests.get(name) ?? 0;
    if (expected === 0) problems.push(`${name} is a leaf, but no test.`);
    else if (times !== expected) problems.push(`${name} is a leaf ${times} times, and a test ${expected} times.`);
  }
  for (const name of tests.keys()) if (!leaves.has(name)) problems.push(`${name} is a test, but no leaf.`);
  return problems;
}

function count(text: string, pattern: RegExp): Map<string, number> {
  const times = new Map<string, number>();
  for (const [, name = ""] of text.matchAll(pattern)) times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
