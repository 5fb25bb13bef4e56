import { expect } from "chai";
import fc from "fast-check";
import type { FlashItem, FlashReservation, FlashStore } from "../../../../client/seller/flash/types.ts";
import { block, ESCROW, liveRelease, NOW, payment, request, SERVER, tab, transaction, update } from "../fixtures.ts";

/** What a client, the server, the settler and third parties may do at any moment. */
type Step =
  | {
      readonly kind: "pay";
      readonly item: FlashItem;
      readonly price: bigint;
      readonly end: "commit" | "cancel" | "leave";
    }
  | { readonly kind: "settle"; readonly amount: bigint; readonly fromWallet: boolean }
  | { readonly kind: "release"; readonly amount: bigint; readonly isExecuted: boolean }
  | { readonly kind: "topUp"; readonly amount: bigint }
  | { readonly kind: "read"; readonly lag: number }
  | { readonly kind: "reopen" };

const amount = fc.bigInt({ min: 1n, max: 400n });
const item: fc.Arbitrary<FlashItem> = fc.oneof(
  fc.record({ nonce: fc.bigInt({ min: 0n, max: 20n }), amount }).map((made) => payment(made.nonce, made.amount)),
  fc
    .record({ total: fc.bigInt({ min: 1n, max: 1_500n }), lane: fc.bigInt({ min: 0n, max: 2n }) })
    .map((made) => tab(made.total, made.lane)),
  fc.record({ name: fc.constantFrom("a", "b", "c"), amount }).map((made) => transaction(made.name, made.amount)),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("pay" as const),
      item,
      price: fc.bigInt({ min: 1n, max: 300n }),
      end: fc.constantFrom("commit" as const, "commit" as const, "cancel" as const, "leave" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const), amount, fromWallet: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), amount, isExecuted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("topUp" as const), amount }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), lag: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);

/** One state of the chain, numbered by its block. */
interface Moment {
  readonly balance: bigint;
  readonly settled: bigint;
  readonly epoch: bigint;
  readonly usedReleases: readonly bigint[];
}

/** The simplest server there can be: a sum, and the items it was made of. */
class Model {
  readonly chain: Moment[] = [{ balance: 1_000n, settled: 0n, epoch: 0n, usedReleases: [] }];
  epoch = 0n;
  accepted = 0n;
  readonly nonces = new Set<bigint>();
  readonly contents = new Set<string>();
  readonly lanes = new Map<bigint, { authorised: bigint; consumed: bigint }>();
  readonly leavings: FlashReservation[] = [];

  get now(): Moment {
    const last = this.chain.at(-1);
    if (last === undefined) throw new Error("the chain has no block");
    return last;
  }

  mine(change: Partial<Moment>): void {
    this.chain.push({ ...this.now, ...change });
  }

  startEpoch(epoch: bigint): void {
    this.epoch = epoch;
    this.accepted = 0n;
    for (const known of [this.nonces, this.contents, this.lanes]) known.clear();
    this.leavings.length = 0;
  }
}

/**
 * The property behind the whole store, beside a simple model: what it accepts is what the model accepts but for R1, and whatever happens,
 * what was accepted is settled or still lies in the escrow (the theorem of R1).
 */
export function checkAgainstModel(open: () => FlashStore | Promise<FlashStore>, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 60 }), async (plan) => {
      const store = await open();
      try {
        const model = new Model();
        await show(store, model, 0);
        for (const [index, step] of plan.entries()) {
          await act(store, model, step, BigInt(index));
          await compare(store, model);
        }
        for (const reservation of model.leavings) await store.commit(reservation, NOW);
        await compare(store, model);
      } finally {
        await store.close();
      }
    }),
    { numRuns },
  );
}

async function act(store: FlashStore, model: Model, step: Step, index: bigint): Promise<void> {
  const { balance, settled, usedReleases, epoch } = model.now;
  switch (step.kind) {
    case "pay":
      return pay(store, model, step);
    case "settle": {
      // Whoever settles whatever, on whichever leg: what leaves the escrow before its end goes to the server.
      const fromEscrow = step.fromWallet ? 0n : lesser(step.amount, balance);
      const paid = step.fromWallet ? step.amount : fromEscrow;
      return model.mine({ balance: balance - fromEscrow, settled: settled + paid });
    }
    case "release": {
      const isGranted = await store.addRelease(ESCROW, liveRelease(step.amount, index, NOW + 3_600n, model.epoch));
      if (!isGranted || !step.isExecuted || epoch !== model.epoch) return;
      // Somebody settled what the store was not shown yet: the contract refuses a release of more than the escrow holds.
      if (step.amount > balance) return;
      return model.mine({ balance: balance - step.amount, usedReleases: [...usedReleases, index] });
    }
    case "topUp":
      return model.mine({ balance: balance + step.amount });
    case "read":
      return show(store, model, step.lag);
    case "reopen":
      // Only when nothing is owed: before the unlock time the contract does not refund, and after it R2 has stopped acceptance.
      if (model.accepted > settled || epoch !== model.epoch) return;
      await store.stop(ESCROW, model.epoch);
      return model.mine({ balance: 1_000n, settled: 0n, epoch: epoch + 1n });
  }
}

