import { expect } from "chai";
import { createPostgresPaymentStore, type PaymentStore } from "../../client/seller/auth-capture/index.ts";
import { StoreClosedError, StoreVersionError } from "../../client/seller/core/errors.ts";
import { openPostgresPool } from "../../client/seller/core/postgresPool.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { makeRecord } from "../seller/auth-capture/records.ts";
import { describeReorganizations } from "../seller/auth-capture/reorgSuite.ts";
import { describePaymentStore } from "../seller/auth-capture/suite.ts";
import { newDatabase } from "./database.ts";

const newStore = async (): Promise<PaymentStore> =>
  createPostgresPaymentStore({ connectionString: await newDatabase(), maxConnections: 4 });

describePaymentStore("PostgreSQL store of auth-capture payments", newStore);
describeReorganizations("PostgreSQL store of auth-capture payments", newStore);

describe("PostgreSQL store of auth-capture payments, shared", () => {
  it("gives a payment to one of several processes, and the next write to one of them", async () => {
    const connectionString = await newDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => createPostgresPaymentStore({ connectionString })));
    const inserts = await Promise.all(stores.map((store) => store.insert(makeRecord())));
    expect(inserts.filter(Boolean)).to.have.lengthOf(1);
    const writes = await Promise.all(stores.map((store) => store.replace(makeRecord({ version: 1 }))));
    expect(writes.filter(Boolean)).to.have.lengthOf(1);
    for (const store of stores) await store.close();
  });

  it("has everything after it was opened again, and nothing once it is closed", async () => {
    const connectionString = await newDatabase();
    const first = await createPostgresPaymentStore({ connectionString });
    await first.insert(makeRecord());
    await first.close();
    const second = await createPostgresPaymentStore({ connectionString });
    expect(await second.get(makeRecord().paymentInfoHash)).to.deep.equal(makeRecord());
    await second.close();
    await second.close();
    await rejectedWith(second.list("open"), StoreClosedError);
  });

  it("refuses tables of a newer version", async () => {
    const connectionString = await newDatabase();
    await (await createPostgresPaymentStore({ connectionString })).close();
    const pool = await openPostgresPool({ connectionString, maxConnections: 1, isSynchronous: true });
    await pool.query({ text: "UPDATE x402_payments_schema SET version = 99" });
    await pool.end();
    await rejectedWith(createPostgresPaymentStore({ connectionString }), StoreVersionError);
  });
});
