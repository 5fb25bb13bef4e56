import { expect } from "chai";
import type { PaymentRecord, PaymentStore } from "../../../client/seller/auth-capture/index.ts";
import { makeRecord } from "./records.ts";

const hashOf = (digit: string) => `0x${digit.repeat(64)}` as const;

/** What every store of payments does. */
export function describePaymentStore(name: string, open: () => PaymentStore | Promise<PaymentStore>): void {
  describe(name, () => {
    let store: PaymentStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it("gives a payment back as it was written, numbers of any size included", async () => {
      const signature = `0x${"12".repeat(65)}` as const;
      const sums = { amount: 1n << 119n, capturable: 1n << 118n, refundable: 0n };
      const action = { type: "capture", ...sums, signature, isReleased: true } as const;
      const earlier = [{ ...action, transaction: hashOf("8") }];
      const record = makeRecord({ action, earlier, finalAt: 1n << 40n, collectTransaction: hashOf("9") });
      expect(await store.insert(record)).to.equal(true);
      expect(await store.get(record.paymentInfoHash)).to.deep.equal(record);
      expect(await store.get(hashOf("0"))).to.equal(undefined);
    });

    it("adds a payment once", async () => {
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => store.insert(makeRecord())));
      expect(outcomes.filter(Boolean)).to.have.lengthOf(1);
    });

    it("lets one of several writers of a version be first", async () => {
      const record = makeRecord();
      await store.insert(record);
      const writes: PaymentRecord[] = [1n, 2n, 3n].map((dueAt) => ({ ...record, dueAt, version: 1 }));
      expect(await Promise.all(writes.map((write) => store.replace(write)))).to.deep.equal([true, false, false]);
      expect((await store.get(record.paymentInfoHash))?.dueAt).to.equal(1n);
      expect(await store.replace({ ...record, version: 3 })).to.equal(false);
      expect(await store.replace({ ...record, paymentInfoHash: hashOf("0"), version: 1 })).to.equal(false);
    });

    it("forgets a payment in the version that was looked at", async () => {
      const record = makeRecord();
      await store.insert(record);
      const next = { ...record, version: 1 };
      await store.replace(next);
      expect(await store.remove(record)).to.equal(false);
      expect(await store.remove(next)).to.equal(true);
      expect(await store.get(record.paymentInfoHash)).to.equal(undefined);
    });

    it("lists what is due, the longest due first, and what is closed apart", async () => {
      const due = { a: 30n, b: 10n, c: 20n, d: 31n } as const;
      for (const [digit, dueAt] of Object.entries(due)) {
        await store.insert(makeRecord({ paymentInfoHash: hashOf(digit), dueAt }));
      }
      await store.insert(makeRecord({ paymentInfoHash: hashOf("e"), dueAt: 1n, stage: "closed" }));
      const list = async (limit: number) =>
        (await store.listDue({ now: 30n, limit })).map(({ paymentInfoHash }) => paymentInfoHash);
      expect(await list(10)).to.deep.equal([hashOf("b"), hashOf("c"), hashOf("a")]);
      expect(await list(2)).to.deep.equal([hashOf("b"), hashOf("c")]);
      await store.insert(makeRecord({ paymentInfoHash: hashOf("f"), dueAt: 31n, stage: "closed" }));
      const closed = await store.listDue({ now: 30n, limit: 10, isClosed: true });
      expect(closed.map(({ paymentInfoHash }) => paymentInfoHash)).to.deep.equal([hashOf("e")]);
      expect(await store.list("closed")).to.have.lengthOf(2);
      expect(await store.list("serving")).to.have.lengthOf(4);
    });
  });
}
