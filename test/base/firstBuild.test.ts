import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { runCommand } from "../../scripts/check/command.ts";

const FOLDER = "test/base/firstBuild";
const LONGEST_RUN_SECONDS = 150;

describe("The first build", function () {
  this.timeout((LONGEST_RUN_SECONDS + 10) * 1_000);

  it("is found by the process that made it, where nothing was built before", async () => {
    const folder = await mkdtemp(join(tmpdir(), "x402-escrow-first-build-"));
    try {
      const { code, output } = await runCommand(process.execPath, [`${FOLDER}/run.ts`], {
        environment: { HARDHAT_CONFIG: `${FOLDER}/hardhat.config.ts`, FIRST_BUILD_FOLDER: folder },
        limitSeconds: LONGEST_RUN_SECONDS,
      });
      expect(code, output).to.equal(0);
      expect(output).to.match(/^\[\{"name":"Built","address":"0x[0-9a-fA-F]{40}"\}\]$/m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
