import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { toFunctionSelector, toEventHash } from "viem";
import { flashSettlementAbi, voucherEscrowAbi } from "../../client/abi/index.ts";
import { ROOT } from "../../scripts/check/command.ts";
import { toAnchor, toCode, toTable } from "../../scripts/reference/markdown.ts";
import { readOfferedModules } from "../../scripts/reference/offered.ts";
import { toTypeScriptPages } from "../../scripts/reference/typescriptPage.ts";

const pageOf = (path: string): string => readFileSync(join(ROOT, "docs/reference", path), "utf8");

describe("reference", function () {
  this.timeout(120_000);

  it("has every function, event and error of a contract, with its selector", () => {
    for (const [name, abi] of [
      ["VoucherEscrow", voucherEscrowAbi],
      ["FlashSettlement", flashSettlementAbi],
    ] as const) {
      const page = pageOf(`solidity/${name}.md`);
      for (const item of abi) {
        const asFunction = { ...item, type: "function", outputs: [], stateMutability: "view" } as const;
        const selector = item.type === "event" ? toEventHash(item) : toFunctionSelector(asFunction);
        expect(page, `${name} ${item.name}`).to.match(new RegExp(`^### ${item.name}\\n\\n.*\`${selector}\`$`, "m"));
      }
    }
  });

  it("describes every name of every module once, and leads there from the others", () => {
    const modules = readOfferedModules();
    const pages = toTypeScriptPages(modules);
    const described = pages.flatMap(({ text }) => [
      ...[...text.matchAll(/^### (?:type )?(\w+)$/gm)].map(([, name = ""]) => name),
      ...[...text.matchAll(/^\| `(\w+Error)` \|/gm)].map(([, name = ""]) => name),
    ]);
    const declared = new Map(
      modules.flatMap(({ names }) => names.map(({ declaration, name }) => [declaration, name] as const)),
    );
    expect(described.sort()).to.deep.equal([...declared.values()].sort());

    for (const [index, module] of modules.entries()) {
      for (const { name } of module.names) expect(pages[index]?.text, `${module.subPath} ${name}`).to.include(name);
    }
  });

  it("shows declarations as they are written, without what is private", () => {
    const deferred = pageOf("typescript/x402-deferred.md");
    expect(deferred).to.include("class DeferredEvmScheme implements SchemeNetworkClient {");
    expect(deferred).to.include("constructor(options: DeferredEvmSchemeOptions);");
    expect(deferred).not.to.match(/^ *#\w+|^ *private /m);
    expect(deferred).not.to.include("{@link");
  });

  it("has cells without bars and lines of their own", () => {
    expect(toTable(["a"], [["x | y\nz"]])).to.equal("| a |\n| --- |\n| x \\| y z |");
    expect(toCode("a")).to.equal("`a`");
    expect(toAnchor("type FlashLane")).to.equal("type-flashlane");
  });
});
