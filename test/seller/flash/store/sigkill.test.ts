import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { StoreLockedError } from "../../../../client/seller/core/errors.ts";
import { createSqliteFlashStore } from "../../../../client/seller/flash/store/sqlite.ts";
import type { UnsettledItem } from "../../../../client/seller/flash/types.ts";
import { until } from "../../until.ts";
import { ESCROW, payment, refusal, SERVER } from "../fixtures.ts";

const CHILD = fileURLToPath(new URL("killed.ts", import.meta.url));

describe("SQLite store of flash of a process that is killed", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "flash-kill-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const durability of ["process", "group", "strict"] as const) {
    for (const round of [1, 2]) {
      it(`R9: durability ${durability} has everything it told of, kill ${round}`, async () => {
        const path = join(folder, `${durability} ${round}.sqlite`);
        const { payments, total, isLockedWhileAlive } = await acceptUntilKilled(path, durability, 100 * round);
        expect(isLockedWhileAlive).to.equal(true);

        const store = createSqliteFlashStore({ path });
        const items = await store.listUnsettled(SERVER);
        const stored = items.flatMap(({ item }) => (item.kind === "payment" ? [item.nonce] : []));
        expect(stored).to.include.members(payments);
        // What was committed last may not have been told: one payment and one tab at most.
        expect(stored.length - payments.length).to.be.within(0, 1);
        expect(totalOf(items, 17n) - total).to.be.oneOf([0n, 3n]);
        const state = await store.getEscrow(ESCROW);
        const open = totalOf(items, 99n);
        expect(state?.accepted).to.equal(BigInt(stored.length) * 3n + totalOf(items, 17n) + open);
        expect((await store.getLane(ESCROW, 99n))?.consumed ?? 0n).to.equal(0n);
        for (const nonce of payments.slice(-3)) {
          expect(await refusal(store, payment(nonce, 3n), { price: 3n })).to.equal("nonceUsed");
        }
        await store.close();
      });
    }
  }
});

function totalOf(items: readonly UnsettledItem[], lane: bigint): bigint {
  for (const { item } of items) if (item.kind === "tab" && item.lane === lane) return item.total;
  return 0n;
}

/** Runs a process that accepts, kills it after some, and gives what it told. */
async function acceptUntilKilled(path: string, durability: string, count: number) {
  const child = spawn(process.execPath, [CHILD, path, durability], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  let isLockedWhileAlive: boolean;
  try {
    await until(() => child.exitCode !== null || output.split("\n").length > count);
    isLockedWhileAlive = isLocked(path);
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
  const told = output
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" "));
  const numbersOf = (kind: string) => told.flatMap(([what, value = ""]) => (what === kind ? [BigInt(value)] : []));
  return { payments: numbersOf("payment"), total: numbersOf("tab").at(-1) ?? 0n, isLockedWhileAlive };
}

function isLocked(path: string): boolean {
  try {
    void createSqliteFlashStore({ path }).close();
    return false;
  } catch (error) {
    return error instanceof StoreLockedError;
  }
}
