import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../../scripts/check/command.ts";

type Row = Readonly<Record<string, string | number | null>>;

const rowsOf = (name: string): readonly Row[] =>
  JSON.parse(readFileSync(join(ROOT, "snapshots", name), "utf8")) as readonly Row[];

describe("Snapshots", () => {
  describe("of gas", () => {
    const rows = rowsOf("gas.json");

    it("have the fields that readers expect", () => {
      expect(rows).not.to.deep.equal([]);
      for (const row of rows) {
        expect(row).to.have.all.keys("id", "n", "gas", "perItem", "peer", "peerGas", "floor", "goal");
      }
    });

    it("name each row once", () => {
      const names = rows.map(({ id, n }) => `${id} n=${n}`);
      expect(new Set(names).size).to.equal(names.length);
    });

    it("meet every goal", () => {
      const missed = rows.filter(({ gas, goal }) => goal !== null && Number(gas) > Number(goal));
      expect(missed).to.deep.equal([]);
      expect(rows.filter(({ goal }) => goal !== null)).not.to.deep.equal([]);
    });

    it("meet the floor of a batch within its margin", () => {
      const batch = rows.find(({ id, n }) => id === "voucher.collectBatch" && n === 100);
      expect(batch?.["floor"]).to.equal(46_000 + 9_400 * 100);
      expect(Number(batch?.["gas"])).to.be.at.most(1.26 * Number(batch?.["floor"]));
    });
  });

  describe("of speed", () => {
    const rows = rowsOf("speed.json");

    it("have the fields that readers expect", () => {
      expect(rows).not.to.deep.equal([]);
      for (const row of rows) {
        expect(row).to.have.all.keys("id", "medianMs", "p99Ms", "peer", "peerMedianMs", "ratio");
      }
    });

    it("compare with a peer where there is one", () => {
      for (const { id, medianMs, peerMedianMs, ratio } of rows) {
        if (peerMedianMs === null) expect(ratio, String(id)).to.equal(null);
        else expect(Number(ratio), String(id)).to.be.closeTo(Number(peerMedianMs) / Number(medianMs), 0.1);
      }
    });

    it("accept a voucher in 0.2 ms, ten times faster than the peer", () => {
      const row = rows.find(({ id }) => id === "accept.voucher");
      expect(Number(row?.["medianMs"])).to.be.at.most(0.2);
      expect(Number(row?.["ratio"])).to.be.at.least(10);
    });
  });
});
