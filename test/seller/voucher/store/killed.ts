import { writeSync } from "node:fs";
import { DEFAULT_LANE } from "../../../../client/seller/voucher/keys.ts";
import { createSqliteStore } from "../../../../client/seller/voucher/store/sqlite.ts";
import { chainUpdate, laneId, NOW, request, reserved } from "../fixtures.ts";

/** Accepts vouchers as fast as it can and tells of each one that is committed, until somebody kills it. */
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("Name the file of the store.");
const store = createSqliteStore({ path });
const lanes = [DEFAULT_LANE, laneId("other")];
await store.applyChain([chainUpdate({ balance: 10n ** 12n, lanes: lanes.map((id) => ({ id, collected: 0n })) })], []);
for (let nonce = 0n; ; nonce += 1n) {
  for (const id of lanes) {
    const parameters = request({ id, nonce, valueAggregate: (nonce + 1n) * 3n }, { price: 3n });
    await store.commit(await reserved(store, parameters), 3n, NOW);
    // Synchronous, so that what was told was committed before, whatever the moment of the kill.
    writeSync(1, `${id} ${nonce} ${(nonce + 1n) * 3n}\n`);
  }
  // One reservation is always open when the kill comes.
  const open = await reserved(store, request({ nonce: nonce + 1n, valueAggregate: 10n ** 9n }, { price: 500n }));
  await new Promise((resolve) => setImmediate(resolve));
  await store.cancel(open);
}
