import { globSync, readFileSync } from "node:fs";
import { expect } from "chai";

/** Runs that have no branches to draw: sequences of random calls, and vectors of a file. */
const WITHOUT_TREE = /(\.invariant|\.gas|vectors)\.t\.sol$/;
const SHARED_TREE = "test/voucher/SignedMessage.tree";

const sources = [
  ...globSync("test/{voucher,libraries}/*.t.sol").filter((file) => !WITHOUT_TREE.test(file)),
  "test/voucher/SignedMessageTest.sol",
].sort();

const treeOf = (source: string) => source.replace(/(\.t|Test)\.sol$/, ".tree");

const testsIn = (path: string, pattern: RegExp) =>
  [...readFileSync(path, "utf8").matchAll(pattern)].map((match) => match[1]).sort();

describe("trees of the Solidity tests", () => {
  it("finds the sources", () => {
    expect(sources.length).to.be.greaterThan(30);
  });

  for (const source of sources) {
    it(`${treeOf(source)} has a leaf for each test, and a test for each leaf`, () => {
      const tests = testsIn(source, /function (test\w*)\(/g);
      expect(tests).not.to.be.empty;
      expect(testsIn(treeOf(source), /── (test\w*)/g)).to.deep.equal(tests);
    });
  }

  for (const source of sources.filter((file) => readFileSync(file, "utf8").includes("is SignedMessageTest"))) {
    it(`${treeOf(source)} refers to ${SHARED_TREE}`, () => {
      expect(readFileSync(treeOf(source), "utf8")).to.include("(SignedMessage.tree)");
    });
  }
});
