import { until } from "../../until.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { StoreLockedError } from "../../../../client/seller/core/errors.ts";
import { createSqliteStore } from "../../../../client/seller/voucher/store/sqlite.ts";
import type { VoucherStore } from "../../../../client/seller/voucher/store/types.ts";
import { ACCOUNT, ESCROW, refusal, request } from "../fixtures.ts";

const CHILD = fileURLToPath(new URL("killed.ts", import.meta.url));

describe("SQLite store of a process that is killed", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "voucher-kill-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const round of [1, 2, 3]) {
    it(`has every voucher it accepted and charged, kill ${round}`, async () => {
      const path = join(folder, `${round}.sqlite`);
      const { told, isLockedWhileAlive } = await acceptUntilKilled(path, 100 * round);
      expect(isLockedWhileAlive).to.equal(true);

      const store = createSqliteStore({ path });
      const lanes = await store.listLanes({ ...ESCROW, seller: ACCOUNT.seller });
      expect(new Set(lanes.map(({ lane }) => lane.id))).to.deep.equal(new Set(told.keys()));
      for (const { lane, latest, charged, reservation } of lanes) {
        const last = told.get(lane.id);
        // The commit after the last one told may be there as well: it was killed before it could tell.
        const extra = latest.voucher.nonce - (last?.nonce ?? -1n);
        expect(extra).to.be.oneOf([0n, 1n]);
        expect(charged).to.equal((last?.charged ?? 0n) + 3n * extra);
        expect(latest.voucher.valueAggregate).to.equal(charged);
        expect(reservation).to.equal(undefined);
        await expectRefused(store, lane.id, latest.voucher.nonce);
      }
      await store.close();
    });
  }
});

interface Told {
  readonly nonce: bigint;
  readonly charged: bigint;
}

/** Runs a process that accepts vouchers, kills it after some, and gives what it told last of each lane. */
async function acceptUntilKilled(path: string, count: number) {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await until(() => child.exitCode !== null || output.split("\n").length > count);
  const isLockedWhileAlive = isLocked(path);
  child.kill("SIGKILL");
  await exited;
  const told = new Map<string, Told>();
  for (const line of output.split("\n").slice(0, -1)) {
    const [id = "", nonce = "", charged = ""] = line.split(" ");
    told.set(id, { nonce: BigInt(nonce), charged: BigInt(charged) });
  }
  return { told, isLockedWhileAlive };
}

function isLocked(path: string): boolean {
  try {
    void createSqliteStore({ path }).close();
    return false;
  } catch (error) {
    return error instanceof StoreLockedError;
  }
}

async function expectRefused(store: VoucherStore, id: `0x${string}`, nonce: bigint): Promise<void> {
  const again = request({ id, nonce, valueAggregate: (nonce + 1n) * 3n }, { price: 3n });
  expect(await refusal(store, again)).to.equal("duplicate");
}
