import { expect } from "chai";
import type { Hex } from "viem";
import { authorize, signRefund, type Terms } from "../../../client/auth-capture/index.ts";
import {
  createPaymentManager,
  createWalletSender,
  LiveSignatureError,
  type PaymentManager,
  type PaymentRecord,
  type PaymentStore,
} from "../../../client/seller/auth-capture/index.ts";
import {
  AMOUNT,
  authorizer,
  CHAIN_ID,
  EIP3009,
  FUNDS,
  HOUR,
  payer,
  receiver,
  TERMS,
  useAuthCapture,
  type OpenPayment,
} from "../../auth-capture/clientSetup.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";

const PART = 1_000_000n;
const FINAL_AFTER = 600n;

/** A seller's manager, whose time the test moves. */
interface Office {
  readonly manager: PaymentManager;
  readonly store: PaymentStore;
  /** What left: types and signatures. */
  readonly sent: { readonly type: string; readonly signature: Hex }[];
  /** Seconds that the manager's clock is ahead of the chain. */
  ahead: bigint;
}

/** What a manager does when the chain undoes what was done. */
export function describeReorganizations(name: string, openStore: () => PaymentStore | Promise<PaymentStore>): void {
  describe(`${name}: what the chain undoes`, function () {
    this.timeout(120_000);

    const chain = useAuthCapture();
    let office: Office;
    let startTime = 0n;
    beforeEach(async () => {
      startTime = await chain.now();
      office = open(await openStore());
    });
    afterEach(() => office.store.close());

    function open(store: PaymentStore): Office {
      const { publicClient: client, wallets } = chain.base;
      const wallet = createWalletSender({ client, wallet: wallets.relayer, pollingInterval: 5, timeout: 2_000 });
      const opened: Office = {
        store,
        sent: [],
        ahead: 0n,
        manager: createPaymentManager({
          store,
          chainId: BigInt(CHAIN_ID),
          client,
          sender: {
            ...wallet,
            send: (record, action, signal) => {
              opened.sent.push({ type: action.type, signature: action.signature });
              return wallet.send(record, action, signal);
            },
          },
          authorizers: [authorizer],
          finalAfter: FINAL_AFTER,
          clock: () => startTime + opened.ahead,
        }),
      };
      return opened;
    }

    /** A payment that is collected and has a request. */
    async function served(terms: Terms = TERMS.hold): Promise<OpenPayment> {
      const payment = await chain.held("v1.1", terms);
      await office.manager.begin({ ...payment.here, terms }, 2n ** 40n);
      await office.manager.confirm(payment.paymentInfoHash);
      return payment;
    }

    /** Does something, and has the chain forget its blocks. */
    async function undone(step: () => Promise<unknown>): Promise<void> {
      const before = await chain.base.networkHelpers.takeSnapshot();
      await step();
      await before.restore();
    }

    const recordOf = ({ paymentInfoHash }: OpenPayment): Promise<PaymentRecord | undefined> =>
      office.store.get(paymentInfoHash);
    const paid = async (): Promise<readonly bigint[]> => [
      (await chain.balanceOf(receiver.address)) - FUNDS,
      FUNDS - (await chain.balanceOf(payer.address)),
    ];
    const sweepAt = async (ahead: bigint): Promise<void> => {
      office.ahead = ahead;
      await office.manager.sweep();
    };
    /** Sweeps until nothing is due. */
    const sweepAll = async (ahead: bigint): Promise<void> => {
      for (let round = 0; round < 4; round += 1) await sweepAt(ahead);
    };

    it("is captured again by the same bytes once the payment is looked at", async () => {
      const payment = await served();
      await undone(async () => {
        await office.manager.finish(payment.paymentInfoHash, { amount: PART, rest: "void" });
        expect(await paid()).to.deep.equal([PART, PART]);
      });
      expect((await recordOf(payment))?.stage).to.equal("closed");
      expect(await paid()).to.deep.equal([0n, AMOUNT]);
      await sweepAt(FINAL_AFTER - 1n);
      expect(office.sent).to.have.lengthOf(1);
      await sweepAll(FINAL_AFTER);
      expect(await paid()).to.deep.equal([PART, PART]);
      expect([office.sent.length, new Set(office.sent.map(({ signature }) => signature)).size]).to.deep.equal([2, 1]);
      const { stage, finalAt, action } = (await recordOf(payment)) ?? expect.fail("it is forgotten");
      expect([stage, (finalAt ?? 0n) - startTime, action?.type]).to.deep.equal([
        "closed",
        2n * FINAL_AFTER,
        "captureAndVoid",
      ]);
    });

    it("is done again in the order in which it was done", async () => {
      const payment = await served();
      const { paymentInfoHash } = payment;
      await undone(async () => {
        await office.manager.finish(paymentInfoHash, { amount: PART, rest: "keep" });
        await office.manager.capture(paymentInfoHash, { amount: PART, rest: "keep" });
        await office.manager.void(paymentInfoHash);
        expect(await paid()).to.deep.equal([2n * PART, 2n * PART]);
      });
      expect(await paid()).to.deep.equal([0n, AMOUNT]);
      await sweepAll(FINAL_AFTER);
      // Had the void gone first, the payer would have everything.
      expect(await paid()).to.deep.equal([2n * PART, 2n * PART]);
      expect(office.sent.slice(3).map(({ type }) => type)).to.deep.equal(["capture", "capture", "void"]);
      expect(office.sent.slice(3)).to.deep.equal(office.sent.slice(0, 3));
    });

    it("has nothing else signed beside it until it is done again", async () => {
      const payment = await served();
      const { paymentInfoHash } = payment;
      await undone(async () => {
        await office.manager.finish(paymentInfoHash, { amount: PART, rest: "keep" });
        await office.manager.capture(paymentInfoHash, { amount: PART, rest: "keep" });
      });
      await rejectedWith(office.manager.void(paymentInfoHash), LiveSignatureError);
      await rejectedWith(office.manager.capture(paymentInfoHash, { amount: AMOUNT, rest: "keep" }), LiveSignatureError);
    });

    it("is captured again while the rest is held", async () => {
      const payment = await served();
      await undone(() => office.manager.finish(payment.paymentInfoHash, { amount: PART, rest: "keep" }));
      expect((await recordOf(payment))?.stage).to.equal("held");
      await sweepAll(FINAL_AFTER);
      expect(await paid()).to.deep.equal([PART, AMOUNT]);
      expect((await recordOf(payment))?.stage).to.equal("held");
    });

    it("is voided again for a request that failed", async () => {
      const payment = await served();
      await undone(() => office.manager.abandon(payment.paymentInfoHash));
      expect(await paid()).to.deep.equal([0n, AMOUNT]);
      await sweepAll(FINAL_AFTER);
      expect(await paid()).to.deep.equal([0n, 0n]);
    });

    it("is pushed again when it was due", async () => {
      const payment = await served(TERMS.arbitrated);
      await office.manager.finish(payment.paymentInfoHash, { amount: 0n, rest: "keep" });
      const { releaseLead } = TERMS.arbitrated;
      const due = payment.paymentInfo.authorizationExpiry - releaseLead;
      await chain.passUntil(due);
      const ahead = due - startTime;
      await undone(async () => {
        await sweepAt(ahead);
        expect(await paid()).to.deep.equal([AMOUNT, AMOUNT]);
      });
      expect((await recordOf(payment))?.stage).to.equal("closed");
      await chain.passUntil(due + 1n);
      await sweepAll(ahead + FINAL_AFTER);
      expect(await paid()).to.deep.equal([AMOUNT, AMOUNT]);
    });

    it("is refunded again", async () => {
      const payment = await served();
      const { paymentInfoHash } = payment;
      await office.manager.finish(paymentInfoHash, { amount: PART, rest: "void" });
      const tokenCollector = chain.refundCollector("v1.1");
      const { collectorData } = await signRefund(chain.base.publicClient, {
        ...payment.here,
        funder: receiver.address,
        amount: PART,
        refundCollector: tokenCollector,
        funding: EIP3009,
        signer: receiver,
        factory: chain.factory,
        terms: payment.terms,
        deadline: startTime + HOUR,
      });
      await undone(() => office.manager.refund(paymentInfoHash, { amount: PART, tokenCollector, collectorData }));
      expect(await paid()).to.deep.equal([PART, PART]);
      await sweepAll(FINAL_AFTER);
      expect(await paid()).to.deep.equal([0n, 0n]);
    });

    it("is looked for before the hold ends, while it can be done again", async () => {
      const payment = await chain.held("v1.1", TERMS.hold, { authorizationExpiry: startTime + HOUR + 60n });
      await office.manager.begin({ ...payment.here, terms: TERMS.hold }, 2n ** 40n);
      const ahead = HOUR - 340n;
      office.ahead = ahead;
      await chain.passUntil(startTime + ahead);
      await office.manager.confirm(payment.paymentInfoHash);
      await undone(() => office.manager.finish(payment.paymentInfoHash, { amount: PART, rest: "void" }));
      // 400 seconds are left, less than it takes to be final.
      await sweepAll(ahead + 200n);
      expect(await paid()).to.deep.equal([PART, PART]);
    });

    it("is not made up for when the collection itself is gone, and the payment is forgotten in the end", async () => {
      const payment = await chain.payment("v1.1", TERMS.hold);
      await undone(async () => {
        const call = await chain.sign(payment);
        await chain.done(authorize(chain.base.wallets.relayer, { ...payment.at, ...call }));
        await office.manager.begin({ ...payment.here, terms: TERMS.hold }, 2n ** 40n);
        await office.manager.confirm(payment.paymentInfoHash);
        await office.manager.finish(payment.paymentInfoHash, { amount: PART, rest: "void" });
      });
      await sweepAll(FINAL_AFTER);
      // Anybody could still bring it again.
      expect((await recordOf(payment))?.stage).to.equal("closed");
      const end = payment.paymentInfo.preApprovalExpiry + 60n;
      await chain.passUntil(end);
      await sweepAt(end - startTime);
      expect(await recordOf(payment)).to.equal(undefined);
    });

    it("is not looked for any more once it is final, and what can come back is kept", async () => {
      const [voided, captured] = [await served(), await chain.held("v1.1", TERMS.hold, { salt: 2n })];
      await office.manager.begin({ ...captured.here, terms: TERMS.hold }, 2n ** 40n);
      await office.manager.confirm(captured.paymentInfoHash);
      await office.manager.abandon(voided.paymentInfoHash);
      await office.manager.finish(captured.paymentInfoHash, { amount: PART, rest: "void" });
      const end = voided.paymentInfo.preApprovalExpiry + 60n - startTime;
      await sweepAt(end - 20n);
      expect((await recordOf(voided))?.stage).to.equal("closed");
      await chain.passUntil(startTime + end);
      await sweepAt(end);
      // Nothing can come of the one; the other can be refunded.
      expect([await recordOf(voided), (await recordOf(captured))?.stage]).to.deep.equal([undefined, "closed"]);
      const { refundExpiry } = captured.paymentInfo;
      expect((await recordOf(captured))?.dueAt).to.equal(refundExpiry);
      await chain.passUntil(refundExpiry);
      await sweepAt(refundExpiry - startTime);
      expect(await office.store.list("closed")).to.deep.equal([]);
    });
  });
}
