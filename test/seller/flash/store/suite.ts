import { expect } from "chai";
import { ReservationLostError, StoreClosedError } from "../../../../client/seller/core/errors.ts";
import type { FlashItem, FlashStore } from "../../../../client/seller/flash/types.ts";
import { rejection } from "../../rejection.ts";
import {
  accepted,
  block,
  DAY,
  ESCROW,
  hashOf,
  liveRelease,
  NOW,
  payment,
  PROOF,
  refusal,
  request,
  reserved,
  SERVER,
  settledTransaction,
  SETTLEMENT,
  tab,
  transaction,
  update,
} from "../fixtures.ts";

/** What every store does alike. `open` gives an empty store. */
export function describeFlashStore(name: string, open: () => FlashStore | Promise<FlashStore>): void {
  describe(`${name} keeps what a server accepts`, () => {
    let store: FlashStore;

    beforeEach(async () => {
      store = await open();
      await store.applyChain([update()]);
    });

    afterEach(async () => {
      await store.close();
    });

    const state = async () => {
      const known = await store.getEscrow(ESCROW);
      if (known === undefined) throw new Error("the store does not know the escrow");
      return known;
    };
    const available = async () => (await state()).available;
    const unsettled = async () => (await store.listUnsettled(SERVER)).map(({ item, due }) => [item.kind, due]);

    describe("payments", () => {
      it("R1: takes what the escrow covers, and not one unit more", async () => {
        await accepted(store, payment(0n, 400n));
        await accepted(store, payment(1n, 599n), { price: 599n });
        expect(await refusal(store, payment(2n, 2n), { price: 1n })).to.equal("exposure");
        await accepted(store, payment(3n, 1n), { price: 1n });
        expect(await available()).to.equal(0n);
      });

      it("R1: counts requests that are being served", async () => {
        await reserved(store, payment(0n, 600n));
        expect(await refusal(store, payment(1n, 401n))).to.equal("exposure");
        expect(await available()).to.equal(400n);
      });

      it("takes a payment above the price whole", async () => {
        await accepted(store, payment(0n, 900n));
        expect(await available()).to.equal(100n);
      });

      it("refuses less than the price", async () => {
        expect(await refusal(store, payment(0n, 99n))).to.equal("insufficient");
      });

      it("R4: refuses a nonce that is used, by the same payment or by another", async () => {
        await accepted(store, payment(0n));
        expect(await refusal(store, payment(0n))).to.equal("nonceUsed");
        expect(await refusal(store, payment(0n, 101n))).to.equal("nonceUsed");
        await reserved(store, payment(5n));
        expect(await refusal(store, payment(5n, 101n))).to.equal("nonceUsed");
      });

      it("R4: refuses a nonce that the chain shows as used", async () => {
        await store.applyChain([update({ block: block(101n) }, { nonceWords: [{ word: 0n, bits: 0b1011n }] })]);
        for (const nonce of [0n, 1n, 3n]) expect(await refusal(store, payment(nonce))).to.equal("nonceUsed");
        await accepted(store, payment(2n));
        expect((await state()).nonceBase).to.equal(4n);
      });

      it("R4: takes nonces in any order inside of the window, and none above it", async () => {
        const nonceWindow = 16n;
        expect(await refusal(store, payment(16n), { nonceWindow })).to.equal("nonceOutOfWindow");
        for (const nonce of [7n, 0n, 3n]) await accepted(store, payment(nonce, 1n), { nonceWindow, price: 1n });
        expect((await state()).nonceBase).to.equal(1n);
        await accepted(store, payment(16n, 1n), { nonceWindow, price: 1n });
      });

      it("R4: leaves holes behind at half the window, so that one lost payment does not stop a client", async () => {
        const nonceWindow = 16n;
        for (let nonce = 1n; nonce < 40n; nonce += 1n) {
          await accepted(store, payment(nonce, 1n), { nonceWindow, price: 1n });
        }
        expect(await refusal(store, payment(0n, 1n), { nonceWindow, price: 1n })).to.equal("nonceUsed");
        expect((await state()).nonceBase).to.equal(40n);
      });

      it("a burst of the same payment is accepted once", async () => {
        const burst = Array.from({ length: 50 }, () => store.reserve(request(payment(0n))));
        const reserved = (await Promise.all(burst)).filter(({ isReserved }) => isReserved);
        expect(reserved).to.have.lengthOf(1);
        expect((await state()).accepted).to.equal(100n);
      });

      it("a burst of two payments under one nonce accepts one of them", async () => {
        const burst = Array.from({ length: 20 }, (_, index) =>
          store.reserve(request(payment(0n, 100n + BigInt(index % 2)))),
        );
        expect((await Promise.all(burst)).filter(({ isReserved }) => isReserved)).to.have.lengthOf(1);
      });

      it("a burst of different payments accepts exactly what is covered", async () => {
        const burst = Array.from({ length: 40 }, (_, index) => store.reserve(request(payment(BigInt(index)))));
        expect((await Promise.all(burst)).filter(({ isReserved }) => isReserved)).to.have.lengthOf(10);
        expect(await available()).to.equal(0n);
      });

      it("frees the amount of a cancelled request and keeps its nonce used", async () => {
        const reservation = await reserved(store, payment(0n, 1_000n));
        await store.cancel(reservation);
        expect(await available()).to.equal(1_000n);
        expect(await refusal(store, payment(0n, 1_000n))).to.equal("nonceUsed");
        await accepted(store, payment(1n, 1_000n));
      });

      it("cancels once", async () => {
        const reservation = await reserved(store, payment(0n));
        await reserved(store, payment(1n));
        await store.cancel(reservation);
        await store.cancel(reservation);
        expect((await state()).accepted).to.equal(100n);
      });

      it("commits once, and never what was cancelled", async () => {
        const [one, other] = [await reserved(store, payment(0n)), await reserved(store, payment(1n))];
        await store.commit(one, NOW);
        expect(await rejection(store.commit(one, NOW))).to.be.instanceOf(ReservationLostError);
        await store.cancel(one);
        await store.cancel(other);
        expect(await rejection(store.commit(other, NOW))).to.be.instanceOf(ReservationLostError);
        expect((await state()).accepted).to.equal(100n);
      });

      it("ends a request that takes too long, but not before its time", async () => {
        const slow = await reserved(store, payment(0n, 1_000n), { until: NOW + 10n });
        expect(await refusal(store, payment(1n), { now: NOW + 10n })).to.equal("exposure");
        await reserved(store, payment(1n), { now: NOW + 11n });
        expect(await rejection(store.commit(slow, NOW + 11n))).to.be.instanceOf(ReservationLostError);
        expect((await state()).accepted).to.equal(100n);
      });

      it("says what it would refuse, and reserves nothing", async () => {
        expect(await store.check(request(payment(0n, 1_001n)))).to.equal("exposure");
        expect(await store.check(request(payment(0n, 1_000n)))).to.equal(undefined);
        expect(await available()).to.equal(1_000n);
        await accepted(store, payment(0n, 1_000n));
      });

      it("knows amounts of 96 bits", async () => {
        const balance = 2n ** 96n - 1n;
        await store.applyChain([update({ block: block(101n), balance })]);
        await accepted(store, payment(0n, balance));
        expect((await state()).accepted).to.equal(balance);
        expect(await unsettled()).to.deep.equal([["payment", balance]]);
      });
    });

    describe("tabs", () => {
      it("serves requests up to the highest total, and counts a total once", async () => {
        await accepted(store, tab(250n));
        await accepted(store, tab(250n));
        expect(await refusal(store, tab(250n))).to.equal("insufficient");
        expect((await state()).accepted).to.equal(250n);
        await accepted(store, tab(300n));
        expect((await state()).accepted).to.equal(300n);
        expect(await store.getLane(ESCROW, 17n)).to.deep.equal({
          lane: 17n,
          authorised: 300n,
          consumed: 300n,
          settled: 0n,
          proof: PROOF,
        });
      });

      it("replay of a tab only consumes the payer's own credit", async () => {
        await accepted(store, tab(1_000n));
        for (let count = 1; count < 10; count += 1) await accepted(store, tab(100n));
        expect(await refusal(store, tab(100n))).to.equal("insufficient");
        expect(await refusal(store, tab(1_000n))).to.equal("insufficient");
      });

      it("a burst of one tab is served as often as it pays for", async () => {
        const burst = Array.from({ length: 30 }, () => store.reserve(request(tab(700n))));
        expect((await Promise.all(burst)).filter(({ isReserved }) => isReserved)).to.have.lengthOf(7);
        expect((await state()).accepted).to.equal(700n);
      });

      it("R1: refuses a total that the escrow does not cover, whatever the price", async () => {
        await accepted(store, payment(0n, 500n));
        expect(await refusal(store, tab(501n))).to.equal("exposure");
        await accepted(store, tab(500n));
      });

      it("R1: counts every lane, and payments beside them", async () => {
        await accepted(store, tab(400n, 1n));
        await accepted(store, tab(400n, 2n));
        expect(await refusal(store, tab(201n, 3n))).to.equal("exposure");
        expect(await refusal(store, payment(0n, 201n))).to.equal("exposure");
      });

      it("serves what was authorised before even when the escrow covers no more", async () => {
        await accepted(store, tab(1_000n));
        await store.applyChain([update({ block: block(101n), balance: 10n })]);
        await accepted(store, tab(1_000n));
        expect(await refusal(store, tab(1_001n))).to.equal("exposure");
      });

      it("keeps a tab authorised whose request was cancelled, and gives back what it would have consumed", async () => {
        await store.cancel(await reserved(store, tab(300n), { price: 300n }));
        expect((await state()).accepted).to.equal(300n);
        await accepted(store, tab(300n), { price: 300n });
        expect(await refusal(store, tab(300n), { price: 1n })).to.equal("insufficient");
        expect(await unsettled()).to.deep.equal([["tab", 300n]]);
      });

      it("limits the lanes of an escrow, and still takes the ones it has", async () => {
        for (const lane of [1n, 2n]) await accepted(store, tab(100n, lane), { maxLanes: 2 });
        expect(await refusal(store, tab(100n, 3n), { maxLanes: 2 })).to.equal("laneLimit");
        await accepted(store, tab(200n, 2n), { maxLanes: 2 });
        expect((await store.listLanes(ESCROW)).map(({ lane }) => lane)).to.have.members([1n, 2n]);
      });

      it("takes no total up to one that was sent to the chain, and every higher one", async () => {
        await accepted(store, tab(300n));
        await store.notePublished(ESCROW, 0n, [{ lane: 17n, total: 300n }]);
        for (const total of [300n, 299n]) expect(await refusal(store, tab(total))).to.equal("tabPublic");
        expect(await store.check(request(tab(300n)))).to.equal("tabPublic");
        await accepted(store, tab(301n));
        await accepted(store, tab(301n));
        await store.notePublished(ESCROW, 0n, [{ lane: 17n, total: 300n }]);
        expect(await refusal(store, tab(301n))).to.equal("insufficient");
        await accepted(store, tab(100n, 18n));
      });

      it("notes nothing as sent of another epoch, another escrow and an unknown lane", async () => {
        await accepted(store, tab(300n));
        await store.notePublished(ESCROW, 1n, [{ lane: 17n, total: 300n }]);
        await store.notePublished({ ...ESCROW, client: ESCROW.token }, 0n, [{ lane: 17n, total: 300n }]);
        await store.notePublished(ESCROW, 0n, [{ lane: 18n, total: 300n }]);
        await accepted(store, tab(300n));
        await accepted(store, tab(100n, 18n));
      });

      it("does not let a settled total pay for requests", async () => {
        await accepted(store, tab(100n));
        await store.applyChain([
          update({ block: block(101n), settled: 900n }, { lanes: [{ lane: 17n, settled: 900n }] }),
        ]);
        expect(await refusal(store, tab(900n))).to.equal("tabPublic");
        expect(await refusal(store, tab(901n), { price: 802n })).to.equal("insufficient");
        expect((await store.getLane(ESCROW, 17n))?.settled).to.equal(900n);
      });

      it("knows lanes of 64 bits", async () => {
        const lane = 2n ** 64n - 1n;
        await accepted(store, tab(100n, lane));
        expect((await store.getLane(ESCROW, lane))?.consumed).to.equal(100n);
      });
    });

    describe("signed transactions", () => {
      it("accepts one content once, also after it was settled", async () => {
        await accepted(store, transaction("one"));
        expect(await refusal(store, transaction("one"))).to.equal("duplicate");
        const usedTransactions = [transaction("one").digest];
        await store.applyChain([update({ block: block(101n), settled: 100n }, { usedTransactions })]);
        expect(await unsettled()).to.deep.equal([]);
        expect(await refusal(store, transaction("one"))).to.equal("duplicate");
      });

      it("accepts two contents under one nonce, and a payment beside them", async () => {
        await accepted(store, transaction("one"));
        await accepted(store, transaction("two"));
        await accepted(store, payment(0n));
        expect((await state()).accepted).to.equal(300n);
      });

      it("a burst of one transaction is accepted once", async () => {
        const burst = Array.from({ length: 30 }, () => store.reserve(request(transaction("one"))));
        const granted = (await Promise.all(burst)).flatMap((result) => (result.isReserved ? [result.reservation] : []));
        expect(granted).to.have.lengthOf(1);
        for (const reservation of granted) await store.commit(reservation, NOW);
        expect(await refusal(store, transaction("one"))).to.equal("duplicate");
      });

      it("may present a transaction again whose request was cancelled", async () => {
        await store.cancel(await reserved(store, transaction("one")));
        await accepted(store, transaction("one"));
        expect((await state()).accepted).to.equal(100n);
      });

      it("R1: refuses what the escrow does not cover, and less than the price", async () => {
        expect(await refusal(store, transaction("one", 1_001n))).to.equal("exposure");
        expect(await refusal(store, transaction("one", 99n))).to.equal("insufficient");
      });

      it("accepts a settled transaction once, against what its settlement freed", async () => {
        await accepted(store, payment(0n, 1_000n));
        expect(await refusal(store, settledTransaction("one"))).to.equal("exposure");
        await store.applyChain([update({ block: block(101n), settled: 100n })]);
        await accepted(store, settledTransaction("one"));
        expect(await refusal(store, settledTransaction("one"))).to.equal("duplicate");
        expect(await unsettled()).to.deep.equal([["payment", 1_000n]]);
      });
    });

    describe("what the chain says", () => {
      it("knows no escrow that was never read", async () => {
        const escrow = { ...ESCROW, client: ESCROW.server };
        expect(await refusal(store, payment(0n), { escrow })).to.equal("unknownEscrow");
        expect(await store.check(request(payment(0n), { escrow }))).to.equal("unknownEscrow");
        expect(await store.getEscrow(escrow)).to.equal(undefined);
        expect(await store.listLanes(escrow)).to.deep.equal([]);
      });

      it("keeps nothing of an escrow that never was open", async () => {
        const escrow = { ...ESCROW, client: ESCROW.server };
        await store.applyChain([update({ isOpen: false, balance: 0n }, { escrow })]);
        expect(await store.getEscrow(escrow)).to.equal(undefined);
      });

      it("takes addresses in any case", async () => {
        const escrow = { ...ESCROW, client: "0x00000000000000000000000000000000000000B1" as const };
        await accepted(store, payment(0n), { escrow });
        expect((await state()).accepted).to.equal(100n);
      });

      it("R7: frees what a settlement paid only at the depth the server chose", async () => {
        await accepted(store, payment(0n, 1_000n));
        const head = { settled: 1_000n, block: block(110n) };
        await store.applyChain([update({ block: block(101n) }, { head })]);
        expect(await available()).to.equal(0n);
        await store.applyChain([update({ block: block(110n), settled: 1_000n })]);
        expect(await available()).to.equal(1_000n);
      });

      it("R7: counts what the head shows to be lower at once", async () => {
        await store.applyChain([update({ block: block(101n) }, { head: { balance: 300n, block: block(110n) } })]);
        expect(await available()).to.equal(300n);
      });

      it("R7: counts a top-up only at the depth the server chose", async () => {
        await store.applyChain([update({ block: block(101n) }, { head: { balance: 5_000n, block: block(110n) } })]);
        expect(await available()).to.equal(1_000n);
      });

      it("R7: takes nothing of an escrow that only the head shows as open", async () => {
        const escrow = { ...ESCROW, client: ESCROW.server };
        const closed = { isOpen: false, balance: 0n };
        await store.applyChain([
          update(closed, { escrow, head: { isOpen: true, balance: 1_000n, block: block(110n) } }),
        ]);
        expect(await refusal(store, payment(0n), { escrow })).to.equal("notOpen");
        await store.applyChain([update({ block: block(110n) }, { escrow })]);
        await accepted(store, payment(0n), { escrow });
      });

      it("ignores a read that is older than what is known", async () => {
        await store.applyChain([update({ block: block(99n), balance: 5_000n })]);
        expect(await available()).to.equal(1_000n);
      });

      for (const flag of ["isClosedByClient", "isClosedByServer"] as const) {
        it(`takes nothing once the head shows ${flag}, and keeps what was accepted`, async () => {
          await accepted(store, payment(0n));
          await store.applyChain([update({ block: block(101n) }, { head: { [flag]: true, block: block(110n) } })]);
          expect(await refusal(store, payment(1n))).to.equal("notOpen");
          const { isAccepting, unsettled: due } = await state();
          expect([isAccepting, due]).to.deep.equal([false, 100n]);
          expect(await unsettled()).to.deep.equal([["payment", 100n]]);
        });
      }

      it("commits a request that was reserved before the escrow was closed", async () => {
        const reservation = await reserved(store, payment(0n));
        await store.applyChain([update({ block: block(101n), isClosedByClient: true })]);
        await store.commit(reservation, NOW);
        expect(await unsettled()).to.deep.equal([["payment", 100n]]);
      });

      it("counts a request that is reserved while a read comes in", async () => {
        const reserving = store.reserve(request(payment(0n)));
        const reading = store.applyChain([update({ block: block(101n) })]);
        const [result] = await Promise.all([reserving, reading]);
        if (!result.isReserved) throw new Error(result.reason);
        expect((await store.getEscrow(ESCROW))?.accepted).to.equal(100n);
        await store.commit(result.reservation, NOW);
      });

      it("refuses another epoch", async () => {
        expect(await refusal(store, payment(0n), { epoch: 1n })).to.equal("epoch");
        expect(await refusal(store, tab(100n), { epoch: 1n })).to.equal("epoch");
      });

      it("starts an empty book with a new epoch", async () => {
        await accepted(store, payment(0n));
        await accepted(store, tab(100n));
        await accepted(store, transaction("one"));
        const open = await reserved(store, payment(1n));
        await store.applyChain([update({ block: block(101n), epoch: 1n })]);
        const { accepted: total, available: free, nonceBase } = await state();
        expect([total, free, nonceBase]).to.deep.equal([0n, 1_000n, 0n]);
        expect(await store.listLanes(ESCROW)).to.deep.equal([]);
        expect(await unsettled()).to.deep.equal([]);
        expect(await rejection(store.commit(open, NOW))).to.be.instanceOf(ReservationLostError);
        for (const item of [payment(0n), tab(100n), transaction("one")]) await accepted(store, item, { epoch: 1n });
        expect((await state()).accepted).to.equal(300n);
      });

      it("does not charge a cancelled request of an earlier epoch to the new one", async () => {
        const open = await reserved(store, payment(1n, 400n));
        await store.applyChain([update({ block: block(101n), epoch: 1n })]);
        await accepted(store, payment(0n), { epoch: 1n });
        await store.cancel(open);
        expect((await state()).accepted).to.equal(100n);
      });

      it("takes nothing of either epoch while only the head shows the next one", async () => {
        await store.applyChain([update({ block: block(101n) }, { head: { epoch: 1n, block: block(110n) } })]);
        expect(await refusal(store, payment(0n))).to.equal("notOpen");
        expect(await refusal(store, payment(0n), { epoch: 1n })).to.equal("notOpen");
      });

      it("takes nothing after the chain was rewound, until the escrow is read again at whatever height", async () => {
        await accepted(store, payment(0n));
        await store.rewindChain(SETTLEMENT, 99n);
        expect(await refusal(store, payment(1n))).to.equal("unknownEscrow");
        expect((await state()).isStale).to.equal(true);
        await store.applyChain([update({ block: block(95n), balance: 700n })]);
        expect(await available()).to.equal(600n);
        expect(await refusal(store, payment(0n))).to.equal("nonceUsed");
      });

      it("keeps what was read at or below the block the chain was rewound to", async () => {
        await store.rewindChain(SETTLEMENT, 100n);
        await accepted(store, payment(0n));
      });

      it("takes nothing in an earlier epoch that a re-organisation brings back, and finds its book again after it", async () => {
        await store.applyChain([update({ block: block(101n), epoch: 1n })]);
        await accepted(store, payment(0n), { epoch: 1n });
        await store.rewindChain(SETTLEMENT, 99n);
        await store.applyChain([update({ block: block(100n), epoch: 0n })]);
        for (const epoch of [0n, 1n]) expect(await refusal(store, payment(1n), { epoch })).to.equal("notOpen");
        await store.applyChain([update({ block: block(102n), epoch: 1n })]);
        expect(await available()).to.equal(900n);
      });

      it("R10: remembers for the epoch that the client's wallet failed", async () => {
        await store.noteImpaired(ESCROW, 1n);
        expect((await state()).isImpaired).to.equal(false);
        await store.noteImpaired(ESCROW, 0n);
        await store.noteImpaired({ ...ESCROW, client: ESCROW.token }, 0n);
        await store.applyChain([update({ block: block(101n) })]);
        expect((await state()).isImpaired).to.equal(true);
        await store.applyChain([update({ block: block(102n), epoch: 1n })]);
        expect((await state()).isImpaired).to.equal(false);
      });

      it("lists every escrow of the server, and of no other", async () => {
        const other = { ...ESCROW, client: ESCROW.token };
        await store.applyChain([
          update({ balance: 5n }, { escrow: other }),
          update({}, { escrow: { ...ESCROW, server: ESCROW.token } }),
        ]);
        const clients = (await store.listEscrows(SERVER)).map(({ escrow }) => escrow.client);
        expect(clients).to.have.members([ESCROW.client, ESCROW.token]);
      });

      it("remembers up to where the chain was synced", async () => {
        expect(await store.getSyncedBlock(SETTLEMENT, ESCROW.server)).to.equal(undefined);
        await store.setSyncedBlock(SETTLEMENT, ESCROW.server, block(100n));
        await store.setSyncedBlock(SETTLEMENT, ESCROW.server, block(101n));
        expect(await store.getSyncedBlock(SETTLEMENT, ESCROW.server)).to.deep.equal(block(101n));
      });
    });

    describe("leaving", () => {
      it("R11: takes nothing in an epoch that was stopped, and everything in the next", async () => {
        await accepted(store, payment(0n));
        await store.stop(ESCROW, 0n);
        expect(await refusal(store, payment(1n))).to.equal("notOpen");
        expect((await state()).isStopped).to.equal(true);
        await store.applyChain([update({ block: block(101n) })]);
        expect(await refusal(store, payment(1n))).to.equal("notOpen");
        await store.applyChain([update({ block: block(102n), epoch: 1n })]);
        await accepted(store, payment(1n), { epoch: 1n });
      });

      it("R11: a stop ends requests that are past their time, which no later request would", async () => {
        const { until } = await reserved(store, payment(0n));
        await store.stop(ESCROW, 0n, until);
        expect((await state()).unsettled).to.equal(100n);
        await store.stop(ESCROW, 0n, until + 1n);
        expect((await state()).unsettled).to.equal(0n);
      });

      it("R11: a stop of another epoch does nothing", async () => {
        await store.stop(ESCROW, 1n);
        await accepted(store, payment(0n));
      });
    });

    describe("releases", () => {
      it("R12: takes a live release off what may be accepted", async () => {
        expect(await store.addRelease(ESCROW, liveRelease(400n, 1n))).to.equal(true);
        expect(await available()).to.equal(600n);
        expect(await refusal(store, payment(0n, 601n))).to.equal("exposure");
        await accepted(store, payment(0n, 600n));
      });

      it("R12: lets no release go that what was accepted needs", async () => {
        await accepted(store, payment(0n, 600n));
        expect(await store.addRelease(ESCROW, liveRelease(401n, 1n))).to.equal(false);
        expect(await store.addRelease(ESCROW, liveRelease(400n, 2n))).to.equal(true);
        expect(await store.addRelease(ESCROW, liveRelease(1n, 3n))).to.equal(false);
      });

      it("R12: lets a stopped or closing escrow be released, but no other epoch and no unknown escrow", async () => {
        await store.stop(ESCROW, 0n);
        await store.applyChain([update({ block: block(101n), isClosedByClient: true })]);
        expect(await store.addRelease(ESCROW, liveRelease(1n, 1n))).to.equal(true);
        expect(await store.addRelease(ESCROW, liveRelease(1n, 2n, NOW, 1n))).to.equal(false);
        expect(await store.addRelease({ ...ESCROW, client: ESCROW.token }, liveRelease(1n, 3n))).to.equal(false);
      });

      it("R12: takes a nonce once", async () => {
        expect(await store.addRelease(ESCROW, liveRelease(1n, 2n ** 255n))).to.equal(true);
        expect(await store.addRelease(ESCROW, liveRelease(2n, 2n ** 255n))).to.equal(false);
        expect((await state()).releases).to.deep.equal([liveRelease(1n, 2n ** 255n)]);
      });

      it("R12: a release ends with the confirmed read that shows it used", async () => {
        await store.addRelease(ESCROW, liveRelease(400n, 1n));
        await store.applyChain([update({ block: block(101n) }, { head: { balance: 600n, block: block(110n) } })]);
        expect(await available()).to.equal(200n);
        await store.applyChain([update({ block: block(110n), balance: 600n }, { endedReleases: [1n] })]);
        expect(await available()).to.equal(600n);
      });

      it("R12: a release ends unused when the confirmed read is past its deadline, and not at it", async () => {
        await store.addRelease(ESCROW, liveRelease(400n, 1n, NOW + 10n));
        await store.applyChain([update({ block: block(101n, NOW + 10n) })]);
        expect(await available()).to.equal(600n);
        await store.applyChain([update({ block: block(102n, NOW + 11n) })]);
        expect(await available()).to.equal(1_000n);
      });

      it("R12: a release carries over into the next epoch", async () => {
        await store.addRelease(ESCROW, liveRelease(400n, 1n, NOW + 10n));
        await store.applyChain([update({ block: block(101n), epoch: 1n })]);
        expect(await available()).to.equal(600n);
        await store.applyChain([update({ block: block(102n, NOW + 11n), epoch: 1n })]);
        expect((await state()).releases).to.deep.equal([]);
      });

      it("R12: the same release is not counted while its execution is read twice", async () => {
        await store.addRelease(ESCROW, liveRelease(400n, 1n));
        const executed = update({ block: block(101n), balance: 600n }, { endedReleases: [1n] });
        await store.applyChain([executed, executed]);
        expect(await available()).to.equal(600n);
      });
    });

    describe("what the settler sees", () => {
      it("R8: lists oldest deadlines first, then oldest acceptances", async () => {
        const items: readonly (readonly [FlashItem, bigint])[] = [
          [payment(0n, 10n), NOW],
          [payment(1n, 11n, NOW + DAY), NOW + 1n],
          [tab(12n, 1n, NOW + 900n), NOW + 2n],
          [transaction("one", 13n), NOW + 3n],
          [payment(2n, 14n), NOW + 1n],
        ];
        for (const [item, now] of items) await accepted(store, item, { price: 10n, now, until: now + 10n });
        expect((await unsettled()).map(([, due]) => due)).to.deep.equal([12n, 11n, 10n, 14n, 13n]);
      });

      it("gives back every item as it was accepted", async () => {
        const items = [payment(0n, 100n, NOW + DAY), tab(200n, 3n, NOW + 2n * DAY), transaction("one")];
        for (const item of items) await accepted(store, item);
        const listed = await store.listUnsettled(SERVER);
        expect(listed.map(({ item }) => item)).to.deep.equal(items);
        expect(listed[0]).to.deep.include({ escrow: ESCROW, epoch: 0n, due: 100n, acceptedAt: NOW });
      });

      it("lists no request that is still being served or was cancelled", async () => {
        await reserved(store, payment(0n));
        await store.cancel(await reserved(store, payment(1n)));
        expect(await unsettled()).to.deep.equal([]);
      });

      it("drops what the chain shows as settled: a nonce, a total, a transaction", async () => {
        for (const item of [payment(0n), payment(1n), tab(300n), transaction("one")]) await accepted(store, item);
        const shown = {
          nonceWords: [{ word: 0n, bits: 0b10n }],
          lanes: [{ lane: 17n, settled: 120n }],
          usedTransactions: [transaction("one").digest],
        };
        await store.applyChain([update({ block: block(101n), settled: 320n }, shown)]);
        expect(await unsettled()).to.have.deep.members([
          ["payment", 100n],
          ["tab", 180n],
        ]);
        expect((await state()).unsettled).to.equal(280n);
      });

      it("keeps the time of the oldest total of a lane that is not settled", async () => {
        const times = async () => (await store.listUnsettled(SERVER)).map(({ acceptedAt }) => acceptedAt);
        await accepted(store, tab(100n));
        await accepted(store, tab(200n), { now: NOW + 50n, until: NOW + 60n });
        expect(await times()).to.deep.equal([NOW]);
        await store.applyChain([update({ block: block(101n) }, { lanes: [{ lane: 17n, settled: 200n }] })]);
        await accepted(store, tab(300n), { now: NOW + 70n, until: NOW + 80n });
        expect(await times()).to.deep.equal([NOW + 70n]);
      });

      it("lists nothing whose deadline the chain has passed", async () => {
        await accepted(store, payment(0n, 100n, NOW + 10n));
        await store.applyChain([update({ block: block(101n, NOW + 10n) })]);
        expect(await unsettled()).to.have.lengthOf(1);
        await store.applyChain([update({ block: block(102n, NOW + 11n) })]);
        expect(await unsettled()).to.deep.equal([]);
        expect((await state()).accepted).to.equal(100n);
      });
    });

    describe("what became of an item", () => {
      const status = async (item: FlashItem) => {
        const found = await store.getItem(ESCROW, item.digest);
        return found && [found.status, found.transactionHash];
      };
      const shown = (transactions: readonly FlashItem[] = []) =>
        update(
          { block: block(101n), settled: 500n },
          {
            nonceWords: [{ word: 0n, bits: 0b1n }],
            lanes: [{ lane: 17n, settled: 300n }],
            usedTransactions: transactions.map(({ digest }) => digest),
          },
        );

      it("is accepted from its commit on, and settled when the chain shows it", async () => {
        const items = [payment(0n), tab(300n), transaction("one")];
        const open = await reserved(store, payment(7n));
        expect(await status(open.item)).to.equal(undefined);
        for (const item of items) await accepted(store, item);
        for (const item of items) expect(await status(item), item.kind).to.deep.equal(["accepted", undefined]);
        await store.applyChain([shown([transaction("one")])]);
        for (const item of items) expect(await status(item), item.kind).to.deep.equal(["settled", undefined]);
      });

      it("names the transaction once it is noted, also when a later tab or epoch has come since", async () => {
        const items = [payment(0n), tab(300n), transaction("one")];
        for (const item of items) await accepted(store, item);
        await store.applyChain([shown([transaction("one")])]);
        const { client, ...rest } = ESCROW;
        const upper = { ...rest, client: client.replace(/b/g, "B") as typeof client };
        const digests = items.map(({ digest }) => digest);
        await store.noteSettled(upper, digests, hashOf("batch"));
        await accepted(store, tab(400n));
        for (const item of items) expect(await status(item), item.kind).to.deep.equal(["settled", hashOf("batch")]);
        expect(await status(tab(400n))).to.deep.equal(["accepted", undefined]);
        await store.applyChain([update({ epoch: 1n, block: block(102n) })]);
        for (const item of items) expect(await status(item), item.kind).to.deep.equal(["settled", hashOf("batch")]);
        expect(await status(tab(400n))).to.equal(undefined);
      });

      it("is settled with its own hash when it was paid before it was served", async () => {
        await accepted(store, settledTransaction("first"));
        const { digest } = settledTransaction("first");
        expect(await status(settledTransaction("first"))).to.deep.equal(["settled", digest]);
      });

      it("is unknown when a later tab has taken its place, and of another escrow", async () => {
        await accepted(store, tab(100n));
        await accepted(store, tab(200n));
        expect(await status(tab(100n))).to.equal(undefined);
        const other = { ...ESCROW, client: SERVER.server };
        expect(await store.getItem(other, tab(200n).digest)).to.equal(undefined);
        await store.noteSettled(other, [tab(200n).digest], hashOf("batch"));
        expect(await store.getItem(other, tab(200n).digest)).to.equal(undefined);
      });

      it("is remembered for 10,000 later ones", async () => {
        const digests = Array.from(
          { length: 10_001 },
          (_, index): `0x${string}` => `0x${index.toString(16).padStart(64, "0")}`,
        );
        await store.noteSettled(ESCROW, digests.slice(0, 1), hashOf("first"));
        await store.noteSettled(ESCROW, digests.slice(1, 10_000), hashOf("second"));
        const find = async (index: number) =>
          (await store.getItem(ESCROW, digests[index] ?? expect.fail()))?.transactionHash;
        expect(await find(0)).to.equal(hashOf("first"));
        await store.noteSettled(ESCROW, digests.slice(10_000), hashOf("third"));
        expect([await find(0), await find(1), await find(10_000)]).to.deep.equal([
          undefined,
          hashOf("second"),
          hashOf("third"),
        ]);
      });
    });

    it("answers nothing once it is closed", async () => {
      await store.close();
      expect(await rejection(store.reserve(request(payment(0n))))).to.be.instanceOf(StoreClosedError);
      expect(await rejection(store.listUnsettled(SERVER))).to.be.instanceOf(StoreClosedError);
      expect(
        await rejection(store.getSyncedBlock(SETTLEMENT, hashOf("x").slice(0, 42) as `0x${string}`)),
      ).to.be.instanceOf(StoreClosedError);
    });
  });
}
