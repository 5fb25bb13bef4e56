import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DeployError } from "../../scripts/deploy/errors.ts";
import { readCommit } from "../../scripts/deploy/record.ts";

describe("the commit that a record names", () => {
  let clone: string;

  const git = (...parameters: string[]): string =>
    execFileSync("git", ["-c", "user.name=Deployer", "-c", "user.email=deployer@localhost", ...parameters], {
      cwd: clone,
      encoding: "utf8",
    }).trim();
  const write = (content: string): void => writeFileSync(join(clone, "deployments", "canonical.json"), content);

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "x402-escrow-clone-"));
    mkdirSync(join(clone, "deployments"));
    write("{}");
  });
  afterEach(() => rmSync(clone, { recursive: true }));

  it("is the one that is checked out", () => {
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "first");
    expect(readCommit(clone)).to.equal(git("rev-parse", "HEAD"));
  });

  it("is none when it gives other addresses than what is deployed", () => {
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "first");
    write("{ }");
    expect(() => readCommit(clone)).to.throw(DeployError, "Commit what you deploy");
  });

  it("is none outside of a clone", () => {
    expect(() => readCommit(clone)).to.throw(DeployError, "in a git clone");
  });
});
