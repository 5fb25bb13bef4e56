import { expect } from "chai";
import { ChainBusyError } from "../../client/seller/core/errors.ts";
import { createReadQueue, type ReadRank } from "../../client/seller/core/readQueue.ts";
import type { RefreshParameters } from "../../client/seller/voucher/chain/types.ts";
import { rejection } from "./rejection.ts";
import { ACCOUNT, address } from "./voucher/fixtures.ts";

describe("reads that wait", () => {
  const open = (limit: number) => {
    const queue = createReadQueue<RefreshParameters>(limit);
    const failures: unknown[] = [];
    const add = (name: string, rank: ReadRank, minBlock = 0n) => {
      const account = { ...ACCOUNT, buyer: address(name) };
      queue.add({ account, minBlock }, rank).catch((error: unknown) => failures.push(error));
    };
    const take = (block: bigint, most: number) =>
      queue.take(block, most).map(({ parameters: { account } }) => account.buyer);
    return { queue, failures, add, take };
  };

  for (const [limit, half] of [
    [1, 1],
    [4, 2],
    [5, 3],
  ] as const) {
    it(`leave strangers ${half} of ${limit} places`, async () => {
      const { queue, add } = open(limit);
      for (let index = 0; index < half; index += 1) add(`stranger ${index}`, "unproven");
      expect(queue.size).to.equal(half);
      expect(await rejection(queue.add({ account: ACCOUNT }, "unproven"))).to.be.instanceOf(ChainBusyError);
      for (let index = half; index < limit; index += 1) add(`buyer ${index}`, "proven");
      expect(queue.size).to.equal(limit);
      expect(await rejection(queue.add({ account: ACCOUNT }, "owed"))).to.be.instanceOf(ChainBusyError);
    });
  }

  it("make room for strangers again once theirs were taken", () => {
    const { queue, failures, add } = open(4);
    add("one", "unproven");
    add("two", "unproven");
    queue.take(0n, 1);
    add("three", "unproven");
    expect([queue.size, failures]).to.deep.equal([2, []]);
  });

  it("are taken by rank, and within a rank as they came", () => {
    const { queue, add, take } = open(10);
    add("stranger", "unproven");
    add("buyer", "proven");
    add("debtor", "owed");
    add("second buyer", "proven");
    add("later", "owed", 7n);
    expect(take(6n, 2)).to.deep.equal([address("debtor"), address("buyer")]);
    expect(queue.hasReady(6n)).to.equal(true);
    expect(take(6n, 5)).to.deep.equal([address("second buyer"), address("stranger")]);
    expect([queue.size, queue.hasReady(6n), queue.hasReady(7n)]).to.deep.equal([1, false, true]);
    expect(take(7n, 5)).to.deep.equal([address("later")]);
  });
});
