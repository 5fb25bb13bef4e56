import { expect } from "chai";
import fc from "fast-check";
import { keccak256, stringToBytes } from "viem";
import {
  GENERATIONS,
  LIFECYCLE_RULES,
  capture,
  dispute,
  getOpenedPayments,
  getOperatorStatus,
  getPaymentEvents,
  getStatus,
  isPossible,
  paymentWindows,
  possibleActions,
  relayMany,
  rule,
  signCapture,
  signCaptureAndVoid,
  signRefundApproval,
  signSettle,
  simulateAction,
  verifyLifecycleMessage,
  verifyLifecycleMessageOnChain,
  verifyPayment,
  verifyPaymentOnChain,
  operatorDomain,
  signVoid,
  voidExpired,
  voidPayment,
  watchPayment,
  type LifecycleAction,
  type PaymentEvent,
  type RelayedCall,
} from "x402-escrow/auth-capture";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import {
  AMOUNT,
  DAY,
  EIP3009,
  HOUR,
  TERMS,
  arbiter,
  authorizer,
  payer,
  receiver,
  stranger,
  useAuthCapture,
  type OpenPayment,
} from "./clientSetup.ts";

const reasonHash = keccak256(stringToBytes("nothing was delivered"));
const WHOLE = { capturable: AMOUNT, refundable: 0n };

