import { expect } from "chai";
import { encodeFunctionData } from "viem";
import { voucherEscrowAbi } from "../../../../client/abi/voucherEscrow.ts";
import { splitIntoBatches } from "../../../../client/seller/voucher/collect/batches.ts";
import { DEFAULT_GAS_MODEL, intrinsicGas, MAX_TRANSACTION_GAS } from "../../../../client/seller/voucher/collect/gas.ts";
import type { PlannedLane } from "../../../../client/seller/voucher/collect/plan.ts";
import { DEFAULT_LANE } from "../../../../client/voucher/types.ts";
import type { CollectableLane } from "../../../../client/seller/voucher/store/types.ts";
import { ACCOUNT, address, laneId, NOW, voucher } from "../fixtures.ts";

const SIGNATURE = `0x${"11".repeat(64)}1b` as const;

function planned(index: number, overrides: Partial<CollectableLane["lane"]> = {}, ceiling = 500n): PlannedLane {
  const lane = { ...ACCOUNT, buyer: address(`buyer ${index}`), id: DEFAULT_LANE, ...overrides };
  const latest = {
    voucher: voucher({ ...lane, valueAggregate: ceiling, nonce: BigInt(index) }),
    signature: SIGNATURE,
    signer: { address: lane.buyer, kind: "buyer" },
  } as const;
  return {
    lane: {
      lane,
      latest,
      charged: 300n,
      collected: 0n,
      uncollected: 300n,
      balance: 1_000n,
      leasedUntil: 0n,
      oldestChargeTime: NOW,
      thawEndTime: 0n,
    },
    reason: "now",
  };
}

const many = (count: number, overrides: Partial<CollectableLane["lane"]> = {}) =>
  Array.from({ length: count }, (_, index) => planned(index, overrides));

describe("batches of a collection", () => {
  it("ask compact rows for the charged total under the signed ceiling", () => {
    const [batch] = splitIntoBatches([planned(7)], () => DEFAULT_GAS_MODEL);
    const [row] = batch?.groups[0]?.rows ?? [];
    expect(row?.head).to.equal((BigInt(address("buyer 7")) << 96n) | 300n);
    expect((row?.terms ?? 0n) >> 160n).to.equal(500n);
  });

  it("take other lanes, contract wallets and wide values as wide rows", () => {
    const wallet = planned(2);
    const byContract = {
      ...wallet,
      lane: {
        ...wallet.lane,
        latest: { ...wallet.lane.latest, signer: { address: ACCOUNT.buyer, kind: "contract" } as const },
      },
    };
    const lanes = [planned(0), planned(1, { id: laneId("other") }), byContract, planned(3, {}, 1n << 96n)];
    const [batch] = splitIntoBatches(lanes, () => DEFAULT_GAS_MODEL);
    const [group] = batch?.groups ?? [];
    expect([group?.rows.length, group?.wide.map(({ total }) => total)]).to.deep.equal([1, [300n, 300n, 300n]]);
    expect(group?.gasLimit).to.equal(
      DEFAULT_GAS_MODEL.groupLimit + DEFAULT_GAS_MODEL.rowLimit + 3n * DEFAULT_GAS_MODEL.wideRowLimit,
    );
  });

  it("have one group an asset", () => {
    const other = address("other asset");
    const lanes = [planned(0), planned(1, { asset: other }), planned(2)];
    const [batch, ...more] = splitIntoBatches(lanes, () => DEFAULT_GAS_MODEL);
    expect(more).to.deep.equal([]);
    expect(batch?.groups.map(({ asset, rows }) => [asset, rows.length])).to.deep.equal([
      [ACCOUNT.asset, 2],
      [other, 1],
    ]);
  });

  for (const [name, lanes] of [
    ["compact", many(3_000)],
    ["wide", many(400, { id: laneId("other") })],
  ] as const) {
    it(`stay below the gas limit with ${lanes.length} ${name} rows, in order, and leave none out`, () => {
      const batches = splitIntoBatches(lanes, () => DEFAULT_GAS_MODEL);
      expect(batches.length).to.be.greaterThan(1);
      for (const { gas, groups } of batches) {
        expect(gas <= DEFAULT_GAS_MODEL.transactionLimit).to.equal(true);
        // What every group may use is really there, after the call data is paid and each call has left its 64th.
        const data = encodeFunctionData({ abi: voucherEscrowAbi, functionName: "collectBatch", args: [groups] });
        const inside = groups.reduce((sum, { gasLimit }) => sum + (gasLimit * 64n) / 63n, 0n);
        expect(gas > intrinsicGas(data, inside)).to.equal(true);
      }
      expect(batches.flatMap((batch) => batch.lanes)).to.deep.equal(lanes);
    });
  }

  it("stay below what a chain mines, whatever limit a seller sets", () => {
    const batches = splitIntoBatches(many(3_000), () => ({
      ...DEFAULT_GAS_MODEL,
      transactionLimit: MAX_TRANSACTION_GAS,
    }));
    for (const { gas } of batches) expect(gas <= MAX_TRANSACTION_GAS).to.equal(true);
  });

  it("carry a lane that is above the limit by itself", () => {
    expect(splitIntoBatches(many(2), () => ({ ...DEFAULT_GAS_MODEL, transactionLimit: 1n }))).to.have.length(2);
  });
});

describe("gas before a transaction runs", () => {
  for (const [data, execution, expected] of [
    ["0x", 0n, 21_000n],
    ["0x00", 100n, 21_104n],
    ["0x01", 100n, 21_116n],
    ["0x01", 0n, 21_040n],
    ["0x0100", 30n, 21_050n],
  ] as const) {
    it(`is ${expected} for ${data} and ${execution} of execution`, () => {
      expect(intrinsicGas(data, execution)).to.equal(expected);
    });
  }
});
