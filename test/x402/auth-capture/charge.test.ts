import { expect } from "chai";
import type { PaymentPayload } from "@x402/core/types";
import { keccak256, type Address, type Hex } from "viem";
import {
  ESCROW_DEPLOYMENTS,
  feeOf,
  GENERATIONS,
  hashPaymentInfo,
  type Generation,
} from "../../../client/auth-capture/index.ts";
import { toWireCompletion } from "../../../client/x402/auth-capture/index.ts";
import { charge, openBench, PRICE, withPayload, type Bench, type Signed } from "./helpers/bench.ts";
import { signAs } from "./helpers/lifecycle.ts";

const FEE = { feeReceiver: `0x${"fe".repeat(20)}` as Address, feeBps: 250n };
const TAKEN = (PRICE * FEE.feeBps) / 10_000n;

describe("x402 auth-capture facilitator: charging", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  /** What the server adds. */
  async function complete(signed: Signed, generation: Generation, amount = PRICE): Promise<PaymentPayload> {
    const { signature } = signed.payload.payload as { signature: Hex };
    const fee = feeOf(FEE, amount, generation);
    const message = {
      paymentInfoHash: hashPaymentInfo(signed.payment),
      amount,
      tokenCollector: ESCROW_DEPLOYMENTS[generation].eip3009Collector,
      collectorDataHash: keccak256(signature),
      ...fee,
      feeReceiver: FEE.feeReceiver,
    };
    const authorizerSignature = await signAs(bench.seller, signed.payment, "Charge", message);
    const completion = { amount, fee, feeReceiver: FEE.feeReceiver, authorizerSignature };
    return withPayload(signed.payload, { ...toWireCompletion(completion) });
  }

  for (const generation of GENERATIONS) {
    for (const isDelegated of [false, true]) {
      const operator = isDelegated ? "its own account" : "an operator with terms";
      it(`pays receiver and fee receiver at once by ${operator} on ${generation}`, async () => {
        const { seller, facilitator } = bench;
        const fees = { feeRecipient: FEE.feeReceiver, minFeeBps: 250, maxFeeBps: 250 };
        const extra = { receiverAuthorizer: seller.address, paymentFlow: "authorization", ...fees };
        const terms = charge(seller.address, FEE);
        const signed = await bench.payment({ generation, isDelegated, terms, extra });
        // A server verifies before it knows what it charges.
        expect(await facilitator.verify(signed.payload, signed.requirements)).to.include({ isValid: true });
        const payload = await complete(signed, generation);
        expect(await facilitator.verify(payload, signed.requirements)).to.include({ isValid: true });
        const [income, taken] = [await bench.usdcOf(seller.address), await bench.usdcOf(FEE.feeReceiver)];
        const { success, amount, report, errorMessage } = await facilitator.settle(payload, signed.requirements);
        expect([success, amount], errorMessage).to.deep.equal([true, PRICE.toString()]);
        expect([report?.capturable, report?.refundable]).to.deep.equal([0n, PRICE]);
        expect((await bench.usdcOf(seller.address)) - income).to.equal(PRICE - TAKEN);
        expect((await bench.usdcOf(FEE.feeReceiver)) - taken).to.equal(TAKEN);
      });
    }
  }

  it("charges less than was signed, and the rest stays with the payer", async () => {
    const fees = { feeRecipient: FEE.feeReceiver, minFeeBps: 250, maxFeeBps: 250 };
    const extra = { paymentFlow: "authorization", ...fees };
    const signed = await bench.payment({ isDelegated: true, extra });
    const before = await bench.usdcOf(signed.payer.address);
    const payload = await complete(signed, "v1.1", PRICE / 4n);
    const { success, amount } = await bench.facilitator.settle(payload, signed.requirements);
    expect([success, amount]).to.deep.equal([true, (PRICE / 4n).toString()]);
    expect(before - (await bench.usdcOf(signed.payer.address))).to.equal(PRICE / 4n);
  });
});
