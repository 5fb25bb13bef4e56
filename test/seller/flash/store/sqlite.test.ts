import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import {
  ReservationLostError,
  StoreLockedError,
  StoreUnavailableError,
  StoreVersionError,
} from "../../../../client/seller/core/errors.ts";
import { createSqliteFlashStore } from "../../../../client/seller/flash/store/sqlite.ts";
import { createSqliteStore } from "../../../../client/seller/voucher/store/sqlite.ts";
import { rejection } from "../../rejection.ts";
import {
  accepted,
  block,
  ESCROW,
  liveRelease,
  NOW,
  payment,
  PROOF,
  refusal,
  reserved,
  SERVER,
  SETTLEMENT,
  tab,
  transaction,
  update,
} from "../fixtures.ts";
import { describeFlashStore } from "./suite.ts";

describe("SQLite of flash", () => {
  let folder: string;
  const freshPath = (): string => join(folder, `${randomUUID()}.sqlite`);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "flash-store-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const durability of ["process", "group", "strict"] as const) {
    describeFlashStore(`SQLite store of flash, durability ${durability},`, () =>
      createSqliteFlashStore({ path: freshPath(), durability }),
    );
  }
  describeFlashStore("SQLite store of flash that remembers one escrow", () =>
    createSqliteFlashStore({ path: freshPath(), maxCachedEscrows: 1 }),
  );

  describe("over a restart", () => {
    it("gives back every total, lane, item, nonce and release", async () => {
      const path = freshPath();
      const before = createSqliteFlashStore({ path, durability: "group" });
      await before.applyChain([update()]);
      for (const item of [payment(0n), payment(3n), tab(200n), tab(50n, 2n), transaction("one")]) {
        await accepted(before, item, { price: 50n });
      }
      await before.addRelease(ESCROW, liveRelease(7n, 9n));
      await before.stop(ESCROW, 0n);
      await before.setSyncedBlock(SETTLEMENT, ESCROW.server, block(100n));
      const seen = await snapshot(before);
      await before.close();

      const after = createSqliteFlashStore({ path });
      expect(await snapshot(after)).to.deep.equal(seen);
      await after.close();
    });

    it("forgets requests that were being served, and holds nothing for them", async () => {
      const path = freshPath();
      const before = createSqliteFlashStore({ path });
      await before.applyChain([update()]);
      await accepted(before, payment(0n));
      const open = await reserved(before, payment(1n, 500n));
      await reserved(before, tab(300n));
      // Another commit writes the book while they are open: the tab, which stays payable, goes along, the payment does not.
      await accepted(before, payment(2n));
      await before.close();

      const after = createSqliteFlashStore({ path });
      expect((await after.getEscrow(ESCROW))?.accepted).to.equal(500n);
      expect(await after.getLane(ESCROW, 17n)).to.deep.equal({
        lane: 17n,
        authorised: 300n,
        consumed: 0n,
        settled: 0n,
        proof: PROOF,
      });
      expect(await rejection(after.commit(open, NOW))).to.be.instanceOf(ReservationLostError);
      await after.close();
    });

    it("keeps that a tab was sent to the chain, and that a wallet failed", async () => {
      const path = freshPath();
      const before = createSqliteFlashStore({ path });
      await before.applyChain([update()]);
      await accepted(before, tab(300n));
      await before.notePublished(ESCROW, 0n, [{ lane: 17n, total: 300n }]);
      await before.noteImpaired(ESCROW, 0n);
      await before.close();
      const after = createSqliteFlashStore({ path });
      expect(await refusal(after, tab(300n))).to.equal("tabPublic");
      expect((await after.getEscrow(ESCROW))?.isImpaired).to.equal(true);
      await after.close();
    });

    it("keeps the nonce of a cancelled request used", async () => {
      const path = freshPath();
      const before = createSqliteFlashStore({ path });
      await before.applyChain([update()]);
      await before.cancel(await reserved(before, payment(0n)));
      await before.close();
      const after = createSqliteFlashStore({ path });
      expect(await refusal(after, payment(0n))).to.equal("nonceUsed");
      expect((await after.getEscrow(ESCROW))?.accepted).to.equal(0n);
      await after.close();
    });
  });

  describe("durability group", () => {
    it("answers no commit before its group is written, and all of them with one write", async () => {
      const store = createSqliteFlashStore({ path: freshPath(), durability: "group", groupMs: 40 });
      await store.applyChain([update()]);
      const reservations = await Promise.all([0n, 1n, 2n].map((nonce) => reserved(store, payment(nonce))));
      const start = performance.now();
      const times = await Promise.all(
        reservations.map(async (reservation) => {
          await store.commit(reservation, NOW);
          return performance.now() - start;
        }),
      );
      expect(Math.min(...times)).to.be.greaterThan(30);
      expect(Math.max(...times) - Math.min(...times)).to.be.lessThan(30);
      await store.close();
    });

    it("writes the last group when it is closed", async () => {
      const path = freshPath();
      const store = createSqliteFlashStore({ path, durability: "group", groupMs: 60_000 });
      const writes = [store.applyChain([update()])];
      const reservation = await reserved(store, payment(0n));
      writes.push(store.commit(reservation, NOW));
      await store.close();
      await Promise.all(writes);
      const again = createSqliteFlashStore({ path });
      expect((await again.getEscrow(ESCROW))?.accepted).to.equal(100n);
      await again.close();
    });
  });

  for (const durability of ["process", "group"] as const) {
    it(`durability ${durability}: forgets what could not be written, and stays usable`, async () => {
      const path = freshPath();
      const store = createSqliteFlashStore({ path, durability });
      await store.applyChain([update()]);
      await accepted(store, payment(0n));
      // A digest that is already there breaks the table's own rule; the store never writes one twice by itself.
      const doubled = await reserved(store, { ...payment(1n), digest: payment(0n).digest });
      const open = await reserved(store, payment(2n));
      expect(await rejection(store.commit(doubled, NOW))).to.be.instanceOf(Error);
      expect((await store.getEscrow(ESCROW))?.accepted).to.equal(100n);
      expect(await rejection(store.commit(open, NOW))).to.be.instanceOf(ReservationLostError);
      await accepted(store, payment(3n));
      expect((await store.getEscrow(ESCROW))?.accepted).to.equal(200n);
      await store.close();
    });
  }

  describe("its file", () => {
    it("belongs to one process", async () => {
      const path = freshPath();
      const store = createSqliteFlashStore({ path });
      expect(() => createSqliteFlashStore({ path })).to.throw(StoreLockedError);
      await store.close();
      await createSqliteFlashStore({ path }).close();
    });

    it("is refused when another version wrote it", () => {
      const path = freshPath();
      const database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 999");
      database.close();
      expect(() => createSqliteFlashStore({ path })).to.throw(StoreVersionError);
    });

    it("is never the file of a voucher store, nor the other way round", async () => {
      const [vouchers, flash] = [freshPath(), freshPath()];
      await createSqliteStore({ path: vouchers }).close();
      await createSqliteFlashStore({ path: flash }).close();
      expect(() => createSqliteFlashStore({ path: vouchers })).to.throw(StoreVersionError);
      expect(() => createSqliteStore({ path: flash })).to.throw(StoreVersionError);
    });

    it("needs a runtime that has SQLite", () => {
      const { getBuiltinModule } = process;
      Object.assign(process, { getBuiltinModule: () => undefined });
      try {
        expect(() => createSqliteFlashStore({ path: freshPath() })).to.throw(StoreUnavailableError);
      } finally {
        Object.assign(process, { getBuiltinModule });
      }
    });
  });

  async function snapshot(store: ReturnType<typeof createSqliteFlashStore>) {
    return {
      state: await store.getEscrow(ESCROW),
      lanes: await store.listLanes(ESCROW),
      unsettled: await store.listUnsettled(SERVER),
      synced: await store.getSyncedBlock(SETTLEMENT, ESCROW.server),
    };
  }
});
