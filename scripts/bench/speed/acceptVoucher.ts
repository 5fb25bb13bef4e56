import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../../../client/seller/voucher/store/memory.ts";
import { createSqliteStore } from "../../../client/seller/voucher/store/sqlite.ts";
import { measure, quantile, type Samples } from "./measure.ts";
import { ourAcceptance } from "./ourAcceptance.ts";
import { PEER, peerAcceptance } from "./peerAcceptance.ts";
import type { RowGroup, SpeedRow } from "./rows.ts";

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
      return [toRow("accept.voucher", ours, peer), toRow("accept.voucherSqlite", oursSqlite, peer)];
    } finally {
      await memory.close();
      await sqlite.close();
      await rm(folder, { recursive: true });
    }
  },
};

function toRow(id: string, ours: Samples, peer: Samples): SpeedRow {
  const medianMs = quantile(ours, 0.5);
  const peerMedianMs = quantile(peer, 0.5);
  return {
    id,
    medianMs,
    p99Ms: quantile(ours, 0.99),
    peer: PEER,
    peerMedianMs,
    ratio: Math.round((peerMedianMs / medianMs) * 10) / 10,
  };
}
