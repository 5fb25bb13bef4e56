import { readFileSync, writeSync } from "node:fs";
import { createPostgresFlashStore } from "../../client/seller/flash/store/postgres.ts";
import { ESCROW, NOW } from "../seller/flash/fixtures.ts";
import { fromWire, openAcceptor, type WireItem } from "./desk.ts";

/**
 * One seller of several: accepts the items of a file in an order of its own, many at once, and tells of each that is committed. Some requests are
 * given up, and with a third argument some are never ended, as those of a process that is killed.
 */
const [connectionString = "", file = "", seed = "1", holds] = process.argv.slice(2);
const PRICE = 35n;
const AT_ONCE = 6;

const store = await createPostgresFlashStore({ connectionString, maxConnections: AT_ONCE });
const acceptor = await openAcceptor(store, NOW);
const items = shuffle(JSON.parse(readFileSync(file, "utf8")) as readonly WireItem[], Number(seed));

let next = 0;
async function serve(): Promise<void> {
  for (let index = next++; index < items.length; index = next++) {
    const wire = items[index];
    if (wire === undefined) return;
    const result = await acceptor.accept({ item: fromWire(wire), token: ESCROW.token, price: PRICE });
    if (!result.isAccepted) {
      tell(`refused ${result.code}`);
      continue;
    }
    if (holds !== undefined && index % 7 === 3) {
      tell(`held ${wire["kind"]}`);
      continue;
    }
    if (index % 11 === 5) {
      await acceptor.cancel(result.reservation);
      tell(`cancelled ${wire["kind"]}`);
      continue;
    }
    await acceptor.commit(result.reservation);
    const place = wire["nonce"] ?? wire["lane"];
    tell(`accepted ${wire["kind"]} ${place} ${wire["amount"] ?? wire["total"]}`);
  }
}

tell("ready");
await Promise.all(Array.from({ length: AT_ONCE }, serve));
// Whoever holds requests is killed, and never ends by itself.
if (holds === undefined) await store.close();
else setInterval(() => undefined, 1_000);

/** Synchronous, so that what was told was committed before, whatever the moment of a kill. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

function shuffle<T>(values: readonly T[], start: number): readonly T[] {
  let state = start;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state;
  };
  return values
    .map((value) => ({ value, rank: random() }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ value }) => value);
}