describe("auth-capture client: the table of actions", () => {
  const chain = useAuthCapture();

  /** Whether the chain itself takes an action now, by the party that may do it. */
  async function isTaken(action: LifecycleAction, payment: OpenPayment): Promise<boolean> {
    const { here, at, terms } = payment;
    const { capturable, refundable, disputedAt, timestamp } = await chain.status(payment);
    const disputed = disputedAt > 0n;
    const balances = { capturable, refundable };
    const deadline = timestamp + DAY;
    const amount = capturable === 0n ? 1n : capturable;
    const calls: Partial<Record<LifecycleAction, () => Promise<{ call: RelayedCall; account: `0x${string}` }>>> = {
      authorize: async () => ({
        call: { action: "authorize", ...at, ...(await chain.sign(payment)) },
        account: stranger.address,
      }),
      capture: async () => {
        const signature = await signCapture(authorizer, { ...here, terms, amount, ...balances });
        return { call: { action: "capture", ...at, amount, signature }, account: stranger.address };
      },
      captureAndVoid: async () => {
        const signature = await signCaptureAndVoid(authorizer, { ...here, terms, amount, ...balances });
        return { call: { action: "captureAndVoid", ...at, amount, signature }, account: stranger.address };
      },
      void: async () => ({ call: { action: "void", ...at }, account: authorizer.address }),
      release: async () => ({ call: { action: "release", ...at }, account: payer.address }),
      dispute: async () => ({ call: { action: "dispute", ...at, reasonHash }, account: payer.address }),
      rule: async () => ({ call: { action: "rule", ...at, receiverAmount: 0n }, account: arbiter.address }),
      settle: async () => {
        const split = { ...here, receiverAmount: 0n, ...balances, disputed, deadline };
        const payerSignature = await signSettle(payer, split);
        const call = { action: "settle", ...at, receiverAmount: 0n, deadline, payerSignature } as const;
        return { call, account: authorizer.address };
      },
      releaseDue: async () => ({ call: { action: "releaseDue", ...at }, account: stranger.address }),
      voidExpired: async () => ({ call: { action: "voidExpired", ...at }, account: stranger.address }),
    };
    const prepare = calls[action];
    if (prepare === undefined) throw new Error(`${action} is not tried`);
    const { call, account } = await prepare();
    return simulateAction(chain.base.publicClient, { ...call, account }).then(
      () => true,
      () => false,
    );
  }

  const ACTIONS = [
    "authorize",
    "capture",
    "captureAndVoid",
    "void",
    "release",
    "dispute",
    "rule",
    "settle",
    "releaseDue",
    "voidExpired",
  ] as const;

  /** Compares table and chain for every action at one moment. A simulation runs in the next block, so both look at its second. */
  async function expectAgreement(payment: OpenPayment, label: string): Promise<void> {
    for (const action of ACTIONS) {
      const { paymentInfo, terms } = payment;
      const state = await chain.status(payment);
      const expected = isPossible(action, { paymentInfo, terms, state, now: state.timestamp });
      expect(await isTaken(action, payment), `${label}: ${action}`).to.equal(expected);
    }
  }

  /** Looks one second before, at and after W, Q and E. */
  async function crossEveryBoundary(payment: OpenPayment): Promise<void> {
    const { releasableFrom, rulingDeadline, authorizationExpiry } = paymentWindows(payment.paymentInfo, payment.terms);
    const moments = [releasableFrom, rulingDeadline, authorizationExpiry];
    const seconds = moments.flatMap((moment) => [moment - 1n, moment, moment + 1n]);
    for (const second of new Set(seconds)) {
      await chain.passUntil(second);
      await expectAgreement(payment, String(second));
    }
  }

  for (const kind of ["hold", "arbitrated", "toReceiver"] as const) {
    for (const isDisputed of kind === "hold" ? [false] : [false, true]) {
      it(`says what the chain takes: ${kind}${isDisputed ? ", disputed" : ""}`, async function () {
        this.timeout(60_000);
        const payment = await chain.payment("v1.1", TERMS[kind]);
        await expectAgreement(payment, "uncollected");
        await chain.done(relayMany(chain.base.wallets.relayer, { calls: [await authorizeCall(payment)] }));
        if (isDisputed) await chain.done(dispute(chain.base.wallets.buyer, { ...payment.at, reasonHash }));
        await expectAgreement(payment, "held");
        await crossEveryBoundary(payment);
      });
    }
  }

  it("says when a payment can be collected, to the second", async () => {
    const start = await chain.now();
    const changes = { authorizationExpiry: start + 11n * DAY, preApprovalExpiry: start + 9n * DAY };
    const payment = await chain.payment("v1.0", TERMS.arbitrated, changes);
    const { collectableFrom, collectableUntil } = paymentWindows(payment.paymentInfo, payment.terms);
    expect(collectableFrom).to.equal(start + DAY);
    expect(collectableUntil).to.equal(start + 8n * DAY + 1n);
    const plain = await chain.payment("v1.0", TERMS.hold, { preApprovalExpiry: start + 2n * DAY });
    const moments = [
      [payment, collectableFrom - 1n, false],
      [payment, collectableFrom, true],
      [plain, start + 2n * DAY - 1n, true],
      [plain, start + 2n * DAY, false],
      [payment, collectableUntil - 1n, true],
      [payment, collectableUntil, false],
    ] as const;
    for (const [each, second, isExpected] of moments) {
      await chain.passUntil(second);
      const state = await chain.status(each);
      expect(isPossible("authorize", { ...each, state, now: state.timestamp })).to.equal(isExpected);
      expect(await isTaken("authorize", each), String(second)).to.equal(isExpected);
    }
  });

  it("says what the chain takes once part of it is captured", async function () {
    this.timeout(60_000);
    const payment = await chain.held("v1.1", TERMS.arbitrated);
    const { releasableFrom } = paymentWindows(payment.paymentInfo, payment.terms);
    await chain.passUntil(releasableFrom);
    const signature = await signCapture(authorizer, { ...payment.here, terms: payment.terms, amount: 1n, ...WHOLE });
    await chain.done(capture(chain.base.wallets.relayer, { ...payment.at, amount: 1n, signature }));
    await expectAgreement(payment, "partly captured");
    expect(isPossible("releaseDue", { ...payment, state: await chain.status(payment), now: releasableFrom })).to.equal(
      false,
    );
  });

  async function authorizeCall(payment: OpenPayment): Promise<RelayedCall> {
    return { action: "authorize", ...payment.at, ...(await chain.sign(payment)) };
  }

  for (const generation of GENERATIONS) {
    it(`reads a payment's life on ${generation}`, async () => {
      const { publicClient, wallets } = chain.base;
      const payment = await chain.payment(generation, TERMS.arbitrated);
      const { paymentInfo, paymentInfoHash, terms, escrow } = payment;
      const before = await chain.status(payment);
      expect(before).to.include({ collected: false, kind: "arbitrated", isOperatorReady: true, paymentInfoHash });
      expect(before.actions.map(({ action }) => action)).to.deep.equal(["authorize"]);
      await chain.done(relayMany(wallets.relayer, { calls: [await authorizeCall(payment)] }));
      await chain.done(dispute(wallets.buyer, { ...payment.at, reasonHash }));
      const status = await chain.status(payment);
      const onChain = await getOperatorStatus(publicClient, payment.at);
      const { releasableFrom, rulingDeadline } = status.windows;
      const { collected, capturable, refundable, disputedAt } = status;
      expect(onChain).to.deep.equal({ collected, capturable, refundable, disputedAt, releasableFrom, rulingDeadline });
      expect(disputedAt).to.equal(status.timestamp);
      const open = status.actions.filter(({ isOpen }) => isOpen).map(({ action, accounts }) => [action, ...accounts]);
      expect(open).to.deep.equal([
        ["void", authorizer.address],
        ["release", payer.address],
        ["rule", arbiter.address],
        ["settle", payer.address, authorizer.address],
      ]);
      const later = status.actions.filter(({ isOpen }) => !isOpen).map(({ action, from }) => [action, from]);
      const expiry = paymentInfo.authorizationExpiry;
      expect(later).to.deep.equal([
        ["settle", expiry],
        ["voidExpired", expiry],
        ["reclaim", expiry],
      ]);
      await chain.done(rule(wallets.otherSeller, { ...payment.at, receiverAmount: 1_000_000n }));
      const source = { escrow, operator: paymentInfo.operator };
      const events = await getPaymentEvents(publicClient, { ...source, paymentInfoHash, fromBlock: 0n });
      const types = events.map(({ type }) => type);
      expect(types).to.include.members(["Opened", "Authorized", "Disputed", "Captured", "Voided", "Ruled"]);
      expect(types).to.have.lengthOf(6);
      const all = await getPaymentEvents(publicClient, { escrow, fromBlock: 0n });
      expect(all.map(({ type }) => type)).to.deep.equal(["Authorized", "Captured", "Voided"]);
      const search = { operator: paymentInfo.operator, fromBlock: 0n };
      const [opened] = await getOpenedPayments(publicClient, { ...search, receiver: receiver.address });
      expect(opened).to.include({ paymentInfoHash, payer: payer.address, receiver: receiver.address });
      expect(await getOpenedPayments(publicClient, { ...search, payer: stranger.address })).to.deep.equal([]);
      expect(
        (await getStatus(publicClient, { ...payment.here, terms })).actions.map(({ action }) => action),
      ).to.deep.equal(["refund"]);
    });

    it(`watches a payment on ${generation}, each event once`, async () => {
      const { publicClient, wallets } = chain.base;
      const payment = await chain.payment(generation, TERMS.hold);
      const { escrow, paymentInfo, paymentInfoHash } = payment;
      const seen: PaymentEvent[] = [];
      const ended = new Promise<void>((resolve, reject) => {
        const onEvent = (event: PaymentEvent): void => {
          seen.push(event);
          if (event.type === "Voided") resolve();
        };
        const source = { escrow, operator: paymentInfo.operator, paymentInfoHash, pollingInterval: 5, fromBlock: 0n };
        unwatch = watchPayment(publicClient, { ...source, onEvent, onError: reject });
      });
      await chain.done(relayMany(wallets.relayer, { calls: [await authorizeCall(payment)] }));
      await chain.done(voidPayment(wallets.signer, payment.at));
      await ended;
      unwatch();
      expect(seen.map(({ type }) => type)).to.deep.equal(["Opened", "Authorized", "Voided"]);
    });
  }
  let unwatch: () => void = () => undefined;

  it("tells of a failed request while watching, and ends", async () => {
    const payment = await chain.payment("v1.1", TERMS.hold);
    const { escrow, paymentInfoHash } = payment;
    const client = {
      ...chain.base.publicClient,
      request: () => Promise.reject(new Error("the node is away")),
    } as typeof chain.base.publicClient;
    const error = await new Promise((resolve) => {
      const source = { escrow, paymentInfoHash, pollingInterval: 5 };
      unwatch = watchPayment(client, { ...source, onEvent: () => undefined, onError: resolve });
    });
    unwatch();
    expect(String(error)).to.contain("the node is away");
  });

  it("reads a payment whose operator is not deployed, and one whose operator is an account", async () => {
    const { publicClient } = chain.base;
    const payment = await chain.payment("v1.1", TERMS.hold);
    const paymentInfo = { ...payment.paymentInfo, operator: "0x00000000000000000000000000000000000000AA" } as const;
    const status = await getStatus(publicClient, { ...payment.here, paymentInfo, terms: payment.terms });
    expect(status).to.include({ isOperatorReady: false, collected: false, disputedAt: 0n });
    const delegated = await chain.delegated("v1.0");
    const asAccount = await getStatus(publicClient, delegated.here);
    expect(asAccount).to.include({ isOperatorReady: true, kind: "delegated" });
    expect(asAccount.actions.map(({ action, by }) => [action, by])).to.deep.equal([
      ["authorize", "operator"],
      ["charge", "operator"],
    ]);
  });

  it("gives every state with a hold a way to its end that needs nobody's consent", () => {
    const anyState = fc.record({
      capturable: fc.bigInt({ min: 1n, max: AMOUNT }),
      refundable: fc.bigInt({ min: 0n, max: AMOUNT }),
      disputedAt: fc.constantFrom(0n, 5n),
      now: fc.bigInt({ min: 0n, max: 30n * DAY }),
      kind: fc.constantFrom("hold", "arbitrated", "toReceiver"),
    });
    const property = fc.property(anyState, ({ now, kind, ...state }) => {
      const terms = TERMS[kind as keyof typeof TERMS];
      const paymentInfo = {
        operator: stranger.address,
        payer: payer.address,
        receiver: receiver.address,
        token: stranger.address,
        maxAmount: AMOUNT,
        preApprovalExpiry: HOUR,
        authorizationExpiry: 5n * DAY,
        refundExpiry: 20n * DAY,
        minFeeBps: 0n,
        maxFeeBps: 0n,
        feeReceiver: terms.feeReceiver,
        salt: 0n,
      };
      const actions = possibleActions({ paymentInfo, terms, state: { collected: true, ...state }, now });
      const end = actions.find(({ action }) => action === "voidExpired");
      expect(end).to.include({ by: "anyone", from: 5n * DAY, until: undefined, onlyToPayer: true });
      for (const { isOpen, from, until } of actions) {
        expect(isOpen).to.equal(from <= now && (until === undefined || now < until));
      }
    });
    fc.assert(property);
    expect(LIFECYCLE_RULES.filter(({ by }) => by === "anyone").map(({ action }) => action)).to.include("releaseDue");
  });

  it("verifies what was signed, offline and for wallets that are contracts", async () => {
    const { publicClient, viem } = chain.base;
    const payment = await chain.payment("v1.0", TERMS.feeHold);
    const { here, terms, paymentInfoHash } = payment;
    const { collectorData: signature } = await chain.sign(payment);
    const signed = { ...here, payment: EIP3009, signature };
    expect(await verifyPayment(signed)).to.equal(true);
    expect(await verifyPayment({ ...signed, paymentInfo: { ...payment.paymentInfo, salt: 9n } })).to.equal(false);
    expect(await verifyPaymentOnChain(publicClient, signed)).to.include({ isValid: true, signedBy: "key" });
    const wallet = await viem.deployContract("OwnedWallet", [authorizer.address]);
    const domain = operatorDomain({ chainId: 8453, operator: payment.paymentInfo.operator });
    const voiding = { primaryType: "Void", message: { paymentInfoHash }, domain } as const;
    const check = { ...voiding, owner: wallet.address, signature: await signVoid(authorizer, here) };
    expect(await verifyLifecycleMessage(check)).to.equal(false);
    expect(await verifyLifecycleMessage({ ...check, owner: authorizer.address })).to.equal(true);
    const verdict = await verifyLifecycleMessageOnChain(publicClient, check);
    expect(verdict).to.include({ isValid: true, signedBy: "contract" });
    const approval = { ...here, amount: 1n, tokenCollector: stranger.address, ...WHOLE };
    const other = await signRefundApproval(authorizer, approval);
    expect(await verifyLifecycleMessageOnChain(publicClient, { ...check, signature: other })).to.deep.equal({
      isValid: false,
    });
    const captureSignature = await signCapture(authorizer, { ...here, terms, amount: 100n, ...WHOLE });
    const message = {
      paymentInfoHash,
      amount: 100n,
      feeBps: 100n,
      feeReceiver: terms.feeReceiver,
      expectedCapturableAmount: AMOUNT,
      expectedRefundableAmount: 0n,
    };
    const inV10 = { primaryType: "Capture", message, generation: "v1.0", domain } as const;
    const whole = { ...inV10, owner: authorizer.address, signature: captureSignature };
    expect(await verifyLifecycleMessage(whole)).to.equal(true);
  });

  it("lets errors through that are no reverts", async () => {
    const { relayer } = chain.base.wallets;
    const payment = await chain.held("v1.1", TERMS.hold);
    const broke = { ...relayer, request: () => Promise.reject(new Error("the node is away")) } as typeof relayer;
    const error = await rejectedWith(voidExpired(broke, payment.at), Error);
    expect(String(error)).to.contain("the node is away");
  });
});
