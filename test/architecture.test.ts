import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "chai";
import { flashSettlementAbi } from "../client/abi/flashSettlement.ts";
import { termsOperatorAbi } from "../client/abi/termsOperator.ts";
import { termsOperatorFactoryAbi } from "../client/abi/termsOperatorFactory.ts";
import { voucherEscrowAbi } from "../client/abi/voucherEscrow.ts";
import { findForbiddenImports } from "../scripts/check/architecture.ts";
import { ROOT } from "../scripts/check/command.ts";
import { importsOf, readSourceFiles } from "../scripts/check/imports.ts";
import { missingTraces, stateChangingFunctions, type Traces } from "../scripts/check/verbs.ts";

const forbiddenIn = (path: string, ...imports: string[]): readonly string[] =>
  findForbiddenImports([{ path, imports }]);

describe("Architecture", () => {
  describe("arrows between the layers", () => {
    it("are respected by every file", () => {
      const files = readSourceFiles();
      for (const folder of ["contracts/", "client/", "ignition/", "scripts/", "examples/"]) {
        expect(files.filter(({ path }) => path.startsWith(folder))).not.to.deep.equal([], `nothing read in ${folder}`);
      }
      expect(findForbiddenImports(files)).to.deep.equal([]);
    });

    it("forbid one family to import another", () => {
      expect(forbiddenIn("contracts/voucher/A.sol", "contracts/flash/B.sol")).to.have.lengthOf(1);
      expect(forbiddenIn("client/voucher/a.ts", "client/flash/b.ts")).to.have.lengthOf(1);
      expect(forbiddenIn("client/x402/flash/a.ts", "client/voucher/b.ts")).to.have.lengthOf(1);
      expect(forbiddenIn("client/x402/deferred/a.ts", "client/x402/flash/b.ts")).to.have.lengthOf(1);
      expect(forbiddenIn("client/x402/core/a.ts", "client/flash/b.ts")).to.have.lengthOf(1);
    });

    it("forbid libraries to know a family", () => {
      expect(forbiddenIn("contracts/libraries/A.sol", "contracts/interfaces/IVoucherEscrow.sol")).to.have.lengthOf(1);
    });

    it("forbid imports upwards", () => {
      expect(forbiddenIn("contracts/interfaces/IA.sol", "contracts/voucher/A.sol")).to.have.lengthOf(1);
      expect(forbiddenIn("client/abi/a.ts", "client/voucher/index.ts")).to.have.lengthOf(1);
      expect(forbiddenIn("client/voucher/a.ts", "client/seller/voucher/index.ts")).to.have.lengthOf(1);
      expect(forbiddenIn("client/seller/voucher/a.ts", "client/x402/deferred/server.ts")).to.have.lengthOf(1);
    });

    it("forbid @x402 packages below the plug-ins", () => {
      for (const path of ["client/voucher/a.ts", "client/seller/voucher/a.ts", "client/errors.ts"]) {
        expect(forbiddenIn(path, "@x402/core/types")).to.have.lengthOf(1);
      }
      expect(forbiddenIn("client/x402/deferred/a.ts", "@x402/core/types")).to.deep.equal([]);
    });

    it("forbid everything below the top layer to import it", () => {
      for (const target of ["ignition/modules/voucher.ts", "deployments/8453.json", "scripts/chain.ts", "test/a.ts"]) {
        for (const path of ["client/abi/a.ts", "client/seller/voucher/a.ts", "client/x402/deferred/a.ts"]) {
          expect(forbiddenIn(path, target)).to.have.lengthOf(1);
        }
      }
    });

    it("forbid a file outside of every layer", () => {
      expect(forbiddenIn("client/stray.ts")).to.deep.equal(["client/stray.ts belongs to no layer"]);
    });
  });

  describe("reading imports", () => {
    it("finds static, type-only, re-exported and dynamic imports of TypeScript", () => {
      const text = `import a from "x"; import type { B } from "../b.ts"; export { c } from "./c.ts"; await import("./d.ts");`;
      expect(importsOf("client/voucher/z.ts", text)).to.have.members([
        "x",
        "client/b.ts",
        "client/voucher/c.ts",
        "client/voucher/d.ts",
      ]);
    });

    it("finds every form of Solidity imports", () => {
      const text = `import {\n  A\n} from "./A.sol";\nimport "../B.sol";\nimport {C} from "@c/C.sol";`;
      expect(importsOf("contracts/voucher/Z.sol", text)).to.deep.equal([
        "contracts/voucher/A.sol",
        "contracts/B.sol",
        "@c/C.sol",
      ]);
    });
  });

  describe("one verb, one name", () => {
    const exists = (path: string): boolean => existsSync(join(ROOT, path));
    const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
    const families = {
      // The composed action is an ERC-2612 permit and a function by signature in one transaction through Multicall3.
      voucher: { abi: voucherEscrowAbi, composed: ["depositWithPermit"], otherPages: [] as string[] },
      flash: { abi: flashSettlementAbi, composed: ["openEscrowWithPermit"], otherPages: ["guarantee"] },
      // Beside the operators' own verbs stand those of the escrow, of its collectors and of the token that a party calls itself.
      "auth-capture": {
        abi: [...termsOperatorAbi, ...termsOperatorFactoryAbi],
        composed: [
          "authorizeAsOperator",
          "cancelAuthorization",
          "captureAsOperator",
          "chargeAsOperator",
          "preApprove",
          "reclaim",
          "refundAsOperator",
          "voidAsOperator",
        ],
        otherPages: ["asOperator", "cancelAuthorization", "guarantee", "preApprove", "reclaim", "terms"],
      },
    } as const;

    it("knows the functions of the contracts", () => {
      const functions = stateChangingFunctions(voucherEscrowAbi);
      expect(functions).to.include.members(["deposit", "collect", "collectBatch", "flushWithAuthorization"]);
      expect(functions).not.to.include.members(["getAccount", "collectGroup", "flushAccount"]);
      expect(stateChangingFunctions(flashSettlementAbi)).to.include.members(["openEscrow", "settleBatch"]);
    });

    for (const [family, { abi, composed, otherPages }] of Object.entries(families)) {
      const functions = stateChangingFunctions(abi);
      const isVerb = (name: string): boolean =>
        functions.includes(name) || functions.includes(`${name}WithAuthorization`);

      for (const name of functions) {
        it(`${family}: ${name} goes through every layer`, () => {
          const gasRows = (JSON.parse(read("snapshots/gas.json")) as { id: string }[]).map(({ id }) => id);
          expect(missingTraces(family, name, { exists, read, gasRows })).to.deep.equal([]);
        });
      }

      it(`${family}: describes nothing that the contract does not have`, () => {
        const pages = globSync(`docs/${family}/*.md`, { cwd: ROOT }).map((path) => basename(path, ".md"));
        expect(pages).not.to.deep.equal([]);
        expect(pages.filter((page) => !isVerb(page))).to.deep.equal([...otherPages]);
      });

      it(`${family}: offers no action that the contract does not have`, () => {
        const actions = globSync(`client/${family}/actions/*.ts`, { cwd: ROOT }).map((path) => basename(path, ".ts"));
        expect(actions.filter((action) => !functions.includes(action))).to.deep.equal([...composed]);
      });
    }

    it("notices what is missing", () => {
      const none: Traces = { exists: () => false, read: () => "", gasRows: [] };
      expect(missingTraces("voucher", "thaw", none)).to.deep.equal([
        "thaw has no test/voucher/thaw.t.sol",
        "thaw has no docs/voucher/thaw.md",
        "thaw has no client/voucher/actions/thaw.ts",
        "thaw has no gas row voucher.thaw",
      ]);
      const noTree: Traces = { exists: (path) => !path.endsWith(".tree"), read: () => "", gasRows: ["voucher.thaw"] };
      expect(missingTraces("voucher", "thaw", noTree)).to.deep.equal([
        "test/voucher/thaw.t.sol has no .tree beside it",
      ]);
    });

    it("lets a function by signature share the test and page of its verb only when both name it", () => {
      const shared = (text: string): Traces => ({
        exists: (path) => !/\/allocateWithAuthorization\.(t\.sol|md|tree)$/.test(path),
        read: () => text,
        gasRows: ["voucher.allocateWithAuthorization"],
      });
      expect(missingTraces("voucher", "allocateWithAuthorization", shared("allocateWithAuthorization("))).to.deep.equal(
        [],
      );
      expect(missingTraces("voucher", "allocateWithAuthorization", shared("allocate("))).to.have.lengthOf(2);
    });
  });
});
