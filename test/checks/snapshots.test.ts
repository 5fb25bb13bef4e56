import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../../scripts/check/command.ts";

type Row = Readonly<Record<string, string | number | null>>;

const rowsOf = (name: string): readonly Row[] =>
  JSON.parse(readFileSync(join(ROOT, "snapshots", name), "utf8")) as readonly Row[];

/** Most gas of a whole transaction. Stands here too, so that neither a row nor its goal can be lost from the file it judges. */
const GAS_GOALS = [
  { id: "voucher.depositWithEip3009", n: 1, most: 122_500 },
  { id: "voucher.depositWithEip3009TopUp", n: 1, most: 105_500 },
  { id: "voucher.allocate", n: 1, most: 55_000 },
  { id: "voucher.allocateWithAuthorization", n: 1, most: 63_000 },
  { id: "voucher.collectBatch", n: 100, most: 1_235_000 },
  { id: "flash.openEscrow", n: 1, most: 135_000 },
  { id: "flash.openEscrowWithTerms", n: 1, most: 118_500 },
  { id: "flash.settlePayment", n: 1, most: 75_500 },
  { id: "flash.settleBatch", n: 10, most: 145_000 },
  { id: "flash.settleBatch", n: 100, most: 690_000 },
  { id: "flash.settleTab", n: 1, most: 89_000 },
  { id: "flash.settleTabFirst", n: 1, most: 106_000 },
  { id: "authCapture.authorizeOverhead", n: 1, most: 11_700 },
  { id: "authCapture.captureOverhead", n: 1, most: 15_200 },
  { id: "authCapture.captureOverheadArbitrated", n: 1, most: 17_400 },
  { id: "authCapture.deployOperator", n: 1, most: 100_000 },
  { id: "authCapture.authorizeOverheadV1_0", n: 1, most: 11_700 },
  { id: "authCapture.captureOverheadV1_0", n: 1, most: 15_200 },
  { id: "authCapture.captureOverheadArbitratedV1_0", n: 1, most: 17_400 },
  { id: "authCapture.deployOperatorV1_0", n: 1, most: 100_000 },
] as const;

/** Rows whose goal follows other rows. */
const RELATIVE_GOALS = ["flash.settleFallback", "authCapture.captureAndVoid", "authCapture.captureAndVoidV1_0"];

/** What the escrow pays instead of the wallet may cost this many times the gas; the goal follows the wallet's leg. */
const FALLBACK_RATIO = 1.15;

/** Most milliseconds, and how many times faster than the peer at least. */
const SPEED_GOALS = [
  { id: "accept.voucher", most: 0.2, ratio: 10 },
  { id: "accept.voucherSqlite", most: 0.2, ratio: 10 },
  { id: "http.paidOverUnpaid", most: 0.5, ratio: undefined },
] as const;

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

    for (const { id, n, most } of GAS_GOALS) {
      it(`hold ${id} n=${n} to ${most} gas`, () => {
        const row = rows.find((other) => other["id"] === id && other["n"] === n);
        expect(row?.["gas"]).to.be.a("number").that.is.at.most(most);
        expect(row?.["goal"]).to.equal(most);
      });
    }

    it("hold what the escrow pays close to what the wallet pays", () => {
      const gasOf = (name: string) => Number(rows.find(({ id, n }) => id === name && n === 100)?.["gas"]);
      expect(gasOf("flash.settleFallback")).to.be.above(0);
      expect(gasOf("flash.settleFallback")).to.be.at.most(FALLBACK_RATIO * gasOf("flash.settleBatch"));
    });

    for (const suffix of ["", "V1_0"]) {
      it(`hold captureAndVoid${suffix} below capture and void apart, also of an account that operates the escrow itself`, () => {
        const rowOf = (verb: string) => rows.find(({ id }) => id === `authCapture.${verb}${suffix}`);
        const gas = Number(rowOf("captureAndVoid")?.["gas"]);
        expect(gas).to.be.below(Number(rowOf("capture")?.["gas"]) + Number(rowOf("void")?.["gas"]));
        expect(gas).to.be.below(Number(rowOf("capture")?.["peerGas"]) + Number(rowOf("void")?.["peerGas"]));
      });
    }

    it("name no other goal", () => {
      const goals = rows.filter(({ id, goal }) => goal !== null && !RELATIVE_GOALS.includes(String(id)));
      expect(goals).to.have.lengthOf(GAS_GOALS.length);
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

    for (const { id, most, ratio } of SPEED_GOALS) {
      it(`hold ${id} to ${most} ms`, () => {
        const row = rows.find((other) => other["id"] === id);
        expect(row?.["medianMs"]).to.be.a("number").that.is.at.most(most);
        if (ratio !== undefined) expect(row?.["ratio"]).to.be.a("number").that.is.at.least(ratio);
      });
    }
  });
});
