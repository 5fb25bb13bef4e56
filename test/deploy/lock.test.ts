import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { BusyError } from "../../scripts/deploy/errors.ts";
import { withLock } from "../../scripts/deploy/lock.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";

describe("the lock of a journal", () => {
  let folder: string;
  let journal: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "x402-escrow-lock-"));
    journal = join(folder, "deployments", "chain-8453");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("lets one run at it at a time", async () => {
    const inner = withLock(journal, () =>
      rejectedWith(
        withLock(journal, async () => "second"),
        BusyError,
      ),
    );
    await inner;
    expect(await withLock(journal, async () => "third")).to.equal("third");
  });

  it("is given back by a run that fails", async () => {
    await rejectedWith(
      withLock(journal, () => Promise.reject(new RangeError("broken"))),
      RangeError,
    );
    expect(existsSync(`${journal}.lock`)).to.equal(false);
  });

  it("is taken from a run that was killed", async () => {
    const killed = spawn(process.execPath, ["--eval", ""]);
    await once(killed, "exit");
    await withLock(journal, async () => undefined);
    writeFileSync(`${journal}.lock`, `${killed.pid}\n`);
    expect(await withLock(journal, async () => "next")).to.equal("next");
  });

  it("is not taken from another process that runs", async () => {
    await withLock(journal, async () => undefined);
    writeFileSync(`${journal}.lock`, `${process.ppid}\n`);
    await rejectedWith(
      withLock(journal, async () => undefined),
      BusyError,
    );
  });
});
