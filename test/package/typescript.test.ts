import { expect } from "chai";
import manifest from "../../package.json" with { type: "json" };
import { ENTRY_POINTS } from "../../scripts/package/entries.ts";
import { createScratch, pinned, type Scratch } from "./scratch.ts";

const COMPILER_OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  module: "NodeNext",
  moduleResolution: "NodeNext",
  target: "ES2022",
  skipLibCheck: false,
  resolveJsonModule: true,
  types: ["node"],
  rootDir: ".",
  outDir: "out",
};

/** Each line that begins with `@ts-expect-error` fails to compile if the types were `any`. */
const MAIN = `
import assert from "node:assert/strict";
import type { Address, Hash, Hex } from "viem";
import { createWalletClient, http, zeroHash, type Client } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { voucherEscrowAbi } from "x402-escrow/abi";
import json from "x402-escrow/abi/voucherEscrow.json" with { type: "json" };
import { hashPaymentInfo, type PaymentInfo } from "x402-escrow/auth-capture";
import { canonical, getDeployment, UnknownChainError } from "x402-escrow/deployments";
import recorded from "x402-escrow/deployments/canonical.json" with { type: "json" };
import { BaseError, getRevertData } from "x402-escrow/errors";
import { hashTab, type Tab } from "x402-escrow/flash";
import { createMemoryPaymentStore, createPostgresPaymentStore } from "x402-escrow/seller/auth-capture";
import { createMemoryFlashStore, PostgresUnavailableError } from "x402-escrow/seller/flash";
import { createMemoryStore, loadNativeBackend } from "x402-escrow/seller/voucher";
import { collect, signVoucher, verifyVoucher, VoucherExpiredError, type Voucher } from "x402-escrow/voucher";
import { AuthCaptureEvmScheme } from "x402-escrow/x402/auth-capture";
import { DeferredEvmServer } from "x402-escrow/x402/deferred";
import * as flash from "x402-escrow/x402/flash";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

isTrue<Equal<Voucher["valueAggregate"], bigint>>();
isTrue<Equal<Voucher["buyer"], Address>>();
isTrue<Equal<ReturnType<typeof collect>, Promise<Hash>>>();
isTrue<Equal<ReturnType<typeof getRevertData>, Hex | undefined>>();
isTrue<Equal<(typeof canonical)["VoucherEscrow"], typeof canonical.VoucherEscrow>>();
isTrue<Extract<(typeof voucherEscrowAbi)[number], { name: "collect" }> extends never ? false : true>();
isTrue<Extract<(typeof voucherEscrowAbi)[number], { name: "notThere" }> extends never ? true : false>();
// @ts-expect-error A voucher has bigints.
const wrong: Voucher["valueAggregate"] = 1;
// @ts-expect-error No such member.
type Missing = PaymentInfo["notThere"] | Tab["notThere"];

const buyer = privateKeyToAccount(generatePrivateKey());
const escrow = canonical.VoucherEscrow;
const voucher: Voucher = {
  id: zeroHash, buyer: buyer.address, seller: escrow, valueAggregate: 3_000n, asset: escrow,
  timestamp: 1n, nonce: 1n, escrow, chainId: 8453n, expiry: 2n,
};
const signature = await signVoucher(buyer, voucher);
assert.equal(verifyVoucher.length > 0, true);
assert.equal(signature.length, 132);
const relayer: Client = createWalletClient({ account: buyer, chain: base, transport: http("http://127.0.0.1:9") });
await assert.rejects(collect(relayer as Parameters<typeof collect>[0], { escrow, voucher, signature }));

assert.deepEqual(json.map(({ type }) => type), voucherEscrowAbi.map(({ type }) => type));
assert.equal(recorded.contracts.find(({ name }) => name === "VoucherEscrow")?.address, escrow);
assert.throws(() => getDeployment(1), UnknownChainError);
assert.ok(Object.create(VoucherExpiredError.prototype) instanceof BaseError);
for (const offered of [hashPaymentInfo, hashTab, createMemoryPaymentStore, createMemoryFlashStore, createMemoryStore, AuthCaptureEvmScheme, DeferredEvmServer])
  assert.equal(typeof offered, "function");
assert.ok(Object.keys(flash).length > 10);

// The optional peers that are not here.
assert.equal(await loadNativeBackend(), undefined);
const opening = createPostgresPaymentStore({ connectionString: "postgres://127.0.0.1:9/none" });
await assert.rejects(opening, (error) =>
  error instanceof PostgresUnavailableError && error.package === "pg" && /npm install pg/.test(error.message));
console.log("all of it works", wrong satisfies bigint, null as Missing | null);
`;

/** Needs neither Node's types nor the x402 SDK. */
const BROWSER = `
import { voucherEscrowAbi } from "x402-escrow/abi";
import { hashPaymentInfo } from "x402-escrow/auth-capture";
import { canonical } from "x402-escrow/deployments";
import { BaseError } from "x402-escrow/errors";
import { hashTab } from "x402-escrow/flash";
import { signVoucher } from "x402-escrow/voucher";
export const offered = [voucherEscrowAbi, hashPaymentInfo, canonical, BaseError, hashTab, signVoucher] as const;
`;

const MISSING = `
import assert from "node:assert/strict";
import { BaseError, PackageUnavailableError } from "x402-escrow/errors";

for (const load of [
  () => import("x402-escrow/x402/deferred"),
  () => import("x402-escrow/x402/flash"),
  () => import("x402-escrow/x402/auth-capture"),
])
  await assert.rejects(load, (error) =>
    error instanceof PackageUnavailableError &&
    error instanceof BaseError &&
    error.package === "@x402/evm" &&
    /npm install @x402\\/evm/.test(error.message));
console.log("told what to install");
`;

describe("a TypeScript project", function () {
  this.timeout(600_000);
  let scratch: Scratch;
  before(async () => {
    scratch = await createScratch(pinned("typescript", "@types/node"));
  });
  after(() => scratch?.remove());

  it("is told by a typed error which optional package to install", async () => {
    scratch.write({ "missing.mjs": MISSING });
    expect(await scratch.run("node", "missing.mjs")).to.contain("told what to install");
  });

  it("compiles without the types of Node what runs in browsers", async () => {
    const compilerOptions = { ...COMPILER_OPTIONS, types: [], lib: ["ES2022", "DOM"] };
    scratch.write({
      "browser/browser.ts": BROWSER,
      "browser/tsconfig.json": JSON.stringify({ compilerOptions, files: ["browser.ts"] }),
    });
    await scratch.run("tsc", "-p", "browser");
  });

  it("compiles every sub-path under `strict` and `NodeNext`, libraries checked, and runs", async () => {
    for (const { subPath } of ENTRY_POINTS.filter(({ subPath }) => subPath !== "typechain-types"))
      expect(MAIN).to.contain(`"${manifest.name}/${subPath}"`);
    await scratch.install(pinned("@x402/evm"));
    scratch.write({
      "main.ts": MAIN,
      "tsconfig.json": JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ["main.ts"] }),
    });
    await scratch.run("tsc");
    expect(await scratch.run("node", "out/main.js")).to.contain("all of it works");
  });
});
