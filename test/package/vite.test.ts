import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { writeSnapshot } from "../../scripts/check/snapshot.ts";
import { createScratch, readInstalled, type Scratch } from "./scratch.ts";

const VITE = "vite@8.3.8";

/** Its dependencies are not pinned, so its output may change by a little from day to day. */
const TOLERANCE = 0.02;

/** All of a family's client; what the rest of the page does is no matter. */
const MAIN = `
import * as voucher from "x402-escrow/voucher";
globalThis.voucher = voucher;
`;

interface Abi {
  readonly type: string;
  readonly name?: string;
}

describe("a Vite build for browsers", function () {
  this.timeout(600_000);
  let scratch: Scratch;
  let output: string;
  let code: string;
  before(async () => {
    scratch = await createScratch([VITE]);
    scratch.write({
      "index.html": '<!doctype html><script type="module" src="/main.js"></script>',
      "main.js": MAIN,
    });
    output = await scratch.run("vite", "build");
    code = globSync("dist/**/*.js", { cwd: scratch.folder })
      .map((path) => readFileSync(join(scratch.folder, path), "utf8"))
      .join("\n");
  });
  after(() => scratch?.remove());

  it("takes nothing of Node", () => {
    expect(output).not.to.match(/externalized/);
    expect(code).not.to.match(/["'`]node:|__vite-browser-external/);
  });

  it("has the family that is used, and nothing of the others", () => {
    const namesOf = (name: string): string[] =>
      (JSON.parse(readInstalled(scratch, `dist/abi/${name}.json`)) as Abi[]).flatMap(({ type, name = "" }) =>
        type === "function" ? [name] : [],
      );
    const own = namesOf("voucherEscrow");
    // Short names are words of viem, too.
    const isTelling = (name: string): boolean => name.length > 9 && !own.includes(name);
    const isIncluded = (name: string): boolean => code.includes(`\`${name}\``) || code.includes(`"${name}"`);
    expect(own.filter((name) => name.length > 9).filter((name) => !isIncluded(name))).to.deep.equal([]);
    for (const family of ["flashSettlement", "termsOperator", "termsOperatorFactory", "authCaptureEscrow"]) {
      const telling = namesOf(family).filter(isTelling);
      expect(telling, family).not.to.deep.equal([]);
      expect(telling.filter(isIncluded), family).to.deep.equal([]);
    }
  });

  it("is as large as recorded", () => {
    const size = { voucher: { minifiedBytes: Buffer.byteLength(code), gzipBytes: gzipSync(code).byteLength } };
    if (process.env["X402_RECORD"] !== undefined) writeSnapshot("browser.json", size);
    const recorded = JSON.parse(readFileSync("snapshots/browser.json", "utf8")) as typeof size;
    for (const key of ["minifiedBytes", "gzipBytes"] as const) {
      const goal = recorded.voucher[key];
      expect(size.voucher[key], "If that is meant, record it: npm run test:package -- --record").to.be.closeTo(
        goal,
        goal * TOLERANCE,
      );
    }
  });
});
