import { expect } from "chai";
import { parseAbi } from "viem";
import { unacceptedWarnings } from "../../scripts/check/build.ts";
import { countTests } from "../../scripts/check/counts.ts";
import { compareCoverage } from "../../scripts/check/coverage.ts";
import { unusedExports } from "../../scripts/check/exports.ts";
import { compareInvariants } from "../../scripts/check/invariants.ts";
import { brokenLinks } from "../../scripts/check/links.ts";
import { findStale } from "../../scripts/check/mutants.ts";
import { compareReach } from "../../scripts/check/reach.ts";
import { unevenRows } from "../../scripts/check/tables.ts";
import { compareTree } from "../../scripts/check/trees.ts";
import type { CompilerMessage } from "../../scripts/check/warnings.ts";
import { mutant, plant } from "../../scripts/mutants/mutant.ts";
import { readVerdict } from "../../scripts/mutants/verdict.ts";

describe("Checks", () => {
  describe("counting tests", () => {
    it("reads the summary of the Solidity runner", () => {
      const output = "  A.t.sol:A\n    ✔ test_One()\n    1) test_Two()\n\n\n  1 passing\n  1 failing\n  2 skipped\n";
      expect(countTests(output)).to.deep.equal({ passed: 1, failed: 1, skipped: 2, marked: 1 });
    });

    it("reads the summary of mocha", () => {
      const output = "  A\n    ✔ one\n    ✔ two (50ms)\n    - three\n\n\n  2 passing (2s)\n  1 pending\n\n";
      expect(countTests(output)).to.deep.equal({ passed: 2, failed: 0, skipped: 1, marked: 2 });
    });

    it("counts nothing where nothing ran", () => {
      expect(countTests("Error: cannot load the tests")).to.deep.equal({ passed: 0, failed: 0, skipped: 0, marked: 0 });
    });
  });

  describe("warnings of the compiler", () => {
    const warningIn = (file: string, errorCode: string): CompilerMessage => ({
      severity: "warning",
      errorCode,
      sourceLocation: { file },
      formattedMessage: `${errorCode} in ${file}`,
    });

    it("are failures in our files", () => {
      const message = warningIn("project/contracts/voucher/VoucherEscrow.sol", "2072");
      expect(unacceptedWarnings([message])).to.deep.equal([message.formattedMessage]);
    });

    it("are accepted only where the list says so", () => {
      const slot = "npm/@openzeppelin/contracts@5.7.0/utils/TransientSlot.sol";
      expect(unacceptedWarnings([warningIn(slot, "2394")])).to.deep.equal([]);
      expect(unacceptedWarnings([warningIn(slot, "2072")])).to.have.lengthOf(1);
      expect(unacceptedWarnings([warningIn("project/test/voucher/collect.t.sol", "5574")])).to.deep.equal([]);
      expect(unacceptedWarnings([warningIn("project/contracts/voucher/VoucherEscrow.sol", "5574")])).to.have.lengthOf(
        1,
      );
    });
  });

  describe("coverage", () => {
    const report = "TN:\nSF:contracts/A.sol\nDA:1,1\nDA:2,0\nLH:1\nLF:2\nend_of_record\n";
    const linesOf = (): string[] => ["a = 1;", "  revert B();"];
    const exception = { file: "contracts/A.sol", line: "revert B();", reason: "cannot happen" };

    it("names each line that no test reaches", () => {
      expect(compareCoverage(report, [], linesOf)).to.deep.equal([
        "contracts/A.sol:2 is reached by no Solidity test: revert B();",
      ]);
    });

    it("accepts a listed exception", () => {
      expect(compareCoverage(report, [exception], linesOf)).to.deep.equal([]);
    });

    it("names an exception that is no longer needed", () => {
      expect(compareCoverage(report.replace("DA:2,0", "DA:2,5"), [exception], linesOf)).to.have.lengthOf(1);
    });

    it("does not accept an empty report", () => {
      expect(compareCoverage("TN:\n", [], linesOf)).to.deep.equal(["The report measures no line of contracts/."]);
    });
  });

  describe("invariants", () => {
    const list = "| id | function |\n| --- | --- |\n| V1 | `invariant_V1_solvent` |\n| V2 | `invariant_V2_grows` |\n";
    const source = "function invariant_V1_solvent() external {}\nfunction invariant_V2_grows() external {}\n";

    it("accepts a list that matches the tests", () => {
      expect(compareInvariants(list, source)).to.deep.equal([]);
    });

    it("names a listed function that no test has", () => {
      expect(compareInvariants(list, source.replace("invariant_V2_grows", "invariant_V2_shrinks"))).to.have.lengthOf(2);
    });

    it("names an id without a function", () => {
      expect(compareInvariants(`${list}| V3 | none |\n`, source)).to.deep.equal(["V3 names no function."]);
    });

    it("does not accept an empty list", () => {
      expect(compareInvariants("", "")).to.have.lengthOf(1);
    });
  });

  describe("planted bugs", () => {
    const bug = mutant("pays twice", "A.sol", ["pay();", "pay(); pay();"]);

    it("change what stands in the source once", () => {
      expect(plant("a(); pay(); b();", bug)).to.equal("a(); pay(); pay(); b();");
      expect(findStale([bug], () => "pay();")).to.deep.equal([]);
    });

    it("are stale where that stands nowhere, or twice", () => {
      for (const source of ["", "pay(); pay();"]) {
        expect(() => plant(source, bug)).to.throw('"pays twice" stands');
        expect(findStale([bug], () => source)).to.have.lengthOf(1);
      }
    });

    it("have names of their own", () => {
      expect(findStale([bug, bug], () => "pay();")).to.deep.equal(['Two planted bugs are called "pays twice".']);
    });

    it("are found by the violation of an invariant", () => {
      const output =
        "  1 passing\n  1 failing\n\n  1) V1Test#invariant_V1_a()\n    Error: V1 in collect: balance is 2 and not 1\n";
      expect(readVerdict({ code: 1, output })).to.deep.equal({
        outcome: "found",
        what: "V1 in collect: balance is 2 and not 1",
      });
    });

    it("are found by a violation before the first action", () => {
      const output =
        "  1 failing\n\n  1) A11Test#a()\n    Error: failed to set up invariant testing environment: A11 in a sweep: terms changed\n";
      expect(readVerdict({ code: 1, output })).to.deep.equal({
        outcome: "found",
        what: "A11 in a sweep: terms changed",
      });
    });

    it("survive where every campaign passes", () => {
      expect(readVerdict({ code: 0, output: "  17 passing\n" }).outcome).to.equal("survived");
    });

    it("are neither found nor survived where the campaign itself fails, or none runs", () => {
      const panic = "  1 passing\n  1 failing\n\n  1) V1Test#invariant_V1_a()\n    Error: panic code 0x11\n";
      expect(readVerdict({ code: 1, output: panic }).outcome).to.equal("broken");
      expect(readVerdict({ code: 0, output: "" }).outcome).to.equal("broken");
      expect(readVerdict({ code: null, output: "  17 passing\n" }).outcome).to.equal("broken");
    });
  });

  describe("reach of the campaign", () => {
    const abi = parseAbi(["function thaw()", "function balance() view returns (uint256)", "error TooMuch()"]);
    const source = "IEscrow.thaw.selector; IEscrow.balance.selector; IEscrow.TooMuch.selector;";

    it("accepts a test that names every function and error", () => {
      expect(compareReach(abi, source, {})).to.deep.equal([]);
    });

    it("names a function and an error that the test leaves out", () => {
      expect(compareReach(abi, "IEscrow.balance.selector", {})).to.have.lengthOf(2);
    });

    it("accepts a listed exception", () => {
      expect(compareReach(abi, source.replace("IEscrow.balance.selector", ""), { balance: "a constant" })).to.be.empty;
    });

    it("names an exception that is no longer needed", () => {
      expect(compareReach(abi, source, { balance: "a constant", gone: "removed" })).to.have.lengthOf(2);
    });
  });

  describe("trees", () => {
    const tree =
      "ThawTest\n├── given a balance\n│   └── test_Thaws: it should start the timer\n" +
      "└── when the amount is zero\n    └── test_RevertWhen_Zero: it should revert with InvalidAmount\n";
    const source =
      "contract ThawTest is VoucherTest {\nfunction test_Thaws() public {}\n" +
      "function test_RevertWhen_Zero() public { InvalidAmount; }\n}\n";

    it("accepts a tree that matches the tests", () => {
      expect(compareTree(tree, source)).to.deep.equal([]);
    });

    it("names a leaf that is no test, and a test that is no leaf", () => {
      expect(compareTree(tree, source.replace("test_Thaws", "test_Waits"))).to.deep.equal([
        "test_Thaws is a leaf, but no test.",
        "test_Waits is a test, but no leaf.",
      ]);
    });

    it("names a leaf that occurs twice", () => {
      expect(compareTree(`${tree}    └── test_Thaws: it should do it again\n`, source)).to.deep.equal([
        "test_Thaws is a leaf twice.",
      ]);
    });

    it("accepts one name in two contracts of a file, each with a tree", () => {
      const second = "contract OtherTest {\nfunction test_Thaws() public {}\n}\n";
      expect(compareTree(tree, source + second)).to.deep.equal(["test_Thaws is a test, but no leaf."]);
      const both = `${tree}\nOtherTest\n└── test_Thaws: it should start the timer\n`;
      expect(compareTree(both, source + second)).to.deep.equal([]);
      expect(compareTree(both, source)).to.deep.equal(["OtherTest is no contract."]);
    });

    it("names a leaf without an outcome", () => {
      const silent = ["test_Thaws", "test_Thaws: starts the timer", "test_Thaws: it should "];
      for (const leaf of silent) {
        expect(compareTree(tree.replace("test_Thaws: it should start the timer", leaf), source)).to.deep.equal([
          "test_Thaws does not say what it should do.",
        ]);
      }
    });

    it("names a leaf of a revert that says something else, or an error that no test names", () => {
      expect(compareTree(tree.replace("revert with InvalidAmount", "do nothing"), source)).to.deep.equal([
        "test_RevertWhen_Zero does not say that it should revert or refuse.",
      ]);
      expect(compareTree(tree.replace("InvalidAmount", "ThawTooLong"), source)).to.deep.equal([
        "test_RevertWhen_Zero names ThawTooLong, which no test beside it does.",
      ]);
    });

    it("names a branch that is no condition, or has no leaf", () => {
      expect(compareTree(tree.replace("given a balance", "balance"), source)).to.deep.equal([
        '"balance" begins neither with given nor with when.',
      ]);
      expect(compareTree(`${tree}└── given nothing\n`, source)).to.deep.equal(['"given nothing" has no leaf.']);
    });

    it("wants a leaf for the cases of a base contract with a tree", () => {
      const shared = new Set(["VoucherTest"]);
      expect(compareTree(tree, source, shared)).to.deep.equal(["VoucherTest is a base, but no leaf."]);
      const whole = tree.replace("ThawTest\n", "ThawTest\n├── VoucherTest: it should hold every case\n");
      expect(compareTree(whole, source, shared)).to.deep.equal([]);
      expect(compareTree(whole, source)).to.deep.equal(["VoucherTest is a leaf, but no base."]);
    });

    it("does not accept an empty tree", () => {
      expect(compareTree("ThawTest\n", "contract ThawTest {}")).to.deep.equal(["it has no leaf."]);
    });
  });

  describe("exports", () => {
    it("names an export that no other file uses", () => {
      const sources = new Map([
        ["client/a.ts", "export const used = 1;\nexport function unused() {}\nexport interface Shape {}\n"],
        ["client/b.ts", 'import { used } from "./a.ts";\n'],
        ["client/index.ts", "export const entry = 1;\n"],
      ]);
      expect(unusedExports(sources)).to.deep.equal(["client/a.ts exports unused, which no other file uses."]);
    });
  });

  describe("links", () => {
    const files: Readonly<Record<string, string>> = {
      "docs/a.md":
        "[b](b.md) [c](../c.md#its-title) [here](#top) [web](https://example.org) [gone](gone.md) [no](b.md#no)\n\n# Top",
      "docs/b.md": "# B",
      "c.md": "# Its `title`!",
    };
    it("names each link that leads nowhere", () => {
      expect(brokenLinks("docs/a.md", (path) => files[path])).to.deep.equal([
        "docs/a.md: broken link gone.md",
        "docs/a.md: broken link b.md#no",
      ]);
    });
  });

  describe("tables", () => {
    it("names a row with more or fewer cells than its header", () => {
      const table = "| a | b |\n| --- | --- |\n| `1 | 2` | 3 |\n| 4 |\n";
      expect(unevenRows("d.md", `\`\`\`\n| x |\n\`\`\`\n\n${table}`)).to.deep.equal([
        "d.md:7: 3 cells under a header of 2",
        "d.md:8: 1 cells under a header of 2",
      ]);
    });

    it("accepts a bar with a backslash, and tables of different widths", () => {
      expect(unevenRows("d.md", "| a |\n| --- |\n| `1 \\| 2` |\n\n| a | b |\n| --- | --- |\n")).to.deep.equal([]);
    });
  });
});
