import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { StoreLockedError, StoreUnavailableError, StoreVersionError } from "../../../../client/seller/core/errors.ts";
import { DEFAULT_LANE } from "../../../../client/seller/voucher/keys.ts";
import { createSqliteStore } from "../../../../client/seller/voucher/store/sqlite.ts";
import {
  ACCOUNT,
  address,
  block,
  chainUpdate,
  charge,
  DAY,
  ESCROW,
  laneId,
  liveRelease,
  NOW,
  request,
  reserved,
} from "../fixtures.ts";
import { describeVoucherStore } from "./suite.ts";

describe("SQLite", () => {
  let folder: string;
  const freshPath = (): string => join(folder, `${randomUUID()}.sqlite`);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "voucher-store-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  describeVoucherStore("SQLite store", () => createSqliteStore({ path: freshPath() }));
  describeVoucherStore("SQLite store, synchronous FULL", () =>
    createSqliteStore({ path: freshPath(), synchronous: "FULL" }),
  );
  describeVoucherStore("SQLite store that remembers one account", () =>
    createSqliteStore({ path: freshPath(), maxCachedAccounts: 1 }),
  );

  describe("over a restart", () => {
    const lane = { ...ACCOUNT, id: DEFAULT_LANE };

    it("gives back every account, lane, voucher, release and signer", async () => {
      const path = freshPath();
      const first = createSqliteStore({ path });
      const signer = {
        ...ESCROW,
        buyer: ACCOUNT.buyer,
        signer: address("hot"),
        validUntil: NOW + DAY,
        isRevoked: true,
      };
      await first.applyChain(
        [chainUpdate({ balance: 2n ** 95n, lanes: [{ id: laneId("other"), collected: 0n }] })],
        [{ ...signer, block: block(100n) }],
      );
      await first.setSyncedBlock(ESCROW, ACCOUNT.seller, block(100n));
      await charge(first, request({ valueAggregate: 2n ** 94n }, { price: 2n ** 94n }));
      await charge(first, request({ id: laneId("other") }), 7n);
      await first.addRelease(ACCOUNT, liveRelease(400n, "one"));
      const read = async (store: typeof first) => ({
        account: await store.getAccount(ACCOUNT),
        lanes: await store.listLanesOf(ACCOUNT),
        collectable: await store.listLanes({ ...ESCROW, seller: ACCOUNT.seller }),
        signers: await store.listSigners(ESCROW),
        syncedBlock: await store.getSyncedBlock(ESCROW, ACCOUNT.seller),
      });
      const before = await read(first);
      await first.close();
      const second = createSqliteStore({ path });
      expect(await read(second)).to.deep.equal(before);
      await second.close();
    });

    it("ends the reservations and leases of the process before", async () => {
      const path = freshPath();
      const first = createSqliteStore({ path });
      await first.applyChain([chainUpdate()], []);
      await reserved(first, request({ valueAggregate: 1_000n }, { price: 1_000n }));
      await first.close();
      const second = createSqliteStore({ path });
      expect((await second.getLane(lane))?.reservation).to.equal(undefined);
      expect((await second.getAccount(ACCOUNT))?.spendable).to.equal(1_000n);
      await second.close();
    });

    it("knows the highest ceiling that somebody may collect", async () => {
      const path = freshPath();
      const first = createSqliteStore({ path });
      await first.applyChain([chainUpdate()], []);
      for (const [nonce, valueAggregate] of [100n, 900n, 200n].entries()) {
        await charge(first, request({ nonce: BigInt(nonce), valueAggregate }, { price: 10n }));
      }
      await first.close();
      const second = createSqliteStore({ path });
      const lanes = [{ id: DEFAULT_LANE, collected: 900n }];
      await second.applyChain([chainUpdate({ block: block(101n), lanes })], []);
      expect((await second.getLane(lane))?.charged).to.equal(30n);
      await second.close();
    });

    it("refuses the voucher it accepted before", async () => {
      const path = freshPath();
      const first = createSqliteStore({ path });
      await first.applyChain([chainUpdate()], []);
      await charge(first, request());
      await first.close();
      const second = createSqliteStore({ path });
      const result = await second.reserve(request());
      expect(result.isReserved ? "reserved" : result.reason).to.equal("duplicate");
      await second.close();
    });
  });

  it("keeps strangers' empty accounts out of the file", async () => {
    const path = freshPath();
    const store = createSqliteStore({ path });
    await store.applyChain([chainUpdate({ balance: 0n })], []);
    expect(await store.listAccounts({ ...ESCROW, seller: ACCOUNT.seller })).to.deep.equal([]);
    await store.close();
  });

  it("refuses a file that is open already", async () => {
    const path = freshPath();
    const store = createSqliteStore({ path });
    expect(() => createSqliteStore({ path })).to.throw(StoreLockedError, "Another process uses the store");
    await store.close();
    await createSqliteStore({ path }).close();
  });

  it("refuses a file of another format", () => {
    const path = freshPath();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => createSqliteStore({ path })).to.throw(StoreVersionError, "has format 99");
  });

  it("says what it needs where there is no SQLite", () => {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = (() => undefined) as unknown as typeof getBuiltinModule;
    try {
      expect(() => createSqliteStore({ path: freshPath() })).to.throw(StoreUnavailableError, "node:sqlite");
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });

  it("refuses a file that is no database, with SQLite's own words", () => {
    expect(() => createSqliteStore({ path: import.meta.filename })).to.throw("file is not a database");
  });
});
