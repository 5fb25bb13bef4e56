import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  createMemoryPaymentStore,
  createSqlitePaymentStore,
  StoreClosedError,
  StoreLockedError,
  StoreVersionError,
} from "../../../client/seller/auth-capture/index.ts";
import { createSqliteFlashStore } from "../../../client/seller/flash/index.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";
import { makeRecord } from "./records.ts";
import { describePaymentStore } from "./suite.ts";

const hashOf = (digit: string) => `0x${digit.repeat(64)}` as const;

describe("stores of auth-capture payments", () => {
  let folder: string;
  const newPath = () => join(folder, `${randomUUID()}.sqlite`);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "payments-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  describePaymentStore("memory", createMemoryPaymentStore);
  describePaymentStore("SQLite", () => createSqlitePaymentStore({ path: newPath() }));

  describe("SQLite file", () => {
    it("has everything after it was closed, and what was in hand is due at once", async () => {
      const path = newPath();
      const first = createSqlitePaymentStore({ path, durability: "process" });
      const serving = makeRecord({ dueAt: 1_000n });
      const held = makeRecord({ paymentInfoHash: hashOf("c"), stage: "held", dueAt: 1_000n });
      await first.insert(serving);
      await first.insert(held);
      await first.close();
      const second = createSqlitePaymentStore({ path });
      expect(await second.listDue({ now: 0n, limit: 9 })).to.deep.equal([{ ...serving, dueAt: 0n }]);
      expect(await second.get(held.paymentInfoHash)).to.deep.equal(held);
      await second.close();
      await second.close();
      await rejectedWith(second.get(held.paymentInfoHash), StoreClosedError);
    });

    it("belongs to one process, and to this store alone", async () => {
      const path = newPath();
      const store = createSqlitePaymentStore({ path });
      expect(() => createSqlitePaymentStore({ path })).to.throw(StoreLockedError);
      await store.close();
      expect(() => createSqliteFlashStore({ path })).to.throw(StoreVersionError);
    });
  });
});
