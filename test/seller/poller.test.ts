import { expect } from "chai";
import { createPoller } from "../../client/seller/core/poller.ts";
import { createTokenBuckets } from "../../client/seller/core/tokenBucket.ts";
import { until } from "./until.ts";

describe("poller", () => {
  it("pauses longer with every failure, up to its limit, and normally again after a success", async () => {
    const pauses: number[] = [];
    let isFailing = true;
    let successes = 0;
    const poller = createPoller({
      interval: 2,
      maxPause: 16,
      run: async () => {
        if (isFailing) throw new Error("no answer");
        successes += 1;
        return true;
      },
      onError: (_error, pause) => pauses.push(pause),
    });
    poller.start();
    await until(() => pauses.length >= 5);
    expect(pauses.slice(0, 5)).to.deep.equal([4, 8, 16, 16, 16]);
    isFailing = false;
    await until(() => successes >= 3);
    await poller.stop();
  });

  it("runs once more when it is wanted while it runs, and never twice at once", async () => {
    let runs = 0;
    let inside = 0;
    let mostInside = 0;
    const poller = createPoller({
      interval: 1_000_000,
      run: async () => {
        runs += 1;
        inside += 1;
        mostInside = Math.max(mostInside, inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside -= 1;
        return false;
      },
    });
    for (let call = 0; call < 5; call += 1) poller.start();
    await until(() => runs === 2 && inside === 0);
    await poller.stop();
    expect([runs, mostInside]).to.deep.equal([2, 1]);
  });

  it("waits for the step that runs when it is stopped, and rests then", async () => {
    let isDone = false;
    const poller = createPoller({
      interval: 1,
      run: async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        isDone = true;
        return true;
      },
    });
    poller.start();
    await poller.stop();
    expect(isDone).to.equal(true);
    isDone = false;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isDone).to.equal(false);
  });
});

describe("token buckets", () => {
  it("allow a burst, then so many a second, for each name", () => {
    const buckets = createTokenBuckets({ burst: 2, perSecond: 1, maxNames: 10 });
    const take = (now: bigint) => [1, 2, 3].map(() => buckets.take("one", now));
    expect(take(100n)).to.deep.equal([true, true, false]);
    expect(take(101n)).to.deep.equal([true, false, false]);
    expect(take(99n)).to.deep.equal([false, false, false]);
    expect(take(1_000n)).to.deep.equal([true, true, false]);
    expect(buckets.take("other", 1_000n)).to.equal(true);
  });

  it("take back what was taken for nothing, up to the burst", () => {
    const buckets = createTokenBuckets({ burst: 1, perSecond: 0, maxNames: 10 });
    buckets.giveBack("nobody");
    const rounds = [0, 1, 2].map((times) => {
      for (let time = 0; time < times; time += 1) buckets.giveBack("one");
      return [buckets.take("one", 0n), buckets.take("one", 0n)];
    });
    expect(rounds).to.deep.equal([
      [true, false],
      [true, false],
      [true, false],
    ]);
  });

  it("forget the name that was quiet longest", () => {
    const buckets = createTokenBuckets({ burst: 1, perSecond: 0, maxNames: 2 });
    const names = ["one", "two", "one", "three", "one", "two"];
    expect(names.map((name) => buckets.take(name, 0n))).to.deep.equal([true, true, false, true, false, true]);
  });
});
