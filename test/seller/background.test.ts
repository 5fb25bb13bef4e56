import { expect } from "chai";
import { createBackground, NEVER } from "../../client/seller/core/background.ts";
import { until } from "./until.ts";

describe("work in the background", () => {
  /** Work that does one step, and then only when it is alerted. */
  function make(run: (signal: AbortSignal) => Promise<void>) {
    const listeners = new Set<() => void>();
    const failures: unknown[] = [];
    const background = createBackground({
      interval: 60_000,
      run,
      onFailure: (error) => failures.push(error),
      onAlert: (listener) => {
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
    });
    const alert = (): void => {
      for (const listener of listeners) listener();
    };
    return { background, alert, listeners, failures };
  }

  it("does a step when it starts and when it is alerted, and none once it is stopped", async () => {
    let steps = 0;
    const { background, alert, listeners } = make(async () => {
      steps += 1;
    });
    background.start();
    await until(() => steps === 1);
    alert();
    await until(() => steps === 2);
    await background.stop(NEVER);
    expect(listeners.size).to.equal(0);
  });

  it("hears every alert once, however often it is started", async () => {
    const { background, listeners } = make(async () => undefined);
    background.start();
    background.start();
    expect(listeners.size).to.equal(1);
    await background.stop(NEVER);
  });

  it("waits for the step that runs, which gives up when it is told so, and works again", async () => {
    const given: AbortSignal[] = [];
    const { background, failures } = make(async (signal) => {
      given.push(signal);
      if (given.length > 1) return;
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason);
        });
      });
    });
    background.start();
    await until(() => given.length === 1);
    const enough = new Error("enough");
    await background.stop(AbortSignal.abort(enough));
    expect(failures).to.deep.equal([enough]);
    background.start();
    await until(() => given.length === 2);
    expect(given[1]?.aborted).to.equal(false);
    await background.stop(NEVER);
  });
});
