import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

/** Each leaf of a `.tree` is a test of the file beside it, and each test is a leaf. */
export const treesCheck: Check = {
  name: "trees of the Solidity tests",
  run: async () => {
    const trees = globSync("test/**/*.tree", { cwd: ROOT }).sort();
    if (trees.length === 0) return "There is no test/**/*.tree.";
    return trees.flatMap((tree) => compareFiles(tree)).join("\n");
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
 * @param tree - Text; a leaf begins with the name of its test, such as `test_RevertWhen_X: refuses`.
 * @param source - Solidity with the tests.
 * @returns What does not match; empty when all does.
 */
export function compareTree(tree: string, source: string): string[] {
  const leaves = [...tree.matchAll(/\b(test(?:Fuzz)?_\w+)/g)].map(([, name = ""]) => name);
  const tests = new Set([...source.matchAll(/function (test(?:Fuzz)?_\w+)\(/g)].map(([, name = ""]) => name));
  const problems: string[] = [];
  if (leaves.length === 0) problems.push("it has no leaf.");
  for (const [index, leaf] of leaves.entries()) {
    if (leaves.indexOf(leaf) !== index) problems.push(`${leaf} is a leaf twice.`);
    else if (!tests.has(leaf)) problems.push(`${leaf} is a leaf, but no test.`);
  }
  for (const test of tests) if (!leaves.includes(test)) problems.push(`${test} is a test, but no leaf.`);
  return problems;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
