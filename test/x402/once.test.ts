import { expect } from "chai";
import { createShared, untilDone } from "../../client/x402/core/once.ts";
import { rejection } from "../seller/rejection.ts";

describe("work that is done once", () => {
  it("is done for whoever comes at once or later, and tried again when it failed", async () => {
    let runs = 0;
    const load = untilDone(async () => {
      runs += 1;
      if (runs === 1) throw new Error("no disk");
    });
    expect(await Promise.all([rejection(load()), rejection(load())])).to.have.nested.property("[1].message", "no disk");
    expect(runs).to.equal(1);
    await Promise.all([load(), load()]);
    await load();
    expect(runs).to.equal(2);
  });

  it("is shared by copies that come together, and by no others", async () => {
    let runs = 0;
    const once = createShared<number>();
    const work = async (): Promise<number> => {
      runs += 1;
      return runs;
    };
    expect(await Promise.all([once("a", work), once("a", work), once("b", work)])).to.deep.equal([1, 1, 2]);
    expect(await once("a", work)).to.equal(3);
  });
});
