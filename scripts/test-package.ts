import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, runCommand } from "./check/command.ts";
import { countTests, type Counts } from "./check/counts.ts";

/** Packs the package as it is published, and runs the tests that install it in projects of their own. */
async function runAll(): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "x402-escrow-package-"));
  try {
    console.log("Packing the package ...");
    const pack = await runCommand("npm", ["pack", "--pack-destination", folder, "--loglevel=error"]);
    const [tarball] = globSync("*.tgz", { cwd: folder });
    if (pack.code !== 0 || tarball === undefined) throw new Error(`\`npm pack\` made no package.\n${pack.output}`);
    console.log(`Packed in ${pack.seconds.toFixed(0)} s. Installing it in projects that use it ...`);

    const files = globSync("test/package/*.test.ts", { cwd: ROOT }).sort();
    let printed = 0;
    const { code, output } = await runCommand("mocha", files, {
      onOutput: (text) => {
        process.stdout.write(text.slice(printed));
        printed = text.length;
      },
      environment: {
        X402_PACKAGE: join(folder, tarball),
        ...(process.argv.includes("--record") ? { X402_RECORD: "yes" } : {}),
      },
      limitSeconds: 1_200,
    });
    const { passed, failed, skipped } = countTests(output);
    const isUnclear = (code !== 0 && failed === 0) || skipped > 0 || passed + failed === 0;
    return { passed, failed: failed + (isUnclear ? 1 : 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { passed, failed } = await runAll();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
