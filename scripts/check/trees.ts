import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

/** Tests without branches: sequences of random calls, gas, and vectors from a file. */
const WITHOUT_TREE = /(\.invariant|\.gas|vectors)\.t\.sol$/;

/** Each leaf of a `.tree` says what a test of the file beside it shows, and each test is a leaf. */
export const treesCheck: Check = {
  name: "trees of the Solidity tests",
  run: async () => {
    const trees = globSync("test/**/*.tree", { cwd: ROOT }).sort();
    if (trees.length === 0) return "There is no test/**/*.tree.";
    const without = globSync("test/{voucher,flash,auth-capture,libraries}/*.t.sol", { cwd: ROOT })
      .filter((file) => !WITHOUT_TREE.test(file) && !existsSync(join(ROOT, file.replace(/\.t\.sol$/, ".tree"))))
      .map((file) => `${file}: there is no tree beside it.`);
    const shared = new Set(trees.map((tree) => `${basename(tree, ".tree")}Test`));
    return [...without, ...trees.flatMap((tree) => compareFiles(tree, shared))].join("\n");
  },
};

/** Cases that many verbs share stand in an abstract `<Name>Test.sol`. */
function compareFiles(tree: string, shared: ReadonlySet<string>): string[] {
  const name = tree.replace(/\.tree$/, "");
  const source = [`${name}.t.sol`, `${name}Test.sol`].find((path) => existsSync(join(ROOT, path)));
  if (source === undefined) return [`${tree}: there is no ${name}.t.sol beside it.`];
  return compareTree(read(tree), read(source), shared).map((problem) => `${tree}: ${problem}`);
}

/**
 * Compares a tree with its tests.
 *
 * @param tree - Text. A line without a branch names a contract; below it, `given` a state and `when` an input comes branch to
 * branches and to leaves such as `── test_RevertWhen_X: it should revert with Y`. A leaf `── ZTest: it should …` stands for
 * the cases of a base contract.
 * @param source - Solidity with the contracts.
 * @param shared - Base contracts that have a tree of their own.
 * @returns What does not match; empty when all does.
 */
export function compareTree(tree: string, source: string, shared: ReadonlySet<string> = new Set()): string[] {
  const roots = parseTree(tree);
  const contracts = parseContracts(source);
  const problems: string[] = [];
  if (![...roots.values()].some((nodes) => nodes.some(({ test }) => test !== undefined)))
    problems.push("it has no leaf.");
  for (const name of roots.keys()) if (!contracts.has(name)) problems.push(`${name} is no contract.`);
  for (const [name, { tests, bases }] of contracts) {
    const nodes = roots.get(name) ?? [];
    problems.push(
      ...compareNames(
        nodes.flatMap(({ test }) => test ?? []),
        tests,
      ),
      ...compareNames(
        nodes.flatMap(({ base }) => base ?? []),
        bases.filter((base) => shared.has(base)),
        "base",
      ),
      ...nodes.flatMap((node) => wording(node, source)),
    );
  }
  return problems;
}

interface Node {
  text: string;
  hasBranches: boolean;
  test?: string;
  base?: string;
  outcome?: string;
}

function parseTree(tree: string): Map<string, Node[]> {
  const roots = new Map<string, Node[]>();
  let nodes: Node[] = [];
  let depth = 0;
  for (const line of tree.split("\n").filter((text) => text !== "")) {
    const [, indent, text] = /^([│ ]*)[├└]── (.+)$/.exec(line) ?? [];
    if (indent === undefined || text === undefined) {
      nodes = [];
      roots.set(line, nodes);
      continue;
    }
    const previous = nodes.at(-1);
    if (previous !== undefined && indent.length > depth) previous.hasBranches = true;
    depth = indent.length;
    nodes.push(parseNode(text));
  }
  return roots;
}

function parseNode(text: string): Node {
  const [, name = "", outcome] = /^(\w+)(?:: (.*))?$/.exec(text) ?? [];
  return {
    text,
    hasBranches: false,
    ...(/^test(Fuzz)?_/.test(name) && { test: name }),
    ...(/^[A-Z]\w*Test$/.test(name) && { base: name }),
    ...(outcome !== undefined && { outcome }),
  };
}

function parseContracts(source: string): Map<string, { tests: string[]; bases: string[] }> {
  const contracts = new Map<string, { tests: string[]; bases: string[] }>();
  for (const part of source.split(/^(?=(?:abstract )?contract )/m)) {
    const [, name, bases = ""] = /^(?:abstract )?contract (\w+)(?: is ([\w, ]+))?/.exec(part) ?? [];
    if (name === undefined) continue;
    const tests = [...part.matchAll(/function (test(?:Fuzz)?_\w+)\(/g)].map(([, test = ""]) => test);
    contracts.set(name, { tests, bases: bases.split(",").map((base) => base.trim()) });
  }
  return contracts;
}

function compareNames(leaves: readonly string[], names: readonly string[], kind = "test"): string[] {
  const twice = leaves.filter((name, index) => leaves.indexOf(name) < index);
  return [
    ...twice.map((name) => `${name} is a leaf twice.`),
    ...leaves.filter((name) => !names.includes(name)).map((name) => `${name} is a leaf, but no ${kind}.`),
    ...names.filter((name) => !leaves.includes(name)).map((name) => `${name} is a ${kind}, but no leaf.`),
  ];
}

/** A branch says under which condition, a leaf what happens, and an error or event that it names is one of its tests. */
function wording({ text, hasBranches, test, base, outcome }: Node, source: string): string[] {
  const name = test ?? base;
  if (name === undefined) {
    if (!/^(given|when) /.test(text)) return [`"${text}" begins neither with given nor with when.`];
    return hasBranches ? [] : [`"${text}" has no leaf.`];
  }
  if (outcome === undefined || !/^it should \S/.test(outcome)) return [`${name} does not say what it should do.`];
  if (/_Revert(When|Given)_/.test(name) && !/^it should (revert|refuse)\b/.test(outcome)) {
    return [`${name} does not say that it should revert or refuse.`];
  }
  return [...outcome.matchAll(/\b(?:with|emit|for) ([A-Z]\w+)(?!\w|')/g)]
    .filter(([, word = ""]) => !source.includes(word))
    .map(([, word = ""]) => `${name} names ${word}, which no test beside it does.`);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
