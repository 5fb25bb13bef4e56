import { expect } from "chai";
import type { Hex } from "viem";
import { capture, charge, signRefund, type Terms } from "../../../client/auth-capture/index.ts";
import {
  ChainUnavailableError,
  createMemoryPaymentStore,
  createPaymentManager,
  createWalletSender,
  LiveSignatureError,
  PaymentChangedError,
  UnknownPaymentError,
  type ActionSender,
  type PaymentManager,
  type PaymentRecord,
  type PaymentStore,
} from "../../../client/seller/auth-capture/index.ts";
import {
  AMOUNT,
  authorizer,
  CHAIN_ID,
  DAY,
  FUNDS,
  payer,
  receiver,
  TERMS,
  useAuthCapture,
} from "../../auth-capture/clientSetup.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";

/** A manager, and what its sender was asked for. */
interface Office {
  readonly manager: PaymentManager;
  readonly store: PaymentStore;
  readonly unserved: PaymentRecord[];
  /** What the store held when a signature left. */
  readonly released: (PaymentRecord | undefined)[];
  /** What the store held when a signature was only tried. */
  readonly tried: (PaymentRecord | undefined)[];
  /** Signatures that left. */
  readonly sent: Hex[];
  isDown: boolean;
  /** Seconds that passed for the manager. */
  ahead: bigint;
}

