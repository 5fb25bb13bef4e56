import { expect } from "chai";
import { GENERATIONS, hashPaymentInfo, predictTokenStore } from "../../../client/auth-capture/index.ts";
import { openBench, PRICE, type Bench } from "./helpers/bench.ts";

describe("x402 auth-capture facilitator: collecting", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  for (const generation of GENERATIONS) {
    for (const method of ["eip3009", "permit2"] as const) {
      for (const isDelegated of [false, true]) {
        const operator = isDelegated ? "its own account" : "an operator with terms";
        it(`holds a payment by ${method} on ${generation} for ${operator}`, async () => {
          const extra = { assetTransferMethod: method };
          const { payer, requirements, payload, payment } = await bench.payment({ generation, isDelegated, extra });
          const store = predictTokenStore({ escrow: payment.escrow, operator: payment.paymentInfo.operator });
          const [before, held] = [await bench.usdcOf(payer.address), await bench.usdcOf(store)];
          expect(await bench.facilitator.verify(payload, requirements)).to.deep.equal({
            isValid: true,
            payer: payer.address.toLowerCase(),
          });
          expect((await bench.stateOf(payment)).collected).to.equal(false);
          const { success, transaction, amount, report } = await bench.facilitator.settle(payload, requirements);
          expect([success, amount]).to.deep.equal([true, PRICE.toString()]);
          expect(transaction).to.match(/^0x[0-9a-f]{64}$/);
          expect(await bench.stateOf(payment)).to.deep.equal({ collected: true, capturable: PRICE, refundable: 0n });
          expect(before - (await bench.usdcOf(payer.address))).to.equal(PRICE);
          expect((await bench.usdcOf(store)) - held).to.equal(PRICE);
          expect(report?.paymentInfoHash).to.equal(hashPaymentInfo(payment));
          expect([report?.capturable, report?.collectTransaction]).to.deep.equal([PRICE, transaction]);
        });
      }
    }
  }
});
