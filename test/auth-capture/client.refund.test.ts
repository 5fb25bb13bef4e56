import { expect } from "chai";
import { zeroAddress, type Hex } from "viem";
import {
  CollectorNotAllowedError,
  ForeignRevertError,
  GENERATIONS,
  InvalidMethodError,
  InvalidSignatureError,
  REFUND_SIGNATURE_SECONDS,
  RefundExceedsCaptureError,
  RefundRefusedError,
  encodeSignedRefund,
  getPaymentState,
  parsePaymentEvents,
  refund,
  signRefund,
  signRefundApproval,
  signedRefundNonce,
  verifyRefund,
  type PaymentMethod,
  type SignRefundParameters,
} from "x402-escrow/auth-capture";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import {
  AMOUNT,
  DAY,
  EIP3009,
  FUNDS,
  HOUR,
  TERMS,
  authorizer,
  payer,
  receiver,
  stranger,
  useAuthCapture,
  type OpenPayment,
} from "./clientSetup.ts";

const PART = 2_000_000n;
const BACK = 1_500_000n;
const BALANCES = { capturable: AMOUNT - PART, refundable: PART };

for (const generation of GENERATIONS) {
  describe(`auth-capture client: refunds on ${generation}`, () => {
    const chain = useAuthCapture();
    const relayer = () => chain.base.wallets.relayer;
    const refundCollector = () => chain.refundCollector(generation);
    const captured = () => chain.captured(generation, TERMS.hold, PART);
    const parametersFor = (payment: OpenPayment, funding: PaymentMethod = EIP3009): SignRefundParameters => ({
      ...payment.here,
      signer: receiver,
      factory: chain.factory,
      terms: payment.terms,
      funder: receiver.address,
      amount: BACK,
      funding,
      refundCollector: refundCollector(),
    });
    const sign = (parameters: SignRefundParameters) => signRefund(chain.base.publicClient, parameters);
    const approve = (payment: OpenPayment, amount = BACK, tokenCollector = refundCollector()) =>
      signRefundApproval(authorizer, { ...payment.here, amount, tokenCollector, ...BALANCES });

    for (const funding of [EIP3009, { method: "Permit2" }] as const) {
      it(`refunds out of the receiver's tokens by ${funding.method}`, async () => {
        const payment = await captured();
        const parameters = parametersFor(payment, funding);
        const { signature: fundSignature, salt, deadline, ...funded } = await sign(parameters);
        expect(deadline).to.equal((await chain.now()) + REFUND_SIGNATURE_SECONDS);
        const signed = { ...parameters, salt, deadline, signature: fundSignature };
        expect(await verifyRefund(signed)).to.equal(true);
        expect(await verifyRefund({ ...signed, amount: BACK + 1n })).to.equal(false);
        const signature = await approve(payment);
        const call = { ...payment.at, amount: BACK, ...funded, signature };
        const { logs } = await chain.done(refund(relayer(), call));
        const { escrow, paymentInfoHash } = payment;
        const [event] = parsePaymentEvents({ escrow, logs });
        expect(event).to.deep.include({ type: "Refunded", amount: BACK, tokenCollector: refundCollector() });
        const state = await getPaymentState(chain.base.publicClient, { escrow, paymentInfoHash });
        expect(state.refundable).to.equal(PART - BACK);
        expect(await chain.balanceOf(receiver.address)).to.equal(FUNDS + PART - BACK);
        expect(await chain.balanceOf(payer.address)).to.equal(FUNDS - AMOUNT + BACK);
        await rejectedWith(refund(relayer(), call), InvalidSignatureError);
      });
    }

    it("lets a sponsor pay who says so", async () => {
      const payment = await captured();
      const sponsored = { ...parametersFor(payment), signer: stranger, funder: stranger.address };
      expect((await rejectedWith(sign(sponsored), RefundRefusedError)).fault).to.equal("Funder");
      const funded = await sign({ ...sponsored, isSponsor: true });
      const call = { ...payment.at, amount: BACK, ...funded, signature: await approve(payment) };
      await chain.done(refund(relayer(), call));
      expect(await chain.balanceOf(stranger.address)).to.equal(FUNDS - BACK);
    });

    it("signs nothing that could rob the funder", async () => {
      const payment = await captured();
      const parameters = parametersFor(payment);
      const refusals: readonly (readonly [string, Partial<SignRefundParameters>])[] = [
        ["Operator", { terms: TERMS.arbitrated }],
        ["Operator", { factory: stranger.address }],
        ["Operator", { paymentInfo: { ...payment.paymentInfo, operator: stranger.address } }],
        ["Funder", { funder: stranger.address }],
        ["Amount", { amount: 0n }],
        ["Amount", { amount: PART + 1n }],
        ["Amount", { paymentInfo: { ...payment.paymentInfo, salt: 99n } }],
        ["Expired", { deadline: 1n }],
      ];
      for (const [fault, changes] of refusals) {
        const error = await rejectedWith(sign({ ...parameters, ...changes }), RefundRefusedError);
        expect(error.fault).to.equal(fault);
        expect(error.metaMessages[0]).to.match(/\.$/);
      }
      await chain.passUntil(payment.paymentInfo.refundExpiry);
      expect((await rejectedWith(sign(parameters), RefundRefusedError)).fault).to.equal("Expired");
    });

    it("throws what stands against a refund, typed", async () => {
      const payment = await captured();
      const { signature: _, ...funded } = await sign(parametersFor(payment));
      const good = { ...payment.at, amount: BACK, ...funded };
      const elsewhere = await approve(payment, BACK, stranger.address);
      await rejectedWith(
        refund(relayer(), { ...good, tokenCollector: stranger.address, signature: elsewhere }),
        CollectorNotAllowedError,
      );
      const more = await approve(payment, PART + 1n);
      await rejectedWith(refund(relayer(), { ...good, amount: PART + 1n, signature: more }), RefundExceedsCaptureError);
      const less = await approve(payment, BACK - 1n);
      await rejectedWith(refund(relayer(), { ...good, amount: BACK - 1n, signature: less }), ForeignRevertError);
      const signature = await approve(payment);
      const unknownMethod = funded.collectorData.replace(
        /^(0x[0-9a-f]{63})./,
        (_, words: string) => `${words}9`,
      ) as Hex;
      const call = { ...good, collectorData: unknownMethod, signature };
      expect((await rejectedWith(refund(relayer(), call), InvalidMethodError)).args.method).to.equal(9);
      const { collectorData } = encodeSignedRefund({
        ...parametersFor(payment),
        funder: zeroAddress,
        salt: funded.salt,
        deadline: funded.deadline,
        signature: "0x",
      });
      await rejectedWith(refund(relayer(), { ...good, collectorData, signature }), ForeignRevertError);
    });

    it("binds every part of a refund into its nonce", async () => {
      const payment = await captured();
      const reference = { ...parametersFor(payment), salt: 1n, deadline: (await chain.now()) + HOUR };
      const nonces = [
        reference,
        { ...reference, amount: 1n },
        { ...reference, salt: 2n },
        { ...reference, deadline: reference.deadline + DAY },
        { ...reference, funder: stranger.address },
        { ...reference, refundCollector: stranger.address },
        { ...reference, chainId: 1 },
        { ...reference, paymentInfo: { ...payment.paymentInfo, salt: 7n } },
      ].map((each) => signedRefundNonce(each));
      expect(new Set(nonces).size).to.equal(nonces.length);
    });
  });
}
