import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DEFAULT_LANE } from "../../../../client/voucher/types.ts";
import { createMemoryStore } from "../../../../client/seller/voucher/store/memory.ts";
import { createSqliteStore } from "../../../../client/seller/voucher/store/sqlite.ts";
import type { Reservation } from "../../../../client/seller/voucher/types.ts";
import type { VoucherStore } from "../../../../client/seller/voucher/store/types.ts";
import { ACCOUNT, address, chainUpdate, charge, ESCROW, NOW, request, reserved } from "../fixtures.ts";

const LIMIT = 20;
const STRANGERS = 300;

/** Anybody can ask for an offer in any name. */
async function flood(store: VoucherStore): Promise<void> {
  for (let index = 0; index < STRANGERS; index += 1) {
    const account = { ...ACCOUNT, buyer: address(`stranger ${index}`) };
    await store.applyChain([chainUpdate({ account, balance: 0n })], []);
    await store.leaseLane({ account, now: NOW, until: NOW + 60n, maxLanes: 32 });
  }
}

async function countStrangers(store: VoucherStore): Promise<number> {
  let known = 0;
  for (let index = 0; index < STRANGERS; index += 1) {
    if ((await store.getAccount({ ...ACCOUNT, buyer: address(`stranger ${index}`) })) !== undefined) known += 1;
  }
  return known;
}

describe("a flood of strangers' offers", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "voucher-store-flood-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const stores: readonly (readonly [string, () => VoucherStore])[] = [
    ["memory", () => createMemoryStore({ maxEmptyAccounts: LIMIT })],
    ["SQLite", () => createSqliteStore({ path: join(folder, "store.sqlite"), maxCachedAccounts: LIMIT })],
  ];
  for (const [name, open] of stores) {
    describe(`at the ${name} store`, () => {
      let store: VoucherStore;

      before(async () => {
        store = open();
        await store.applyChain([chainUpdate()], []);
      });

      after(() => store.close());

      it("fills no more memory than the limit, although every offer holds a lane", async () => {
        await flood(store);
        expect(await countStrangers(store)).to.be.at.most(LIMIT);
      });

      it("takes nothing from a request that is being served", async () => {
        const reservation = await reserved(store, request());
        await flood(store);
        expect((await store.commit(reservation, 100n, NOW)).charged).to.equal(100n);
      });

      it("loses nothing that is owed", async () => {
        await charge(store, request({ nonce: 1n, valueAggregate: 150n }, { price: 50n }));
        await flood(store);
        const lanes = await store.listLanes({ ...ESCROW, seller: ACCOUNT.seller, onlyUncollected: true });
        expect(lanes.map(({ uncollected }) => uncollected)).to.deep.equal([150n]);
        expect((await store.getAccount(ACCOUNT))?.owed).to.equal(150n);
        expect((await store.offerFor({ ...ACCOUNT, id: DEFAULT_LANE }))?.base).to.equal(150n);
      });
    });
  }

  it("leaves nothing above the limit once what was served is over", async () => {
    const store = createMemoryStore({ maxEmptyAccounts: LIMIT });
    const accounts = Array.from({ length: 3 * LIMIT }, (_, index) => ({
      ...ACCOUNT,
      buyer: address(`buyer ${index}`),
    }));
    const held: Reservation[] = [];
    for (const account of accounts) {
      await store.applyChain([chainUpdate({ account })], []);
      held.push(await reserved(store, request({ buyer: account.buyer })));
    }
    for (const reservation of held) await store.cancel(reservation);
    await flood(store);
    expect(await countStrangers(store)).to.be.at.most(LIMIT);
    await store.close();
  });
});
