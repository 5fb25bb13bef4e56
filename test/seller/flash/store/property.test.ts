import { createMemoryFlashStore } from "../../../../client/seller/flash/store/memory.ts";
import { createSqliteFlashStore } from "../../../../client/seller/flash/store/sqlite.ts";
import { checkAgainstModel } from "./property.ts";

describe("flash stores beside a simple model", () => {
  it("memory: what was accepted is settled or lies in the escrow", () =>
    checkAgainstModel(createMemoryFlashStore, 500));

  it("SQLite: what was accepted is settled or lies in the escrow", () =>
    checkAgainstModel(() => createSqliteFlashStore({ path: ":memory:" }), 200));
});