async function pay(
  store: FlashStore,
  model: Model,
  { item, price, end }: Extract<Step, { kind: "pay" }>,
): Promise<void> {
  const result = await store.reserve(request(item, { epoch: model.epoch, price }));
  const refusal = refusalOf(model, item, price);
  if (!result.isReserved) {
    // The model does not know what the store was shown, so R1 and the end of an epoch are the store's to say.
    if (refusal === undefined) expect(result.reason).to.be.oneOf(["exposure", "notOpen"]);
    if (end === "leave")
      expect(await store.check(request(item, { epoch: model.epoch, price }))).to.equal(result.reason);
    return;
  }
  expect(refusal, `${item.kind} was accepted`).to.equal(undefined);
  take(model, item, price);
  if (end === "leave") return void model.leavings.push(result.reservation);
  if (end === "commit") return store.commit(result.reservation, NOW);
  await store.cancel(result.reservation);
  giveBack(model, item, price);
}

function refusalOf(model: Model, item: FlashItem, price: bigint): string | undefined {
  if (item.kind === "tab") {
    const { authorised, consumed } = model.lanes.get(item.lane) ?? { authorised: 0n, consumed: 0n };
    return consumed + price > higher(authorised, item.total) ? "insufficient" : undefined;
  }
  if (item.kind === "payment" && model.nonces.has(item.nonce)) return "nonceUsed";
  if (model.contents.has(item.digest)) return "duplicate";
  return item.amount < price ? "insufficient" : undefined;
}

function take(model: Model, item: FlashItem, price: bigint): void {
  if (item.kind === "tab") {
    const { authorised, consumed } = model.lanes.get(item.lane) ?? { authorised: 0n, consumed: 0n };
    const raised = higher(authorised, item.total);
    model.lanes.set(item.lane, { authorised: raised, consumed: consumed + price });
    model.accepted += raised - authorised;
    return;
  }
  if (item.kind === "payment") model.nonces.add(item.nonce);
  else model.contents.add(item.digest);
  model.accepted += item.amount;
}

function giveBack(model: Model, item: FlashItem, price: bigint): void {
  if (item.kind === "tab") {
    const lane = model.lanes.get(item.lane);
    if (lane !== undefined) lane.consumed -= price;
    return;
  }
  model.contents.delete(item.digest);
  model.accepted -= item.amount;
}

/** Shows the store a block that may lag behind the head. */
async function show(store: FlashStore, model: Model, lag: number): Promise<void> {
  const top = model.chain.length - 1;
  const depth = Math.max(0, top - lag);
  const [confirmed, head] = [model.chain[depth], model.now];
  if (confirmed === undefined) throw new Error("no such block");
  const at = (height: number, { balance, settled, epoch }: Moment) => ({
    balance,
    settled,
    epoch,
    block: block(100n + BigInt(height)),
  });
  await store.applyChain([
    update(at(depth, confirmed), { head: at(top, head), endedReleases: confirmed.usedReleases }),
  ]);
  const epoch = (await store.getEscrow(ESCROW))?.confirmed.epoch ?? 0n;
  if (epoch > model.epoch) model.startEpoch(epoch);
}

async function compare(store: FlashStore, model: Model): Promise<void> {
  const state = await store.getEscrow(ESCROW);
  expect(state?.accepted).to.equal(model.accepted);
  for (const { lane, authorised, consumed } of await store.listLanes(ESCROW)) {
    expect({ authorised, consumed }).to.deep.equal(model.lanes.get(lane));
  }
  const { balance, settled, epoch } = model.now;
  if (epoch !== model.epoch) return;
  expect(model.accepted <= settled + balance, `${model.accepted} > ${settled} + ${balance}`).to.equal(true);
  const due = (await store.listUnsettled(SERVER)).reduce((sum, unsettled) => sum + unsettled.due, 0n);
  expect(due <= model.accepted).to.equal(true);
}

function higher(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function lesser(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
