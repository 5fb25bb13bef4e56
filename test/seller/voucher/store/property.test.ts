import { expect } from "chai";
import fc from "fast-check";
import { ReservationLostError } from "../../../../client/seller/core/errors.ts";
import { DEFAULT_LANE } from "../../../../client/voucher/types.ts";
import { createMemoryStore } from "../../../../client/seller/voucher/store/memory.ts";
import { createSqliteStore } from "../../../../client/seller/voucher/store/sqlite.ts";
import type { Reservation } from "../../../../client/seller/voucher/types.ts";
import type { VoucherStore } from "../../../../client/seller/voucher/store/types.ts";
import { ACCOUNT, block, chainUpdate, laneId, liveRelease, NOW, request } from "../fixtures.ts";

const LANES = [DEFAULT_LANE, laneId("one"), laneId("two"), laneId("three")];
const BALANCE = 1_000n;

/** What a request, the collector, the buyer or the seller may do at any moment. */
type Step =
  | {
      readonly kind: "pay";
      readonly lane: number;
      readonly price: number;
      readonly charge: number;
      readonly pause: number;
    }
  | { readonly kind: "drop"; readonly lane: number; readonly price: number; readonly pause: number }
  | { readonly kind: "collect" | "collectCeiling"; readonly lane: number }
  | { readonly kind: "thaw"; readonly amount: number }
  | { readonly kind: "deposit"; readonly amount: number }
  | { readonly kind: "release"; readonly amount: number };

const lane = fc.nat(LANES.length - 1);
const amount = fc.integer({ min: 1, max: 400 });
const pause = fc.nat(4);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("pay" as const), lane, price: amount, charge: fc.nat(400), pause }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("drop" as const), lane, price: amount, pause }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("collect" as const, "collectCeiling" as const), lane }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("thaw" as const), amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("deposit" as const), amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), amount }) },
);

/** A chain of one account that does what the contract does, in numbers. */
interface Ledger {
  balance: bigint;
  thawing: bigint;
  blockNumber: bigint;
  readonly collected: Map<string, bigint>;
}

describe("stores under parallel requests", () => {
  for (const [name, open] of [
    ["memory", createMemoryStore],
    ["SQLite", () => createSqliteStore({ path: ":memory:" })],
  ] as const) {
    it(`never accept more than is covered and never charge twice: ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(steps, fc.boolean()), { minLength: 1, maxLength: 60 }), async (plan) => {
          const store = open();
          const ledger: Ledger = { balance: BALANCE, thawing: 0n, blockNumber: 100n, collected: new Map() };
          const books = new Map(LANES.map((id) => [id, 0n]));
          await publish(store, ledger);
          let running: Promise<void>[] = [];
          for (const [index, [step, waits]] of plan.entries()) {
            running.push(act(store, ledger, books, step, index));
            if (!waits) continue;
            await Promise.all(running);
            running = [];
          }
          await Promise.all(running);
          await checkCoverage(store, ledger);
          for (const id of LANES) {
            expect((await store.getLane({ ...ACCOUNT, id }))?.charged).to.equal(books.get(id));
          }
          await store.close();
        }),
        { numRuns: 300 },
      );
    });
  }
});

async function act(
  store: VoucherStore,
  ledger: Ledger,
  books: Map<string, bigint>,
  step: Step,
  index: number,
): Promise<void> {
  switch (step.kind) {
    case "pay":
    case "drop":
      return serve(store, books, step, index);
    case "collect":
    case "collectCeiling": {
      const id = LANES[step.lane] ?? DEFAULT_LANE;
      const lane = await store.getLane({ ...ACCOUNT, id });
      const total = step.kind === "collect" ? lane?.charged : lane?.latest?.voucher.valueAggregate;
      const before = ledger.collected.get(id) ?? 0n;
      const due = (total ?? 0n) - before;
      if (due <= 0n) return;
      const paid = due < ledger.balance ? due : ledger.balance;
      ledger.collected.set(id, before + paid);
      ledger.balance -= paid;
      return publish(store, ledger);
    }
    case "thaw": {
      // The contract lets a buyer thaw anything; acceptance reacts, and what was accepted stays collectable until the withdrawal.
      ledger.thawing = BigInt(step.amount) < ledger.balance ? BigInt(step.amount) : ledger.balance;
      return publish(store, ledger);
    }
    case "deposit":
      ledger.balance += BigInt(step.amount);
      return publish(store, ledger);
    case "release":
      await release(store, ledger, BigInt(step.amount), index);
      return;
  }
}

async function serve(
  store: VoucherStore,
  books: Map<string, bigint>,
  step: Extract<Step, { kind: "pay" | "drop" }>,
  index: number,
): Promise<void> {
  const id = LANES[step.lane] ?? DEFAULT_LANE;
  const price = BigInt(step.price);
  const result = await store.reserve(
    request({ id, nonce: BigInt(index), valueAggregate: 1_000_000n }, { price, maxLanes: LANES.length }),
  );
  if (!result.isReserved) return;
  for (let turn = 0; turn < step.pause; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  if (step.kind === "drop") return store.cancel(result.reservation);
  const charge = BigInt(Math.min(step.charge, step.price));
  await store.commit(result.reservation, charge, NOW);
  books.set(id, (books.get(id) ?? 0n) + charge);
  expect(await isLost(store, result.reservation)).to.equal(true);
}

async function isLost(store: VoucherStore, reservation: Reservation): Promise<boolean> {
  try {
    await store.commit(reservation, 1n, NOW);
    return false;
  } catch (error) {
    return error instanceof ReservationLostError;
  }
}

/** A release leaves the seller only when it is covered, so its execution never takes what vouchers need. */
async function release(store: VoucherStore, ledger: Ledger, wanted: bigint, index: number): Promise<void> {
  const signed = liveRelease(wanted, `release ${index}`);
  if (!(await store.addRelease(ACCOUNT, signed))) return;
  await new Promise((resolve) => setImmediate(resolve));
  // The contract refuses it once a collected ceiling took the balance; it then stays live until it expires.
  if (ledger.balance < wanted) return;
  ledger.balance -= wanted;
  await publish(store, ledger, [signed.authorization.nonce]);
}

/** Shows the store a new block. */
async function publish(
  store: VoucherStore,
  ledger: Ledger,
  endedReleases: readonly `0x${string}`[] = [],
): Promise<void> {
  ledger.blockNumber += 1n;
  const lanes = LANES.map((id) => ({ id, collected: ledger.collected.get(id) ?? 0n }));
  const { balance, blockNumber } = ledger;
  if (ledger.thawing > balance) ledger.thawing = balance;
  const { thawing } = ledger;
  const update = {
    block: block(blockNumber),
    balance,
    thawing,
    thawEndTime: thawing === 0n ? 0n : NOW,
    lanes,
    endedReleases,
  };
  await store.applyChain([chainUpdate(update)], []);
}

/** The property behind the whole store: what was charged is paid, or lies in the account. */
async function checkCoverage(store: VoucherStore, ledger: Ledger): Promise<void> {
  const lanes = await store.listLanesOf(ACCOUNT);
  const charged = lanes.reduce((sum, lane) => sum + lane.charged, 0n);
  const collected = [...ledger.collected.values()].reduce((sum, paid) => sum + paid, 0n);
  expect(charged <= collected + ledger.balance, `${charged} > ${collected} + ${ledger.balance}`).to.equal(true);
  expect(lanes.every(({ reservation }) => reservation === undefined)).to.equal(true);
}
