import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect } from "chai";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import manifest from "../../package.json" with { type: "json" };
import { ROOT, runCommand } from "../../scripts/check/command.ts";
import { createScratch, type Scratch } from "./scratch.ts";

describe("the packed package", function () {
  this.timeout(600_000);
  let scratch: Scratch;
  let installed: string;
  let files: readonly string[];
  before(async () => {
    scratch = await createScratch([]);
    installed = join(scratch.folder, "node_modules/x402-escrow");
    files = globSync("**", { cwd: installed, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed, join(entry.parentPath, entry.name)));
  });
  after(() => scratch?.remove());

  it("holds sources, builds and documents, and nothing else", () => {
    const folders = new Set(files.map((path) => path.split("/")[0]));
    expect([...folders].sort()).to.deep.equal([...manifest.files, "LICENSE", "README.md", "package.json"].sort());
    const kinds = /(?:\.sol|\.ts|\.js|\.map|\.json|\.md)$/;
    expect(files.filter((path) => path !== "LICENSE" && !kinds.test(path))).to.deep.equal([]);
    expect(files.filter((path) => /test|mock|script|\.env/i.test(path))).to.deep.equal([]);
  });

  it("holds no key, but those that the README prints for the local chain", () => {
    const read = (path: string): string => readFileSync(join(installed, path), "utf8");
    const keys = [...read("README.md").matchAll(/_KEY=(0x[0-9a-f]{64})/g)].map(([, key = ""]) => key.slice(2));
    expect(keys).not.to.deep.equal([]);
    const others = files.filter((path) => path !== "README.md");
    expect(others.filter((path) => keys.some((key) => read(path).includes(key)))).to.deep.equal([]);
  });

  it("has every file that a sub-path leads to", () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    for (const target of targets) {
      const found = globSync(target.replace("/*", "/**/*"), { cwd: installed });
      expect(found, target).not.to.deep.equal([]);
    }
  });

  it("depends on nothing, and runs nothing where it is installed", () => {
    expect(manifest).not.to.have.any.keys("dependencies", "optionalDependencies", "bundleDependencies", "private");
    expect(manifest.scripts).not.to.have.any.keys("preinstall", "install", "postinstall", "prepare");
    const optional = Object.keys(manifest.peerDependenciesMeta);
    const required = Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name));
    expect({ required, optional }).to.deep.equal({
      required: ["@x402/core", "viem"],
      optional: ["@x402/evm", "pg", "secp256k1"],
    });
  });

  it("satisfies publint", async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).to.deep.equal([]);
  });

  it("satisfies attw: every way of TypeScript to resolve it, but those that know no ESM", async () => {
    const parameters = [join(scratch.folder, "x402-escrow.tgz"), "--profile", "esm-only", "--format", "ascii"];
    const { code, output } = await runCommand("attw", parameters, { folder: ROOT });
    expect(code, output).to.equal(0);
    expect(output).to.contain(`"${manifest.name}/voucher"`);
  });
});
