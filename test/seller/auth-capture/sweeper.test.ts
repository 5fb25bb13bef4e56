import { expect } from "chai";
import { createPaymentSweeper } from "../../../client/seller/auth-capture/index.ts";
import { until } from "../until.ts";

describe("sweeper of auth-capture payments", () => {
  it("sweeps again and again, also after a failure, until it is stopped", async () => {
    let sweeps = 0;
    const errors: unknown[] = [];
    const sweeper = createPaymentSweeper({
      interval: 1,
      manager: {
        sweep: async () => {
          sweeps += 1;
          if (sweeps === 2) throw new Error("the chain is gone");
        },
      },
      onError: (error) => errors.push(error),
    });
    sweeper.start();
    await until(() => sweeps >= 4);
    await sweeper.stop(new AbortController().signal);
    const swept = sweeps;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sweeps).to.equal(swept);
    expect(errors.map(String)).to.deep.equal(["Error: the chain is gone"]);
  });

  it("has the sweep that runs give up when it is told to", async () => {
    let given: AbortSignal | undefined;
    const sweeper = createPaymentSweeper({
      interval: 1,
      manager: {
        sweep: (signal) =>
          new Promise((_, reject) => {
            given = signal;
            signal?.addEventListener("abort", () => reject(signal.reason as Error));
          }),
      },
    });
    sweeper.start();
    await until(() => given !== undefined);
    await sweeper.stop(AbortSignal.abort(new Error("enough")));
    expect(given?.aborted).to.equal(true);
  });
});
