import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../../../client/seller/voucher/store/memory.ts";
import { createSqliteStore } from "../../../client/seller/voucher/store/sqlite.ts";
import { measure } from "./measure.ts";
import { ourAcceptance } from "./ourAcceptance.ts";
import { PEER, peerAcceptance } from "./peerAcceptance.ts";
import { toRow, type RowGroup } from "./rows.ts";

const GOAL = { maxMedianMs: 0.2, minRatio: 10 };

/** Server-side acceptance of one voucher without HTTP, with either embedded store, beside the SDK's own voucher scheme. */
export const acceptVoucher: RowGroup = {
  goals: { "accept.voucher": GOAL, "accept.voucherSqlite": GOAL },
  measure: async (tell) => {
    const folder = await mkdtemp(join(tmpdir(), "bench-speed-"));
    const memory = createMemoryStore();
    const sqlite = createSqliteStore({ path: join(folder, "vouchers.sqlite") });
    try {
      tell("signing vouchers");
      const subjects = [
        await ourAcceptance("memory", memory, 500),
        await ourAcceptance("SQLite", sqlite, 500),
        await peerAcceptance(60),
      ];
      tell("accepting vouchers");
      const [ours, oursSqlite, peer] = await measure(subjects);
      if (ours === undefined || oursSqlite === undefined || peer === undefined)
        throw new Error("a subject has no samples");
      return [toRow("accept.voucher", ours, PEER, peer), toRow("accept.voucherSqlite", oursSqlite, PEER, peer)];
    } finally {
      await memory.close();
      await sqlite.close();
      await rm(folder, { recursive: true });
    }
  },
};
