import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryFlashStore } from "../../../client/seller/flash/store/memory.ts";
import { createSqliteFlashStore } from "../../../client/seller/flash/store/sqlite.ts";
import { flashAcceptance } from "./flashAcceptance.ts";
import { measure } from "./measure.ts";
import { PEER, peerAcceptance } from "./peerAcceptance.ts";
import { toRow, type RowGroup } from "./rows.ts";

const GOAL = { maxMedianMs: 0.2, minRatio: 10 };

/** Server-side acceptance of one flash payment without HTTP, with either embedded store, beside the SDK's own voucher scheme. */
export const acceptFlash: RowGroup = {
  goals: { "accept.flash": GOAL, "accept.flashSqlite": GOAL },
  measure: async (tell) => {
    const folder = await mkdtemp(join(tmpdir(), "bench-speed-"));
    const memory = createMemoryFlashStore();
    const sqlite = createSqliteFlashStore({ path: join(folder, "flash.sqlite") });
    try {
      tell("signing flash payments");
      const subjects = [
        await flashAcceptance("memory", memory, 500),
        await flashAcceptance("SQLite", sqlite, 500),
        await peerAcceptance(60),
      ];
      tell("accepting flash payments");
      const [ours, oursSqlite, peer] = await measure(subjects);
      if (ours === undefined || oursSqlite === undefined || peer === undefined)
        throw new Error("a subject has no samples");
      return [toRow("accept.flash", ours, PEER, peer), toRow("accept.flashSqlite", oursSqlite, PEER, peer)];
    } finally {
      await memory.close();
      await sqlite.close();
      await rm(folder, { recursive: true });
    }
  },
};
