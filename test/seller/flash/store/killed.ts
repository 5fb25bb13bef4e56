import { writeSync } from "node:fs";
import { createSqliteFlashStore } from "../../../../client/seller/flash/store/sqlite.ts";
import type { FlashDurability } from "../../../../client/seller/flash/types.ts";
import { accepted, NOW, payment, reserved, tab, update } from "../fixtures.ts";

/** Accepts payments and tabs as fast as it can and tells of each one that is committed, until somebody kills it. */
const [path, durability] = process.argv.slice(2);
if (path === undefined) throw new Error("Name the file of the store.");
const store = createSqliteFlashStore({ path, durability: durability as FlashDurability });
await store.applyChain([update({ balance: 10n ** 12n })]);
for (let count = 0n; ; count += 1n) {
  // Two at once, so that they share a group.
  await Promise.all([
    tell(`payment ${2n * count}`, payment(2n * count, 3n)),
    tell(`tab ${(count + 1n) * 3n}`, tab((count + 1n) * 3n)),
  ]);
  // Requests are always open when the kill comes.
  const open = await reserved(store, payment(2n * count + 1n, 7n), { price: 7n });
  await reserved(store, tab(10n ** 6n + count, 99n), { price: 1n });
  await new Promise((resolve) => setImmediate(resolve));
  await store.cancel(open);
}

async function tell(line: string, item: Parameters<typeof accepted>[1]): Promise<void> {
  await accepted(store, item, { price: 3n, now: NOW });
  // Synchronous, so that what was told was committed before, whatever the moment of the kill.
  writeSync(1, `${line}\n`);
}
