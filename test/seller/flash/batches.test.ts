import { expect } from "chai";
import { DEFAULT_SETTLE_GAS, splitIntoShipments } from "../../../client/seller/flash/settle/batches.ts";
import type { FlashItem, UnsettledItem } from "../../../client/seller/flash/types.ts";
import { newBook, toState } from "../../../client/seller/flash/store/records.ts";
import { ESCROW, NOW, payment, read, tab, transaction } from "./fixtures.ts";

describe("transactions of a settler of flash", () => {
  const state = toState(newBook(ESCROW, read(), read()));
  const unsettled = (item: Exclude<FlashItem, { readonly kind: "settled" }>): UnsettledItem => ({
    escrow: ESCROW,
    epoch: 0n,
    item: "signature" in item ? { ...item, signature: `0x${"11".repeat(64)}1b` } : item,
    due: 100n,
    acceptedAt: NOW,
  });
  const signed = (name: string, deadline = 0n) => unsettled({ ...transaction(name), deadline });
  const split = (items: readonly UnsettledItem[], isAlone = () => false) =>
    splitIntoShipments([{ state, items, reason: "now" }], DEFAULT_SETTLE_GAS, isAlone).map(({ kind, items: own }) => [
      kind,
      own.map(({ item }) => item.item.digest),
    ]);

  it("go out in the order of what could be lost first, signed transactions among them", () => {
    const [soon, late] = [signed("soon", NOW + 10n), signed("late")];
    const [urgent, calm] = [unsettled(payment(0n, 100n, NOW + 5n)), unsettled(tab(100n))];
    expect(split([calm, soon, late])).to.deep.equal([
      ["bundle", [soon.item.digest, late.item.digest]],
      ["batch", [calm.item.digest]],
    ]);
    expect(split([urgent, calm, soon])).to.deep.equal([
      ["batch", [urgent.item.digest, calm.item.digest]],
      ["transaction", [soon.item.digest]],
    ]);
  });

  it("hold as many signed transactions as fit, the earliest deadlines in front, and those that failed alone", () => {
    const many = Array.from({ length: 100 }, (_, index) => signed(`number ${index}`, NOW + 1_000n - BigInt(index)));
    const shipments = split(many);
    expect(shipments.map(([kind]) => kind)).to.deep.equal(["bundle", "bundle"]);
    expect(shipments.flatMap(([, digests]) => digests)).to.deep.equal(many.map(({ item }) => item.digest).toReversed());
    expect(split(many.slice(0, 2), () => true).map(([kind]) => kind)).to.deep.equal(["transaction", "transaction"]);
  });
});