describe("manager of auth-capture payments", function () {
  this.timeout(120_000);

  const chain = useAuthCapture();

  function open(): Office {
    const { publicClient: client, wallets } = chain.base;
    const store = createMemoryPaymentStore();
    const wallet = createWalletSender({ client, wallet: wallets.relayer, pollingInterval: 5, timeout: 2_000 });
    const sender: ActionSender = {
      ...wallet,
      check: async (record, action) => {
        office.tried.push(await store.get(record.paymentInfoHash));
        await wallet.check(record, action);
      },
      send: async (record, action, signal) => {
        office.released.push(await store.get(record.paymentInfoHash));
        office.sent.push(action.signature);
        if (office.isDown) throw new ChainUnavailableError("nobody answers", undefined);
        return wallet.send(record, action, signal);
      },
    };
    const office: Office = {
      store,
      unserved: [],
      released: [],
      tried: [],
      sent: [],
      isDown: false,
      ahead: 0n,
      manager: createPaymentManager({
        store,
        chainId: BigInt(CHAIN_ID),
        client,
        sender,
        authorizers: [authorizer],
        onUnserved: (record) => office.unserved.push(record),
        clock: () => BigInt(Math.floor(Date.now() / 1000)) + office.ahead,
      }),
    };
    return office;
  }

  /** A payment that is collected and served. */
  async function held(office: Office, terms: Terms = TERMS.hold) {
    const payment = await chain.held("v1.1", terms);
    expect(await office.manager.begin({ ...payment.here, terms }, 2n ** 40n)).to.equal(true);
    await office.manager.confirm(payment.paymentInfoHash);
    return payment;
  }

  it("stores a signature before it leaves", async () => {
    const office = open();
    const { paymentInfoHash } = await held(office);
    const { record } = await office.manager.finish(paymentInfoHash, { amount: 1_000_000n, rest: "void" });
    expect(office.tried.map((known) => known?.action?.isReleased)).to.deep.equal([false]);
    const [known] = office.released;
    expect([known?.stage, known?.isServed, known?.action?.isReleased]).to.deep.equal(["closing", true, true]);
    expect(office.sent).to.deep.equal([known?.action?.signature]);
    expect([record.stage, record.action?.type]).to.deep.equal(["closed", "captureAndVoid"]);
    expect(await chain.balanceOf(payer.address)).to.equal(FUNDS - 1_000_000n);
  });

  it("signs nothing else while a signature can be carried out, and nothing at all after a void", async () => {
    const office = open();
    office.isDown = true;
    const captured = await held(office);
    await office.manager.finish(captured.paymentInfoHash, { amount: 1_000_000n, rest: "keep" });
    for (const amount of [1n, AMOUNT]) {
      const next = office.manager.capture(captured.paymentInfoHash, { amount, rest: "keep" });
      await rejectedWith(next, LiveSignatureError);
    }
    await rejectedWith(office.manager.void(captured.paymentInfoHash), LiveSignatureError);
    // Only the same, by the same bytes.
    await office.manager.capture(captured.paymentInfoHash, { amount: 1_000_000n, rest: "keep" });
    expect(new Set(office.sent).size).to.equal(1);
    office.isDown = false;
    await office.manager.capture(captured.paymentInfoHash, { amount: 1_000_000n, rest: "keep" });
    // The balances it was bound to are gone: it is dead.
    const { failure } = await office.manager.void(captured.paymentInfoHash);
    expect(failure).to.equal(undefined);
  });

  it("never takes a void back, not even one that nobody has seen", async () => {
    const office = open();
    const { paymentInfoHash } = await held(office);
    const { manager, store } = office;
    office.isDown = true;
    await manager.abandon(paymentInfoHash);
    const record = await store.get(paymentInfoHash);
    if (record?.action === undefined) return expect.fail("nothing is signed");
    const unseen = { ...record, version: record.version + 1, action: { ...record.action, isReleased: false } };
    expect(await store.replace(unseen)).to.equal(true);
    await rejectedWith(manager.capture(paymentInfoHash, { amount: AMOUNT, rest: "keep" }), LiveSignatureError);
    return undefined;
  });

  it("notices that somebody else has carried its signature out", async () => {
    const office = open();
    const payment = await held(office);
    office.isDown = true;
    await office.manager.finish(payment.paymentInfoHash, { amount: AMOUNT, rest: "keep" });
    const signature = office.sent[0] ?? "0x";
    await chain.done(capture(chain.base.wallets.stranger, { ...payment.at, amount: AMOUNT, signature }));
    office.ahead = 31n;
    await office.manager.sweep();
    expect((await office.store.get(payment.paymentInfoHash))?.stage).to.equal("closed");
    expect(office.sent).to.have.lengthOf(1);
  });

  it("waits longer from failure to failure, and never past the end of the hold", async () => {
    const office = open();
    const { paymentInfoHash, paymentInfo } = await held(office);
    office.isDown = true;
    await office.manager.finish(paymentInfoHash, { amount: AMOUNT, rest: "keep" });
    const pauses: bigint[] = [];
    for (let round = 0; round < 10; round += 1) {
      const before = BigInt(Math.floor(Date.now() / 1000)) + office.ahead;
      const dueAt = (await office.store.get(paymentInfoHash))?.dueAt ?? 0n;
      pauses.push(dueAt - before);
      office.ahead += dueAt - before + 1n;
      await rejectedWith(office.manager.sweep(), AggregateError);
    }
    expect(pauses.slice(0, 3).map((pause) => pause / 29n)).to.deep.equal([1n, 2n, 4n]);
    expect(pauses.every((pause) => pause <= 3_840n && pause < paymentInfo.authorizationExpiry)).to.equal(true);
  });

  it("refunds later, and takes another funding for a refund whose funding ran out", async () => {
    const office = open();
    const payment = await held(office);
    await office.manager.finish(payment.paymentInfoHash, { amount: AMOUNT, rest: "void" });
    const amount = 2_000_000n;
    const tokenCollector = chain.refundCollector("v1.1");
    const fund = async (deadline: bigint) => {
      const { collectorData } = await signRefund(chain.base.publicClient, {
        ...payment.here,
        funder: receiver.address,
        amount,
        refundCollector: tokenCollector,
        funding: { method: "Permit2" },
        signer: receiver,
        factory: chain.factory,
        terms: payment.terms,
        deadline,
      });
      return { amount, tokenCollector, collectorData };
    };
    const short = await fund((await chain.now()) + 5n);
    await chain.passUntil((await chain.now()) + 10n);
    const { failure } = await office.manager.refund(payment.paymentInfoHash, short);
    expect(failure).to.be.instanceOf(Error);
    expect(office.sent).to.have.lengthOf(1);
    const before = await chain.balanceOf(payer.address);
    const { record } = await office.manager.refund(payment.paymentInfoHash, await fund((await chain.now()) + 600n));
    expect([record.stage, record.action?.type]).to.deep.equal(["closed", "refund"]);
    expect((await chain.balanceOf(payer.address)) - before).to.equal(amount);
  });

  it("gives a kept hold back once it has expired", async () => {
    const office = open();
    const { paymentInfoHash, paymentInfo } = await held(office);
    const { record } = await office.manager.finish(paymentInfoHash, { amount: 0n, rest: "keep" });
    expect([record.stage, record.isServed]).to.deep.equal(["held", true]);
    await chain.passUntil(paymentInfo.authorizationExpiry);
    office.ahead = 6n * DAY;
    await office.manager.sweep();
    expect(await chain.balanceOf(payer.address)).to.equal(FUNDS);
    expect((await office.store.get(paymentInfoHash))?.stage).to.equal("closed");
  });

  it("tells of a charge that nobody served", async () => {
    const office = open();
    const payment = await chain.payment("v1.1", TERMS.charge);
    await office.manager.begin({ ...payment.here, terms: TERMS.charge }, 2n ** 40n);
    await office.manager.giveBack(payment.paymentInfoHash);
    const call = { ...payment.at, terms: TERMS.charge, ...(await chain.sign(payment)) };
    await chain.done(charge(chain.base.wallets.stranger, call));
    office.ahead = 4_000n;
    await office.manager.sweep();
    expect(office.unserved.map(({ paymentInfoHash }) => paymentInfoHash)).to.deep.equal([payment.paymentInfoHash]);
    expect((await office.store.get(payment.paymentInfoHash))?.stage).to.equal("closed");
  });

  it("brings the others on when one payment fails", async () => {
    const office = open();
    const first = await held(office);
    office.isDown = true;
    await office.manager.abandon(first.paymentInfoHash);
    office.isDown = false;
    const broken = await office.store.get(first.paymentInfoHash);
    if (broken?.action === undefined) return expect.fail("nothing is signed");
    const spoilt = { ...broken.action, signature: `0x${"11".repeat(65)}` as const };
    await office.store.replace({ ...broken, action: spoilt, dueAt: 0n, version: broken.version + 1 });
    const second = await chain.held("v1.1", TERMS.hold, { salt: 2n });
    await office.manager.begin({ ...second.here, terms: TERMS.hold }, 1n);
    await rejectedWith(office.manager.sweep(), AggregateError);
    expect((await office.store.get(second.paymentInfoHash))?.stage).to.equal("closed");
    return undefined;
  });

  it("lets a payment go to one request, and to no other once it is given up", async () => {
    const office = open();
    const payment = await chain.held("v1.1", TERMS.hold);
    const fresh = { ...payment.here, terms: TERMS.hold };
    const begun = await Promise.all([1, 2, 3].map(() => office.manager.begin(fresh, 1n)));
    expect(begun).to.deep.equal([true, false, false]);
    await office.manager.sweep();
    expect(await office.manager.begin(fresh, 1n)).to.equal(false);
    await rejectedWith(office.manager.confirm(payment.paymentInfoHash), PaymentChangedError);
    await rejectedWith(
      office.manager.finish(payment.paymentInfoHash, { amount: 1n, rest: "void" }),
      PaymentChangedError,
    );
  });

  it("decides nothing about a payment that is being served, or that it does not know", async () => {
    const office = open();
    const payment = await held(office);
    await rejectedWith(office.manager.void(payment.paymentInfoHash), PaymentChangedError);
    await rejectedWith(office.manager.status(`0x${"77".repeat(32)}`), UnknownPaymentError);
  });

  it("confirms no payment that is not on the chain as it must be", async () => {
    const office = open();
    const payment = await chain.payment("v1.1", TERMS.hold);
    await office.manager.begin({ ...payment.here, terms: TERMS.hold }, 2n ** 40n);
    await rejectedWith(office.manager.confirm(payment.paymentInfoHash), PaymentChangedError);
  });
});
