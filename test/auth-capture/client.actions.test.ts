import { expect } from "chai";
import { artifacts } from "hardhat";
import {
  concat,
  encodeDeployData,
  getContractAddress,
  keccak256,
  serializeErc6492Signature,
  stringToBytes,
  zeroAddress,
  zeroHash,
  type Address,
  type Hex,
} from "viem";
import {
  AfterAuthorizationExpiryError,
  AlreadyDisputedError,
  AmountExceedsHoldError,
  BeforeAuthorizationExpiryError,
  CaptureTooEarlyError,
  CollectorNotAllowedError,
  DisputeWindowClosedError,
  ESCROW_DEPLOYMENTS,
  FeeTermsMismatchError,
  ForeignRevertError,
  GENERATIONS,
  HoldTooLongError,
  HoldTooShortError,
  InvalidPartyError,
  InvalidSenderError,
  InvalidSignatureError,
  NoArbiterError,
  NotDisputedError,
  NotExpiredError,
  NotReleasableError,
  NothingHeldError,
  OperatorNotDeployedError,
  PaymentAlreadyCollectedError,
  PaymentAlreadyPreApprovedError,
  PaymentNotPreApprovedError,
  RuleWindowClosedError,
  SignatureExpiredError,
  UnderDisputeError,
  WrongFlowError,
  ZeroAuthorizationError,
  authorize,
  authorizeAsOperator,
  byPreApproval,
  cancelAuthorization,
  capture,
  captureAndVoid,
  captureAsOperator,
  charge,
  chargeAsOperator,
  dispute,
  encodeCall,
  feeOf,
  getPaymentState,
  isPreApproved,
  parsePaymentEvents,
  preApprove,
  predictTokenStore,
  reclaim,
  refundAsOperator,
  relayMany,
  release,
  releaseDue,
  rule,
  settle,
  signCancelAuthorization,
  signCapture,
  signCaptureAndVoid,
  signDispute,
  signRelease,
  signRule,
  signSettle,
  signVoid,
  simulateAction,
  verifyPaymentOnChain,
  voidAsOperator,
  voidExpired,
  voidPayment,
  type Terms,
} from "x402-escrow/auth-capture";
import { ARACHNID_PROXY } from "../base/addresses.ts";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import {
  AMOUNT,
  DAY,
  EIP3009,
  FUNDS,
  HOUR,
  TERMS,
  arbiter,
  authorizer,
  delegate,
  feeReceiver,
  payer,
  receiver,
  stranger,
  useAuthCapture,
  type OpenPayment,
} from "./clientSetup.ts";

const WHOLE = { capturable: AMOUNT, refundable: 0n };
const reasonHash = keccak256(stringToBytes("nothing was delivered"));

