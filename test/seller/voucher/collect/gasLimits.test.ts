import { expect } from "chai";
import { DEFAULT_GAS_MODEL, MAX_TRANSACTION_GAS } from "../../../../client/seller/voucher/collect/gas.ts";
import { createGasLimits } from "../../../../client/seller/voucher/collect/gasLimits.ts";
import { address } from "../fixtures.ts";

describe("gas limits of a collection", () => {
  const [thirsty, plain] = [address("thirsty"), address("plain")];
  const groupLimits = (limits: ReturnType<typeof createGasLimits>) =>
    [thirsty, plain].map((asset) => limits.modelOf(asset).groupLimit / DEFAULT_GAS_MODEL.groupLimit);

  it("double for the asset whose groups fail, up to eight times, and for no other", () => {
    const limits = createGasLimits();
    const seen: (readonly bigint[])[] = [];
    for (let count = 0; count < 5; count += 1) {
      seen.push(groupLimits(limits));
      limits.note(thirsty, true);
      // What works for one asset says nothing about another.
      limits.note(plain, false);
    }
    expect(seen).to.deep.equal([1n, 2n, 4n, 8n, 8n].map((times) => [times, 1n]));
  });

  it("are as before once a group succeeds", () => {
    const limits = createGasLimits();
    limits.note(thirsty, true);
    limits.note(thirsty, false);
    expect(groupLimits(limits)).to.deep.equal([1n, 1n]);
  });

  it("scale everything that a group may use, and never what a chain mines", () => {
    const limits = createGasLimits({ rowLimit: 7n, wideRowLimit: 11n, transactionLimit: 2n * MAX_TRANSACTION_GAS });
    limits.note(thirsty, true);
    const { rowLimit, wideRowLimit, transactionLimit } = limits.modelOf(thirsty);
    expect([rowLimit, wideRowLimit, transactionLimit]).to.deep.equal([14n, 22n, MAX_TRANSACTION_GAS]);
  });
});
