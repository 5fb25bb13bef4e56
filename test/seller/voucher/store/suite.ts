import { rejection } from "../../rejection.ts";
import { expect } from "chai";
import { ChargeAboveReservationError } from "../../../../client/seller/voucher/errors.ts";
import { ReservationLostError, StoreClosedError } from "../../../../client/seller/core/errors.ts";
import { DEFAULT_LANE } from "../../../../client/voucher/types.ts";
import type { ReserveParameters, VoucherStore } from "../../../../client/seller/voucher/store/types.ts";
import {
  ACCOUNT,
  block,
  chainUpdate,
  charge,
  DAY,
  ESCROW,
  laneId,
  liveRelease,
  NOW,
  refusal,
  request,
  reserved,
  voucher,
} from "../fixtures.ts";

const LANE = { ...ACCOUNT, id: DEFAULT_LANE };
const OTHER = laneId("other");

/** What every voucher store must do. `open` gives an empty one. */
export function describeVoucherStore(name: string, open: () => VoucherStore): void {
  describe(name, () => {
    let store: VoucherStore;

    beforeEach(async () => {
      store = open();
      await store.applyChain([chainUpdate({ lanes: [DEFAULT_LANE, OTHER].map((id) => ({ id, collected: 0n })) })], []);
    });

    afterEach(async () => {
      await store.close();
    });

    describe("reserve and commit", () => {
      it("charges the amount and keeps the voucher", async () => {
        const parameters = request();
        const commitment = await store.commit(await reserved(store, parameters), 60n, NOW);
        expect(commitment).to.deep.equal({
          lane: LANE,
          amount: 60n,
          charged: 60n,
          voucherHash: parameters.voucherHash,
        });
        const lane = await store.getLane(LANE);
        expect(lane?.charged).to.equal(60n);
        expect(lane?.latest).to.deep.equal({
          voucher: voucher(),
          signature: parameters.signature,
          signer: { address: ACCOUNT.buyer, kind: "buyer" },
        });
        expect(lane?.reservation).to.equal(undefined);
      });

      it("adds the next charge to what was charged, not to the last ceiling", async () => {
        await charge(store, request(), 60n);
        const commitment = await charge(store, request({ nonce: 1n, valueAggregate: 160n }), 100n);
        expect(commitment.charged).to.equal(160n);
      });

      it("reserves a lane for one request at a time", async () => {
        await reserved(store, request());
        expect(await refusal(store, request({ nonce: 1n, valueAggregate: 200n }))).to.equal("busy");
      });

      it("lets other lanes of the account work at the same time", async () => {
        await reserved(store, request());
        await reserved(store, request({ id: OTHER }));
      });

      it("frees the lane and the balance on cancel", async () => {
        const reservation = await reserved(store, request({ valueAggregate: 1_000n }, { price: 1_000n }));
        await store.cancel(reservation);
        const lane = await store.getLane(LANE);
        expect(lane?.charged).to.equal(0n);
        expect(lane?.latest).to.equal(undefined);
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(1_000n);
        await reserved(store, request());
      });

      it("ignores the cancel of a reservation that was committed", async () => {
        const reservation = await reserved(store, request());
        await store.commit(reservation, 100n, NOW);
        await store.cancel(reservation);
        expect((await store.getLane(LANE))?.charged).to.equal(100n);
      });

      it("never charges one reservation twice", async () => {
        const reservation = await reserved(store, request());
        await store.commit(reservation, 100n, NOW);
        expect(await rejection(store.commit(reservation, 100n, NOW))).to.be.instanceOf(ReservationLostError);
        expect((await store.getLane(LANE))?.charged).to.equal(100n);
      });

      it("refuses to commit a cancelled reservation", async () => {
        const reservation = await reserved(store, request());
        await store.cancel(reservation);
        expect(await rejection(store.commit(reservation, 1n, NOW))).to.be.instanceOf(ReservationLostError);
      });

      for (const [what, amount] of [
        ["one unit above the reserved price", 101n],
        ["less than nothing", -1n],
      ] as const) {
        it(`refuses to charge ${what}, and keeps the reservation`, async () => {
          const reservation = await reserved(store, request({ valueAggregate: 1_000n }));
          expect(await rejection(store.commit(reservation, amount, NOW))).to.be.instanceOf(ChargeAboveReservationError);
          expect((await store.commit(reservation, 100n, NOW)).charged).to.equal(100n);
        });
      }

      it("keeps the voucher of a request that cost nothing, so that it cannot be sent again", async () => {
        await charge(store, request(), 0n);
        expect(await refusal(store, request())).to.equal("duplicate");
      });

      it("lets another request take a lane whose reservation is past its time, and the late one loses", async () => {
        const late = await reserved(store, request());
        expect(await refusal(store, request({}, { now: late.until }))).to.equal("busy");
        await reserved(store, request({}, { now: late.until + 1n, until: late.until + 300n }));
        expect(await rejection(store.commit(late, 100n, NOW))).to.be.instanceOf(ReservationLostError);
      });

      it("lets a late request commit while nobody took its lane", async () => {
        const late = await reserved(store, request());
        expect((await store.commit(late, 100n, late.until + 1_000n)).charged).to.equal(100n);
      });

      it("refuses an account that was never read from the chain", async () => {
        expect(await refusal(store, request({ buyer: ACCOUNT.seller }))).to.equal("unknownAccount");
      });

      it("refuses a lane whose collected total was never read", async () => {
        expect(await refusal(store, request({ id: laneId("unknown") }))).to.equal("unknownLane");
      });

      it("finds the account whatever the case of its addresses", async () => {
        const upper = `0x${ACCOUNT.buyer.slice(2).toUpperCase()}` as const;
        expect((await reserved(store, request({ buyer: upper }))).lane).to.deep.equal(LANE);
      });
    });

    describe("the series of a lane", () => {
      beforeEach(async () => {
        await charge(store, request({ nonce: 5n, valueAggregate: 500n, timestamp: NOW, expiry: NOW + 7n * DAY }), 100n);
      });

      const next = (overrides: Parameters<typeof request>[0]) =>
        request({ nonce: 6n, valueAggregate: 500n, ...overrides });
      const cases: readonly (readonly [string, ReserveParameters, string])[] = [
        ["the very voucher that was accepted", request({ nonce: 5n, valueAggregate: 500n }), "duplicate"],
        ["a nonce that was used", next({ nonce: 5n, valueAggregate: 501n }), "staleNonce"],
        ["a nonce below", next({ nonce: 4n }), "staleNonce"],
        ["a timestamp before the latest", next({ timestamp: NOW - 1n }), "staleTimestamp"],
        ["an expiry before the latest", next({ expiry: NOW + 7n * DAY - 1n }), "staleExpiry"],
        ["a ceiling one unit below charged plus price", next({ valueAggregate: 199n }), "belowCharged"],
      ];
      for (const [what, parameters, reason] of cases) {
        it(`refuses ${what}`, async () => {
          expect(await refusal(store, parameters)).to.equal(reason);
        });
      }

      it("takes a ceiling of exactly charged plus price", async () => {
        expect((await charge(store, next({ valueAggregate: 200n }))).charged).to.equal(200n);
      });

      it("takes a nonce further ahead: some requests are never served", async () => {
        expect((await charge(store, next({ nonce: 90n }))).charged).to.equal(200n);
      });
    });

    describe("keys and contract wallets in one lane", () => {
      const signed = (kind: "buyer" | "session" | "contract", nonce: bigint) =>
        request(
          { nonce, valueAggregate: 100n * (nonce + 1n) },
          { signer: { address: kind === "session" ? ACCOUNT.asset : ACCOUNT.buyer, kind } },
        );

      for (const kind of ["buyer", "session"] as const) {
        it(`keeps what a key signed (${kind}) from a contract wallet until it is collected`, async () => {
          await charge(store, signed(kind, 0n));
          expect(await refusal(store, signed("contract", 1n))).to.equal("signedByKey");
          expect(await store.check(signed("contract", 1n))).to.equal("signedByKey");
          const lanes = [{ id: DEFAULT_LANE, collected: 100n }];
          await store.applyChain([chainUpdate({ block: block(101n), lanes })], []);
          expect((await charge(store, signed("contract", 1n))).charged).to.equal(200n);
        });
      }

      it("lets keys and wallets follow a wallet, and keys follow keys", async () => {
        for (const [nonce, kind] of (["contract", "contract", "session", "buyer"] as const).entries()) {
          await charge(store, signed(kind, BigInt(nonce)));
        }
        expect((await store.getLane(LANE))?.charged).to.equal(400n);
      });

      it("offers another lane than the one that is no good", async () => {
        const parameters = { account: ACCOUNT, now: NOW, until: NOW + 60n, maxLanes: 4, except: DEFAULT_LANE };
        expect((await store.leaseLane(parameters))?.lane.id).to.equal(OTHER);
      });
    });

    describe("coverage", () => {
      for (const [price, isCovered] of [
        [999n, true],
        [1_000n, true],
        [1_001n, false],
      ] as const) {
        it(`${isCovered ? "covers" : "does not cover"} ${price} with a balance of 1000`, async () => {
          const result = await store.reserve(request({ valueAggregate: 5_000n }, { price }));
          expect(result.isReserved).to.equal(isCovered);
          if (!result.isReserved) expect([result.reason, result.spendable]).to.deep.equal(["uncovered", 1_000n]);
        });
      }

      it("takes off what other lanes charged and did not collect", async () => {
        await charge(store, request({ valueAggregate: 600n }, { price: 600n }));
        expect(await refusal(store, request({ id: OTHER, valueAggregate: 401n }, { price: 401n }))).to.equal(
          "uncovered",
        );
        await reserved(store, request({ id: OTHER, valueAggregate: 400n }, { price: 400n }));
      });

      it("counts a request that is being served with its whole price", async () => {
        await reserved(store, request({ valueAggregate: 600n }, { price: 600n }));
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(400n);
        expect(await refusal(store, request({ id: OTHER, valueAggregate: 401n }, { price: 401n }))).to.equal(
          "uncovered",
        );
      });

      it("counts only what was charged once it is served", async () => {
        await charge(store, request({ valueAggregate: 600n }, { price: 600n }), 50n);
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(950n);
      });

      it("takes off effective thawing", async () => {
        await store.applyChain([chainUpdate({ block: block(101n), thawing: 300n, thawEndTime: NOW + DAY })], []);
        expect(await refusal(store, request({ valueAggregate: 701n }, { price: 701n }))).to.equal("uncovered");
        await reserved(store, request({ valueAggregate: 700n }, { price: 700n }));
      });

      it("counts collected amounts once, in the balance", async () => {
        await charge(store, request({ valueAggregate: 600n }, { price: 600n }));
        await store.applyChain(
          [chainUpdate({ block: block(101n), balance: 400n, lanes: [{ id: DEFAULT_LANE, collected: 600n }] })],
          [],
        );
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(400n);
      });

      it("covers what somebody's collection of a ceiling has paid in advance, and no more", async () => {
        await charge(store, request({ valueAggregate: 1_000n }, { price: 100n }));
        await store.applyChain(
          [chainUpdate({ block: block(101n), balance: 0n, lanes: [{ id: DEFAULT_LANE, collected: 1_000n }] })],
          [],
        );
        expect((await charge(store, request({ nonce: 1n, valueAggregate: 1_000n }, { price: 900n }))).charged).to.equal(
          1_000n,
        );
        expect(await refusal(store, request({ nonce: 2n, valueAggregate: 1_001n }, { price: 1n }))).to.equal(
          "uncovered",
        );
      });

      it("lets what was paid in advance make up for other lanes first", async () => {
        await charge(store, request({ id: OTHER, valueAggregate: 50n }, { price: 50n }));
        await charge(store, request({ valueAggregate: 1_000n }, { price: 1n }));
        const lanes = [
          { id: DEFAULT_LANE, collected: 1_000n },
          { id: OTHER, collected: 0n },
        ];
        await store.applyChain([chainUpdate({ block: block(101n), balance: 0n, lanes })], []);
        const next = (price: bigint) => request({ nonce: 1n, valueAggregate: 1_000n }, { price });
        expect(await refusal(store, next(950n))).to.equal("uncovered");
        await charge(store, next(949n));
        expect((await store.getAccount(ACCOUNT))?.owed).to.equal(0n);
      });

      it("lets a reservation past its time hold no balance", async () => {
        const late = await reserved(store, request({ valueAggregate: 1_000n }, { price: 1_000n }));
        const next = { price: 1_000n, now: late.until + 1n, until: late.until + 300n };
        await reserved(store, request({ id: OTHER, valueAggregate: 1_000n }, next));
        expect(await rejection(store.commit(late, 1_000n, NOW))).to.be.instanceOf(ReservationLostError);
      });

      it("stops at the seller's own limit of uncollected charges", async () => {
        await charge(store, request({ valueAggregate: 300n }, { price: 300n }));
        const parameters = { price: 100n, maxUncollected: 399n };
        expect(await refusal(store, request({ nonce: 1n, valueAggregate: 400n }, parameters))).to.equal(
          "exposureLimit",
        );
        await reserved(store, request({ nonce: 1n, valueAggregate: 400n }, { price: 100n, maxUncollected: 400n }));
      });

      it("says what it would refuse with a deposit on its way, and reserves nothing", async () => {
        const parameters = request({ valueAggregate: 1_500n }, { price: 1_500n });
        expect(await store.check({ ...parameters, pendingDeposit: 499n })).to.equal("uncovered");
        expect(await store.check({ ...parameters, pendingDeposit: 500n })).to.equal(undefined);
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(1_000n);
      });
    });

    describe("releases", () => {
      it("takes a live release off what is spendable", async () => {
        expect(await store.addRelease(ACCOUNT, liveRelease(400n, "one"))).to.equal(true);
        expect(await refusal(store, request({ valueAggregate: 601n }, { price: 601n }))).to.equal("uncovered");
        await reserved(store, request({ valueAggregate: 600n }, { price: 600n }));
      });

      it("refuses a release of what vouchers and reservations hold", async () => {
        await charge(store, request({ valueAggregate: 300n }, { price: 300n }));
        await reserved(store, request({ id: OTHER, valueAggregate: 300n }, { price: 300n }));
        expect(await store.addRelease(ACCOUNT, liveRelease(401n, "one"))).to.equal(false);
        expect(await store.addRelease(ACCOUNT, liveRelease(400n, "two"))).to.equal(true);
      });

      it("ends a release with the read that shows it executed", async () => {
        await store.addRelease(ACCOUNT, liveRelease(400n, "one"));
        await store.applyChain(
          [chainUpdate({ block: block(101n), balance: 600n, endedReleases: [laneId("one")] })],
          [],
        );
        const account = await store.getAccount(ACCOUNT);
        expect([account?.spendable, account?.releases]).to.deep.equal([600n, []]);
      });

      it("ends a release only when a final block is past its expiry", async () => {
        await store.addRelease(ACCOUNT, liveRelease(400n, "one", NOW + 3_600n));
        await store.expireReleases(ESCROW, NOW + 3_600n);
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(600n);
        await store.expireReleases(ESCROW, NOW + 3_601n);
        expect((await store.getAccount(ACCOUNT))?.spendable).to.equal(1_000n);
      });

      it("refuses a release for an account it does not know", async () => {
        const account = { ...ACCOUNT, buyer: ACCOUNT.seller };
        expect(await store.addRelease(account, liveRelease(1n, "one"))).to.equal(false);
      });
    });

    describe("what the chain says", () => {
      it("ignores a read that is older than what is known", async () => {
        await store.applyChain([chainUpdate({ block: block(99n), balance: 5_000n })], []);
        expect((await store.getAccount(ACCOUNT))?.balance).to.equal(1_000n);
      });

      it("takes an older read after the chain was rewound, and trusts nothing until then", async () => {
        await store.rewindChain(ESCROW, 90n);
        expect(await refusal(store, request())).to.equal("unknownAccount");
        await store.applyChain([chainUpdate({ block: block(95n), balance: 5_000n })], []);
        expect((await store.getAccount(ACCOUNT))?.balance).to.equal(5_000n);
        await reserved(store, request());
      });

      it("keeps what was read at or below the block the chain was rewound to", async () => {
        await store.rewindChain(ESCROW, 100n);
        await reserved(store, request());
      });

      it("keeps charges and vouchers over a rewind", async () => {
        await charge(store, request());
        await store.rewindChain(ESCROW, -1n);
        await store.applyChain([chainUpdate({ block: block(95n) })], []);
        expect((await store.getLane(LANE))?.charged).to.equal(100n);
      });

      it("starts a lane it knows nothing of at the collected total", async () => {
        const lanes = [{ id: DEFAULT_LANE, collected: 250n }];
        await store.applyChain([chainUpdate({ block: block(101n), lanes })], []);
        expect(await refusal(store, request({ valueAggregate: 349n }))).to.equal("belowCharged");
        expect((await charge(store, request({ valueAggregate: 350n }))).charged).to.equal(350n);
      });

      it("builds on a collected total above every ceiling it accepted: another store accepted those", async () => {
        await charge(store, request({ valueAggregate: 100n }));
        const lanes = [{ id: DEFAULT_LANE, collected: 101n }];
        await store.applyChain([chainUpdate({ block: block(101n), lanes })], []);
        expect((await store.getLane(LANE))?.charged).to.equal(101n);
      });

      it("keeps its own charged total when somebody collects a metered voucher's ceiling", async () => {
        await charge(store, request({ valueAggregate: 1_000n }), 40n);
        const lanes = [{ id: DEFAULT_LANE, collected: 1_000n }];
        await store.applyChain([chainUpdate({ block: block(101n), balance: 0n, lanes })], []);
        expect((await store.getLane(LANE))?.charged).to.equal(40n);
      });

      it("knows an earlier ceiling when somebody collects it, although the latest one is lower", async () => {
        await charge(store, request({ valueAggregate: 1_000n }), 40n);
        await charge(store, request({ nonce: 1n, valueAggregate: 60n }, { price: 20n }));
        const lanes = [{ id: DEFAULT_LANE, collected: 1_000n }];
        await store.applyChain([chainUpdate({ block: block(101n), balance: 0n, lanes })], []);
        expect((await store.getLane(LANE))?.charged).to.equal(60n);
        expect((await store.getAccount(ACCOUNT))?.owed).to.equal(0n);
      });

      it("charges a request whose ceiling somebody collects while it is served", async () => {
        const reservation = await reserved(store, request({ valueAggregate: 500n }));
        const lanes = [{ id: DEFAULT_LANE, collected: 500n }];
        await store.applyChain([chainUpdate({ block: block(101n), balance: 500n, lanes })], []);
        expect((await store.commit(reservation, 70n, NOW)).charged).to.equal(70n);
      });

      it("fails a commit whose voucher no longer reaches above what the chain has paid", async () => {
        const reservation = await reserved(store, request({ valueAggregate: 100n }));
        const lanes = [{ id: DEFAULT_LANE, collected: 500n }];
        await store.applyChain([chainUpdate({ block: block(101n), lanes })], []);
        expect(await rejection(store.commit(reservation, 100n, NOW))).to.be.instanceOf(ReservationLostError);
        expect((await store.getLane(LANE))?.charged).to.equal(500n);
      });

      it("keeps session signers, and forgets keys that never could sign", async () => {
        const signer = { ...ESCROW, buyer: ACCOUNT.buyer, isRevoked: false, block: block(100n) };
        const [known, unknown] = [ACCOUNT.seller, ACCOUNT.asset];
        await store.applyChain(
          [],
          [
            { ...signer, signer: known, validUntil: NOW + DAY },
            { ...signer, signer: unknown, validUntil: 0n },
          ],
        );
        expect((await store.getSigner(ESCROW, ACCOUNT.buyer, known))?.validUntil).to.equal(NOW + DAY);
        expect(await store.getSigner(ESCROW, ACCOUNT.buyer, unknown)).to.equal(undefined);
        expect(await store.listSigners(ESCROW)).to.have.length(1);
      });

      it("remembers up to where the chain was synced", async () => {
        expect(await store.getSyncedBlock(ESCROW, ACCOUNT.seller)).to.equal(undefined);
        await store.setSyncedBlock(ESCROW, ACCOUNT.seller, block(100n));
        await store.setSyncedBlock(ESCROW, ACCOUNT.seller, block(101n));
        expect(await store.getSyncedBlock(ESCROW, ACCOUNT.seller)).to.deep.equal(block(101n));
      });
    });

    describe("lanes of a 402", () => {
      const lease = (now = NOW) => store.leaseLane({ account: ACCOUNT, now, until: now + 60n, maxLanes: 4 });

      it("offers the default lane first, as new while nothing was ever charged or collected", async () => {
        expect(await lease()).to.deep.equal({
          lane: LANE,
          type: "new",
          base: 0n,
          collected: 0n,
          nextNonce: 0n,
          isShared: false,
        });
      });

      it("offers the default lane as aggregation on the on-chain total when the store has nothing", async () => {
        const lanes = [{ id: DEFAULT_LANE, collected: 250n }];
        await store.applyChain([chainUpdate({ block: block(101n), lanes })], []);
        const offer = await lease();
        expect([offer?.type, offer?.base, offer?.nextNonce]).to.deep.equal(["aggregation", 250n, 0n]);
        expect(offer?.latest).to.equal(undefined);
      });

      it("offers the default lane as aggregation on the charged total, with the latest voucher", async () => {
        const parameters = request({ nonce: 7n });
        await charge(store, parameters, 40n);
        const offer = await lease();
        expect([offer?.type, offer?.base, offer?.nextNonce]).to.deep.equal(["aggregation", 40n, 8n]);
        expect(offer?.latest).to.deep.equal({ voucher: parameters.voucher, signature: parameters.signature });
      });

      it("offers idle lanes before fresh ones, and fresh ones up to the limit, then shares", async () => {
        await charge(store, request({ id: OTHER }));
        const offers = [
          await lease(),
          await lease(),
          await lease(NOW + 1n),
          await lease(NOW + 1n),
          await lease(NOW + 2n),
        ];
        const ids = offers.map((offer) => offer?.lane.id);
        expect(ids.slice(0, 2)).to.deep.equal([DEFAULT_LANE, OTHER]);
        expect(new Set(ids.slice(0, 4)).size).to.equal(4);
        expect(ids[4]).to.equal(DEFAULT_LANE);
        expect(offers.map((offer) => offer?.isShared)).to.deep.equal([false, false, false, false, true]);
      });

      it("knows that nobody used the lanes it draws", async () => {
        await lease();
        const offer = await lease();
        const id = offer?.lane.id ?? DEFAULT_LANE;
        await reserved(store, request({ id }));
      });

      it("offers a lane again once its lease has passed, or at once when its request has ended", async () => {
        await lease();
        expect((await lease(NOW + 61n))?.lane.id).to.equal(DEFAULT_LANE);
        await charge(store, request({}, { now: NOW + 61n, until: NOW + 100n }));
        expect((await lease(NOW + 62n))?.lane.id).to.equal(DEFAULT_LANE);
      });

      it("never offers a lane whose request is being served", async () => {
        await reserved(store, request());
        expect((await lease())?.lane.id).to.not.equal(DEFAULT_LANE);
      });

      it("accepts lanes a client brings within the buyer's limit, and none beyond", async () => {
        const ids = ["a", "b", "c", "d"].map(laneId);
        await store.applyChain([chainUpdate({ lanes: ids.map((id) => ({ id, collected: 0n })) })], []);
        const answers: string[] = [];
        for (const id of ids) {
          const result = await store.reserve(request({ id }));
          if (result.isReserved) await store.commit(result.reservation, 100n, NOW);
          answers.push(result.isReserved ? "reserved" : result.reason);
        }
        expect(answers).to.deep.equal(["reserved", "reserved", "reserved", "laneLimit"]);
      });

      it("keeps few lanes that were only asked for", async () => {
        for (let index = 0; index < 200; index += 1) {
          const lanes = [{ id: laneId(`asked ${index}`), collected: 0n }];
          await store.applyChain([chainUpdate({ lanes })], []);
        }
        expect((await store.listLanesOf(ACCOUNT)).length).to.be.at.most(65);
      });

      it("has no offer for an account that was never read", async () => {
        const account = { ...ACCOUNT, buyer: ACCOUNT.seller };
        const offer = await store.leaseLane({ account, now: NOW, until: NOW + 60n, maxLanes: 4 });
        expect(offer).to.equal(undefined);
      });
    });

    describe("what the collector sees", () => {
      const list = () => store.listLanes({ ...ESCROW, seller: ACCOUNT.seller, onlyUncollected: true });

      it("lists what is charged and not collected, with its times", async () => {
        await charge(store, request({ valueAggregate: 300n }, { price: 300n }), 120n);
        const [lane, ...others] = await list();
        expect(others).to.deep.equal([]);
        expect([lane?.uncollected, lane?.oldestChargeTime, lane?.thawEndTime]).to.deep.equal([120n, NOW, 0n]);
        expect(lane?.signerValidUntil).to.equal(undefined);
      });

      for (const [thawing, end] of [
        [879n, 0n],
        [880n, 0n],
        [881n, NOW + DAY],
      ] as const) {
        it(`tells ${end === 0n ? "nothing" : "the end"} of a thaw of ${thawing} when 120 of 1000 are uncollected`, async () => {
          await charge(store, request({ valueAggregate: 300n }, { price: 300n }), 120n);
          await store.applyChain([chainUpdate({ block: block(101n), thawing, thawEndTime: NOW + DAY })], []);
          expect((await list())[0]?.thawEndTime).to.equal(end);
        });
      }

      it("keeps the time of the oldest uncollected charge", async () => {
        await charge(store, request());
        await charge(store, request({ nonce: 1n, valueAggregate: 200n }, { now: NOW + 50n, until: NOW + 90n }));
        expect((await list())[0]?.oldestChargeTime).to.equal(NOW);
      });

      it("lists nothing once it was collected", async () => {
        await charge(store, request());
        await store.applyChain(
          [chainUpdate({ block: block(101n), balance: 900n, lanes: [{ id: DEFAULT_LANE, collected: 100n }] })],
          [],
        );
        expect(await list()).to.deep.equal([]);
      });

      it("lists nothing of an empty account whose other lanes paid as much in advance", async () => {
        await charge(store, request({ id: OTHER, valueAggregate: 50n }, { price: 50n }));
        await charge(store, request({ valueAggregate: 1_000n }, { price: 1n }));
        const lanes = (collected: bigint) => [
          { id: DEFAULT_LANE, collected },
          { id: OTHER, collected: 0n },
        ];
        await store.applyChain([chainUpdate({ block: block(101n), balance: 0n, lanes: lanes(51n) })], []);
        expect(await list()).to.deep.equal([]);
        await store.applyChain([chainUpdate({ block: block(102n), balance: 0n, lanes: lanes(50n) })], []);
        expect((await list()).map(({ uncollected, balance }) => [uncollected, balance])).to.deep.equal([[50n, 0n]]);
      });

      it("says until when the session signer of a lane counts", async () => {
        const signer = { address: ACCOUNT.asset, kind: "session" } as const;
        const { buyer } = ACCOUNT;
        const validUntil = NOW + 3n * DAY;
        const update = { ...ESCROW, buyer, signer: signer.address, validUntil, isRevoked: false, block: block(100n) };
        await store.applyChain([], [update]);
        await charge(store, request({}, { signer }));
        expect((await list())[0]?.signerValidUntil).to.equal(validUntil);
      });
    });

    it("answers nothing once it is closed", async () => {
      await store.close();
      expect(await rejection(store.reserve(request()))).to.be.instanceOf(StoreClosedError);
      expect(await rejection(store.listLanes({ ...ESCROW, seller: ACCOUNT.seller }))).to.be.instanceOf(
        StoreClosedError,
      );
    });
  });
}