for (const generation of GENERATIONS) {
  describe(`auth-capture client: actions on ${generation}`, () => {
    const chain = useAuthCapture();
    const relayer = () => chain.base.wallets.relayer;
    const held = (terms: Terms = TERMS.hold) => chain.held(generation, terms);
    const stateOf = ({ escrow, paymentInfoHash }: OpenPayment) =>
      getPaymentState(chain.base.publicClient, { escrow, paymentInfoHash });
    const disputed = async (terms: Terms): Promise<OpenPayment> => {
      const payment = await held(terms);
      await chain.done(dispute(chain.base.wallets.buyer, { ...payment.at, reasonHash }));
      return payment;
    };
    const earned = async (account: Address): Promise<bigint> => (await chain.balanceOf(account)) - FUNDS;

    describe("authorize", () => {
      for (const method of [EIP3009, { method: "Permit2" }] as const) {
        it(`holds a payment signed for ${method.method}`, async () => {
          const payment = await chain.payment(generation, TERMS.hold);
          const signed = await chain.sign(payment, method);
          await simulateAction(chain.base.publicClient, { action: "authorize", ...payment.at, ...signed });
          const { logs } = await chain.done(authorize(relayer(), { ...payment.at, ...signed }));
          expect(await stateOf(payment)).to.deep.equal({ collected: true, ...WHOLE });
          const { escrow, paymentInfo, paymentInfoHash } = payment;
          const store = predictTokenStore({ escrow, operator: paymentInfo.operator });
          expect(await chain.balanceOf(store)).to.equal(AMOUNT);
          const [opened, authorized] = parsePaymentEvents({ escrow, operator: paymentInfo.operator, logs });
          expect(opened).to.include({ type: "Opened", paymentInfoHash, payer: payer.address });
          const expected = { paymentInfo, amount: AMOUNT, tokenCollector: signed.tokenCollector };
          expect(authorized).to.deep.include({ type: "Authorized", paymentInfoHash, ...expected });
        });
      }

      it("holds a payment that its payer approved by a transaction", async () => {
        const payment = await chain.payment(generation, TERMS.hold);
        const { escrow, paymentInfoHash } = payment;
        const byApproval = { ...payment.at, ...byPreApproval(escrow) };
        await rejectedWith(authorize(relayer(), byApproval), PaymentNotPreApprovedError);
        await chain.approve(payer, ESCROW_DEPLOYMENTS[generation].preApprovalCollector);
        await rejectedWith(preApprove(relayer(), payment.at), InvalidSenderError);
        await chain.done(preApprove(chain.base.wallets.buyer, payment.at));
        expect(await isPreApproved(chain.base.publicClient, { escrow, paymentInfoHash })).to.equal(true);
        await rejectedWith(preApprove(chain.base.wallets.buyer, payment.at), PaymentAlreadyPreApprovedError);
        await chain.done(authorize(relayer(), byApproval));
        expect(await stateOf(payment)).to.deep.equal({ collected: true, ...WHOLE });
      });

      for (const isDeployed of [true, false]) {
        it(`holds a payment of a contract wallet ${isDeployed ? "by ERC-1271" : "that is not deployed yet by ERC-6492"}`, async () => {
          const { base } = chain;
          const { abi, bytecode } = await artifacts.readArtifact("OwnedWallet");
          const data = encodeDeployData({ abi, bytecode: bytecode as Hex, args: [payer.address] });
          const salt = zeroHash;
          const wallet = getContractAddress({ opcode: "CREATE2", from: ARACHNID_PROXY, salt, bytecode: data });
          const deployment = { to: ARACHNID_PROXY, data: concat([salt, data]) };
          if (isDeployed) await chain.done(relayer().sendTransaction(deployment));
          await base.fundUsdc(wallet, AMOUNT);
          const payment = await chain.payment(generation, TERMS.hold, { payer: wallet });
          const signed = await chain.sign(payment);
          const wrapped = { address: deployment.to, data: deployment.data, signature: signed.collectorData };
          const collectorData = isDeployed ? signed.collectorData : serializeErc6492Signature(wrapped);
          const check = { ...payment.here, payment: EIP3009, signature: collectorData };
          const verdict = await verifyPaymentOnChain(base.publicClient, check);
          const expected = isDeployed ? undefined : { factory: deployment.to, factoryData: deployment.data };
          expect(verdict).to.deep.include({ isValid: true, signedBy: "contract", deployment: expected });
          await chain.done(authorize(relayer(), { ...payment.at, ...signed, collectorData }));
          expect(await stateOf(payment)).to.deep.equal({ collected: true, ...WHOLE });
          const back = await signVoid(authorizer, payment.here);
          await chain.done(voidPayment(relayer(), { ...payment.at, signature: back }));
          expect(await chain.balanceOf(wallet)).to.equal(AMOUNT);
        });
      }

      it("throws the operator's errors and the escrow's, typed, and sends nothing", async () => {
        const payment = await chain.payment(generation, TERMS.arbitrated);
        const { timestamp: now } = await chain.base.publicClient.getBlock();
        const attempt = async (changes: object, call: object = {}) => {
          const changed = await chain.payment(generation, TERMS.arbitrated, changes);
          return authorize(relayer(), { ...changed.at, ...(await chain.sign(changed)), ...call });
        };
        const before = await chain.base.publicClient.getTransactionCount({ address: relayer().account.address });
        const short = await rejectedWith(attempt({ authorizationExpiry: now + 2n * DAY }), HoldTooShortError);
        expect(short.args.authorizationExpiry).to.equal(now + 2n * DAY);
        const long = { authorizationExpiry: now + 11n * DAY };
        await rejectedWith(attempt(long), HoldTooLongError);
        await rejectedWith(attempt({ receiver: arbiter.address }), InvalidPartyError);
        await rejectedWith(attempt({ maxFeeBps: 10n, minFeeBps: 10n }), FeeTermsMismatchError);
        await rejectedWith(attempt({}, { tokenCollector: stranger.address }), CollectorNotAllowedError);
        await rejectedWith(attempt({}, { collectorData: `0x${"11".repeat(65)}` }), ForeignRevertError);
        expect(await chain.base.publicClient.getTransactionCount({ address: relayer().account.address })).to.equal(
          before + 6, // the six deployments, which do nothing
        );
        const signed = await chain.sign(payment);
        await chain.done(authorize(relayer(), { ...payment.at, ...signed }));
        await rejectedWith(authorize(relayer(), { ...payment.at, ...signed }), PaymentAlreadyCollectedError);
        const flow = { ...payment.at, ...signed, terms: TERMS.hold };
        await rejectedWith(charge(relayer(), flow), WrongFlowError);
      });

      it("does not send to an operator without code, where it would do nothing", async () => {
        const payment = await chain.payment(generation, TERMS.hold);
        const paymentInfo = { ...payment.paymentInfo, operator: "0x00000000000000000000000000000000000000AA" } as const;
        const call = { escrow: payment.escrow, paymentInfo, ...(await chain.sign(payment)) };
        expect((await rejectedWith(authorize(relayer(), call), OperatorNotDeployedError)).operator).to.equal(
          paymentInfo.operator,
        );
        const action = { action: "authorize", ...call } as const;
        await rejectedWith(simulateAction(chain.base.publicClient, action), OperatorNotDeployedError);
        await rejectedWith(relayMany(relayer(), { calls: [action] }), OperatorNotDeployedError);
      });
    });

    it("charges at once, at the terms' fee", async () => {
      const payment = await chain.charged(generation);
      expect(await stateOf(payment)).to.deep.equal({ collected: true, capturable: 0n, refundable: AMOUNT });
      expect(await chain.balanceOf(feeReceiver.address)).to.equal(AMOUNT / 100n);
      expect(await earned(receiver.address)).to.equal((AMOUNT * 99n) / 100n);
      const wrong = { ...payment.at, ...(await chain.sign(payment)), terms: { ...TERMS.charge, feeBps: 1n } };
      await rejectedWith(charge(relayer(), wrong), FeeTermsMismatchError);
    });

    describe("capture", () => {
      it("pays parts at the terms' fee, each signature once", async () => {
        const payment = await held(TERMS.feeHold);
        const { here, at, terms, escrow } = payment;
        const amount = 2_000_000n;
        const signature = await signCapture(authorizer, { ...here, terms, amount, ...WHOLE });
        const { logs } = await chain.done(capture(relayer(), { ...at, amount, signature }));
        const captured = parsePaymentEvents({ escrow, logs });
        expect(captured).to.have.lengthOf(1);
        const fee = { feeAmount: 20_000n, feeReceiver: feeReceiver.address };
        expect(captured[0]).to.deep.include({ type: "Captured", amount, ...fee });
        expect(await stateOf(payment)).to.deep.equal({ collected: true, capturable: 3_000_000n, refundable: amount });
        const twice = await rejectedWith(capture(relayer(), { ...at, amount, signature }), InvalidSignatureError);
        expect(twice.args.expected).to.equal(authorizer.address);
        const balances = { capturable: 3_000_000n, refundable: amount };
        const next = await signCapture(authorizer, { ...here, terms, amount: 1n, ...balances });
        await chain.done(capture(relayer(), { ...at, amount: 1n, signature: next }));
        expect((await stateOf(payment)).capturable).to.equal(2_999_999n);
      });

      it("throws what stands against it", async () => {
        const payment = await held();
        const { here, at, terms } = payment;
        const attempt = async (amount: bigint) => {
          const signature = await signCapture(authorizer, { ...here, terms, amount, ...WHOLE });
          return capture(relayer(), { ...at, amount, signature });
        };
        const more = await rejectedWith(attempt(AMOUNT + 1n), AmountExceedsHoldError);
        expect(more.args).to.deep.equal({ amount: AMOUNT + 1n, capturableAmount: AMOUNT });
        await chain.passUntil(payment.paymentInfo.authorizationExpiry);
        await rejectedWith(attempt(AMOUNT), AfterAuthorizationExpiryError);
        const early = await held(TERMS.arbitrated);
        const signature = await signCapture(authorizer, { ...early.here, terms: early.terms, amount: 1n, ...WHOLE });
        await rejectedWith(capture(relayer(), { ...early.at, amount: 1n, signature }), CaptureTooEarlyError);
      });
    });

    it("captures and voids the rest in one call", async () => {
      const payment = await held();
      const { here, at, terms, escrow } = payment;
      const amount = 2_000_000n;
      const signature = await signCaptureAndVoid(authorizer, { ...here, terms, amount, ...WHOLE });
      const { logs } = await chain.done(captureAndVoid(relayer(), { ...at, amount, signature }));
      const events = parsePaymentEvents({ escrow, logs }).map((event) => event.type);
      expect(events).to.deep.equal(["Captured", "Voided"]);
      expect(await stateOf(payment)).to.deep.equal({ collected: true, capturable: 0n, refundable: amount });
      expect(await earned(payer.address)).to.equal(-amount);
    });

    it("voids by signature and by the authorizer's own transaction, at any time", async () => {
      const payment = await held();
      await rejectedWith(voidPayment(relayer(), payment.at), InvalidSignatureError);
      const signature = await signVoid(authorizer, payment.here);
      await chain.done(voidPayment(relayer(), { ...payment.at, signature }));
      expect(await earned(payer.address)).to.equal(0n);
      await rejectedWith(voidPayment(relayer(), { ...payment.at, signature }), ZeroAuthorizationError);
      const other = await chain.held(generation, TERMS.hold, { salt: 2n });
      await chain.passUntil(other.paymentInfo.authorizationExpiry + DAY);
      await chain.done(voidPayment(chain.base.wallets.signer, other.at));
      expect((await stateOf(other)).capturable).to.equal(0n);
    });

    it("releases by the payer's signature and by its own transaction", async () => {
      const payment = await held(TERMS.arbitrated);
      const { here, at, escrow, paymentInfo } = payment;
      const deadline = (await chain.now()) + HOUR;
      const stale = await signRelease(payer, { ...here, capturable: AMOUNT, disputed: true, deadline });
      await rejectedWith(release(relayer(), { ...at, deadline, signature: stale }), InvalidSignatureError);
      const signature = await signRelease(payer, { ...here, capturable: AMOUNT, disputed: false, deadline });
      const { logs } = await chain.done(release(relayer(), { ...at, deadline, signature }));
      const [released] = parsePaymentEvents({ escrow, operator: paymentInfo.operator, logs });
      expect(released).to.deep.include({ type: "Released", by: "Payer", amount: AMOUNT });
      await rejectedWith(release(relayer(), { ...at, deadline, signature }), NothingHeldError);
      const own = await chain.held(generation, TERMS.arbitrated, { salt: 2n });
      await chain.done(release(chain.base.wallets.buyer, own.at));
      expect(await earned(receiver.address)).to.equal(2n * AMOUNT);
    });

    it("disputes and rules, by signatures and by the parties' own transactions", async () => {
      const payment = await held(TERMS.arbitrated);
      const { here, at, escrow, paymentInfo } = payment;
      const { operator } = paymentInfo;
      await rejectedWith(rule(relayer(), { ...at, receiverAmount: 0n }), NotDisputedError);
      const deadline = (await chain.now()) + HOUR;
      const expired = await signDispute(payer, { ...here, reasonHash, deadline: 1n });
      await rejectedWith(
        dispute(relayer(), { ...at, reasonHash, deadline: 1n, signature: expired }),
        SignatureExpiredError,
      );
      const signature = await signDispute(payer, { ...here, reasonHash, deadline });
      const { logs } = await chain.done(dispute(relayer(), { ...at, reasonHash, deadline, signature }));
      const [event] = parsePaymentEvents({ escrow, operator, logs });
      const rulingDeadline = paymentInfo.authorizationExpiry;
      expect(event).to.deep.include({ type: "Disputed", reasonHash, rulingDeadline });
      await rejectedWith(dispute(relayer(), { ...at, reasonHash, deadline, signature }), AlreadyDisputedError);
      await chain.passUntil(paymentInfo.authorizationExpiry - 2n * DAY);
      const early = await signCapture(authorizer, { ...here, terms: payment.terms, amount: 1n, ...WHOLE });
      await rejectedWith(capture(relayer(), { ...at, amount: 1n, signature: early }), UnderDisputeError);
      const receiverAmount = 3_000_000n;
      const ruling = await signRule(arbiter, { ...here, receiverAmount });
      const ruled = await chain.done(rule(relayer(), { ...at, receiverAmount, signature: ruling }));
      const events = parsePaymentEvents({ escrow, operator, logs: ruled.logs });
      const split = { receiverAmount, payerAmount: AMOUNT - receiverAmount };
      expect(events.find(({ type }) => type === "Ruled")).to.deep.include(split);
      expect(await earned(receiver.address)).to.equal(receiverAmount);
      expect(await earned(payer.address)).to.equal(-receiverAmount);
    });

    it("throws what stands against a dispute and a rule", async () => {
      const plain = await held(TERMS.hold);
      await rejectedWith(dispute(chain.base.wallets.buyer, { ...plain.at, reasonHash }), NoArbiterError);
      const payment = await disputed(TERMS.toReceiver);
      const late = await chain.held(generation, TERMS.toReceiver, { salt: 2n });
      const more = { ...payment.at, receiverAmount: AMOUNT + 1n };
      await rejectedWith(rule(chain.base.wallets.otherSeller, more), AmountExceedsHoldError);
      await chain.passUntil(late.paymentInfo.authorizationExpiry - 2n * DAY);
      const tooLate = dispute(chain.base.wallets.buyer, { ...late.at, reasonHash });
      await rejectedWith(tooLate, DisputeWindowClosedError);
      await chain.passUntil(payment.paymentInfo.authorizationExpiry - DAY);
      const ruling = rule(chain.base.wallets.otherSeller, { ...payment.at, receiverAmount: 0n });
      await rejectedWith(ruling, RuleWindowClosedError);
    });

    it("settles by both signatures, or by one and the other's transaction", async () => {
      const payment = await disputed(TERMS.arbitrated);
      const { here, at } = payment;
      const deadline = (await chain.now()) + HOUR;
      const receiverAmount = 1_000_000n;
      const split = { ...here, receiverAmount, ...WHOLE, disputed: true, deadline };
      const payerSignature = await signSettle(payer, split);
      const authorizerSignature = await signSettle(authorizer, split);
      const alone = settle(relayer(), { ...at, receiverAmount, deadline, payerSignature });
      expect((await rejectedWith(alone, InvalidSignatureError)).args.expected).to.equal(authorizer.address);
      const call = { ...at, receiverAmount, deadline, payerSignature, authorizerSignature };
      await chain.done(settle(relayer(), call));
      expect(await earned(receiver.address)).to.equal(receiverAmount);
      const other = await chain.held(generation, TERMS.arbitrated, { salt: 2n });
      const nothing = { ...other.here, receiverAmount: 0n, ...WHOLE, disputed: false, deadline };
      const consent = { payerSignature: await signSettle(payer, nothing), deadline };
      await chain.done(settle(chain.base.wallets.signer, { ...other.at, receiverAmount: 0n, ...consent }));
      expect((await stateOf(other)).refundable).to.equal(0n);
    });

    it("pushes due holds to the receiver, undisputed and by the dispute's default", async () => {
      const due = await held(TERMS.arbitrated);
      const { releasableFrom } = (await chain.status(due)).windows;
      const early = await rejectedWith(releaseDue(relayer(), due.at), NotReleasableError);
      expect(early.args.from).to.equal(releasableFrom);
      const fallen = await disputed(TERMS.toReceiver);
      await chain.passUntil(releasableFrom);
      const { logs } = await chain.done(releaseDue(relayer(), due.at));
      const { escrow, paymentInfo } = due;
      const [released] = parsePaymentEvents({ escrow, operator: paymentInfo.operator, logs });
      expect(released).to.deep.include({ type: "Released", by: "Due" });
      await chain.passUntil(fallen.paymentInfo.authorizationExpiry - DAY);
      const { operator } = fallen.paymentInfo;
      const receipt = await chain.done(releaseDue(relayer(), fallen.at));
      const [byDefault] = parsePaymentEvents({ escrow, operator, logs: receipt.logs });
      expect(byDefault).to.deep.include({ type: "Released", by: "DisputeDefault", amount: AMOUNT });
    });

    it("gives an expired hold back by anybody and by the payer itself", async () => {
      const abandoned = await held();
      const reclaimed = await chain.held(generation, TERMS.hold, { salt: 2n });
      await rejectedWith(voidExpired(relayer(), abandoned.at), NotExpiredError);
      await rejectedWith(reclaim(chain.base.wallets.buyer, reclaimed.at), BeforeAuthorizationExpiryError);
      await chain.passUntil(reclaimed.paymentInfo.authorizationExpiry);
      await chain.done(voidExpired(chain.base.wallets.stranger, abandoned.at));
      await rejectedWith(reclaim(relayer(), reclaimed.at), InvalidSenderError);
      await chain.done(reclaim(chain.base.wallets.buyer, reclaimed.at));
      expect(await earned(payer.address)).to.equal(0n);
    });

    it("carries out several actions in one transaction, all or none", async () => {
      const first = await held();
      const second = await chain.held(generation, TERMS.arbitrated, { salt: 2n });
      const signature = await signVoid(authorizer, first.here);
      const voiding = { action: "void", ...first.at, signature } as const;
      const due = { action: "releaseDue", ...second.at } as const;
      await rejectedWith(relayMany(relayer(), { calls: [voiding, due] }), NotReleasableError);
      expect((await stateOf(first)).capturable).to.equal(AMOUNT);
      const releasing = { ...second.here, capturable: AMOUNT, disputed: false, deadline: (await chain.now()) + HOUR };
      const releaseSignature = await signRelease(payer, releasing);
      const released = { action: "release", ...second.at, deadline: releasing.deadline } as const;
      await chain.done(relayMany(relayer(), { calls: [voiding, { ...released, signature: releaseSignature }] }));
      expect((await stateOf(first)).capturable).to.equal(0n);
      expect(await earned(receiver.address)).to.equal(AMOUNT);
      expect(encodeCall(due).to).to.equal(second.paymentInfo.operator);
    });

    it("cancels a payment at the token before it is collected", async () => {
      const payment = await chain.payment(generation, TERMS.hold);
      const signature = await signCancelAuthorization(payer, { ...payment.here, payment: EIP3009 });
      await chain.done(cancelAuthorization(relayer(), { ...payment.here, signature }));
      const late = authorize(relayer(), { ...payment.at, ...(await chain.sign(payment)) });
      await rejectedWith(late, ForeignRevertError);
      await rejectedWith(cancelAuthorization(relayer(), { ...payment.here, signature }), ForeignRevertError);
    });

    it("does everything for an operator that is an account", async () => {
      const operator = chain.base.walletOf(delegate);
      const payment = await chain.delegated(generation);
      const { at } = payment;
      const signed = await chain.sign(payment);
      await rejectedWith(authorizeAsOperator(relayer(), { ...at, ...signed }), InvalidSenderError);
      await chain.done(authorizeAsOperator(operator, { ...at, ...signed, amount: 4_000_000n }));
      expect((await stateOf(payment)).capturable).to.equal(4_000_000n);
      expect(await earned(payer.address)).to.equal(-4_000_000n);
      const fee = feeOf({ feeBps: 100n }, 3_000_000n, generation);
      const part = { ...at, amount: 3_000_000n, fee, feeReceiver: feeReceiver.address };
      await chain.done(captureAsOperator(operator, part));
      expect(await chain.balanceOf(feeReceiver.address)).to.equal(30_000n);
      await chain.done(voidAsOperator(operator, at));
      await chain.approve(delegate, ESCROW_DEPLOYMENTS[generation].operatorRefundCollector);
      await chain.done(refundAsOperator(operator, { ...at, amount: 1_000_000n }));
      expect(await stateOf(payment)).to.deep.equal({ collected: true, capturable: 0n, refundable: 2_000_000n });
      const charged = await chain.delegated(generation, { salt: 2n });
      const none = { fee: feeOf({ feeBps: 0n }, AMOUNT, generation), feeReceiver: zeroAddress };
      await chain.done(chargeAsOperator(operator, { ...charged.at, ...(await chain.sign(charged)), ...none }));
      expect((await stateOf(charged)).refundable).to.equal(AMOUNT);
    });
  });
}
