import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createSqliteFlashStore } from "../../../client/seller/flash/store/sqlite.ts";
import type { FlashDurability } from "../../../client/seller/flash/types.ts";
import { until } from "../until.ts";
import { NOW, SERVER } from "./fixtures.ts";
import { deployMarket, openMarket } from "./market.ts";
import { openServing } from "./serving.ts";

const CHILD = fileURLToPath(new URL("serving.ts", import.meta.url));

describe("recovery of a server of flash", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "flash-recovery-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const durability of ["process", "group", "strict"] as const satisfies readonly FlashDurability[]) {
    it(`R9: an acceptor that is killed forgets nothing it answered, at durability ${durability}`, async () => {
      const path = join(folder, `${durability}.sqlite`);
      const child = spawn(process.execPath, [CHILD, path, durability], { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(child, "exit");
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
      try {
        await until(() => child.exitCode !== null || output.split("\n").length > 60);
      } finally {
        child.kill("SIGKILL");
        await exited;
      }
      const served = output.split("\n").slice(0, -1).map(BigInt);
      expect(served.length).to.be.greaterThan(30);

      const store = createSqliteFlashStore({ path });
      const { acceptor, pay, token } = await openServing(store, NOW);
      for (const nonce of served) {
        const again = await acceptor.accept({ item: await pay(nonce), token, price: 3n });
        expect(again.isAccepted ? "accepted" : again.code).to.equal("flash_nonce_used");
      }
      const kept = await store.listUnsettled(SERVER);
      // One more at most was committed and not answered.
      expect(kept.length - served.length).to.be.within(0, 1);
      const [first] = kept;
      if (first === undefined) throw new Error("nothing was kept");
      const state = await store.getEscrow(first.escrow);
      expect(state?.accepted).to.equal(3n * BigInt(kept.length));
      await store.close();
    });
  }

  it("goes on where it was: from the store what was accepted, from the chain what was settled in the meantime", async () => {
    const place = await deployMarket();
    const path = join(folder, "restart.sqlite");
    const first = await openMarket(place, { store: createSqliteFlashStore({ path }) });
    const payer = await first.payer(5_000n);
    await payer.open({ amount: 1_000n });
    expect(await first.answer(await payer.payment(300n, 0n))).to.equal("accepted");
    expect(await first.answer(await payer.tab(400n))).to.equal("accepted");
    await first.chain.sync();
    await first.close();

    // While nobody looks, the tab is settled by its client, who closes too.
    const tab = await payer.tab(400n);
    if (tab.kind !== "tab") throw new Error("no tab");
    const { client, total, lane, signature } = tab;
    const { server, token } = payer.escrow;
    await payer.call("settleTab", { client, server, token, total, lane, deadline: 0, epoch: 0 }, signature);
    await payer.drain();
    await payer.call("closeEscrow", client, server, token, 0);

    const second = await openMarket(place, { store: createSqliteFlashStore({ path }), key: first.key });
    const state = await second.store.getEscrow(payer.escrow);
    expect([state?.accepted, state?.unsettled, state?.available]).to.deep.equal([700n, 300n, 0n]);
    expect(state?.confirmed.isClosedByClient).to.equal(true);
    expect(await second.answer(await payer.payment(100n, 1n))).to.equal("flash_escrow_closing");
    const report = await second.settler.settleDue();
    expect(report.items.map(({ reason, failure }) => [reason, failure])).to.deep.equal([["closing", undefined]]);
    expect(await second.income()).to.equal(700n);
    await second.close();
    await place.base.close();
  });
});
