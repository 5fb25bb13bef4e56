import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { orAbort } from "../../client/seller/orAbort.ts";
import { rejection } from "./rejection.ts";

describe("giving up on work", () => {
  const failingSoon = async (): Promise<never> => {
    await sleep(5);
    throw new Error("work failed");
  };

  it("gives what the work gives", async () => {
    expect(await orAbort(new AbortController().signal, Promise.resolve(7))).to.equal(7);
    expect(await rejection(orAbort(new AbortController().signal, failingSoon()))).to.have.property(
      "message",
      "work failed",
    );
  });

  for (const [when, abort] of [
    ["before the work began", (patience: AbortController) => patience.abort("gone")],
    ["while it runs", (patience: AbortController) => setTimeout(() => patience.abort("gone"), 1)],
  ] as const) {
    it(`gives up when the signal says so ${when}, and hears the work fail later`, async () => {
      const unheard: unknown[] = [];
      const hear = (reason: unknown): void => {
        unheard.push(reason);
      };
      const others = process.listeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection");
      process.on("unhandledRejection", hear);
      try {
        const patience = new AbortController();
        abort(patience);
        expect(await rejection(orAbort(patience.signal, failingSoon()))).to.equal("gone");
        await sleep(20);
      } finally {
        process.off("unhandledRejection", hear);
        for (const other of others) process.on("unhandledRejection", other);
      }
      expect(unheard).to.deep.equal([]);
    });
  }
});
