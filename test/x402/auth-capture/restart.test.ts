import { expect } from "chai";
import type { PaymentPayload } from "@x402/core/types";
import { openBench, PRICE, type Bench, type Served, type Settlement, type Signed } from "./helpers/bench.ts";
import { makeLifecycle, type LifecycleOptions } from "./helpers/lifecycle.ts";
import { serveOvertaken } from "./helpers/overtaken.ts";

const CODE = "invalid_auth_capture_evm_";
const nothing = async (): Promise<void> => undefined;

/** A facilitator keeps what it settles in memory. What it has forgotten the chain knows. */
describe("x402 auth-capture facilitator: after a restart", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  /** Asks a facilitator that remembers nothing, which sends nothing. */
  async function askNew(payload: PaymentPayload, { requirements }: Signed): Promise<Settlement> {
    const at = await bench.serve();
    let answer: Settlement | undefined;
    expect(
      await bench.sent(async () => {
        answer = await at.settle(payload, requirements);
      }),
    ).to.equal(0);
    return answer ?? expect.fail("no answer");
  }

  async function held(options: Parameters<Bench["payment"]>[0] = {}): Promise<Signed> {
    const signed = await bench.payment(options);
    expect((await bench.facilitator.settle(signed.payload, signed.requirements)).success).to.equal(true);
    return signed;
  }

  const ask = (signed: Signed, options: Omit<LifecycleOptions, "by">) =>
    makeLifecycle(signed, { by: bench.seller, ...options });

  const settle = async (at: Served, payload: PaymentPayload, { requirements }: Signed): Promise<Settlement> =>
    at.settle(payload, requirements);

  it("a payment is not said to be settled twice", async () => {
    const signed = await held();
    const { errorReason, report } = await askNew(signed.payload, signed);
    expect([errorReason, report?.collected, report?.capturable]).to.deep.equal([
      `${CODE}payment_already_collected`,
      true,
      PRICE,
    ]);
  });

  it("a payment whose transaction was under way is collected once, and said to be settled once", async () => {
    const signed = await bench.payment();
    const before = await bench.usdcOf(signed.payer.address);
    const first = await serveOvertaken(bench, { meanwhile: nothing, isMined: false });
    const pending = await settle(first, signed.payload, signed);
    expect(pending.errorReason).to.equal("settlement_pending");
    const second = await serveOvertaken(bench, { meanwhile: nothing });
    const answer = await settle(second, signed.payload, signed);
    // Its own transaction came too late: it names the one that did it.
    expect([answer.success, answer.transaction], answer.errorMessage).to.deep.equal([true, pending.transaction]);
    expect((await settle(second, signed.payload, signed)).errorReason).to.equal(`${CODE}payment_already_collected`);
    expect(before - (await bench.usdcOf(signed.payer.address))).to.equal(PRICE);
  });

  for (const isDelegated of [false, true]) {
    const operator = isDelegated ? "its own account" : "an operator with terms";

    it(`a capture and a void of ${operator} that were done are done no second time`, async () => {
      const signed = await held({ isDelegated });
      const income = await bench.usdcOf(bench.seller.address);
      const capture = await ask(signed, { type: "capture", amount: 1n, capturable: PRICE });
      expect((await settle(bench.facilitator, capture, signed)).success).to.equal(true);
      const again = await askNew(capture, signed);
      expect([again.errorReason, again.report?.refundable]).to.deep.equal([`${CODE}unexpected_payment_state`, 1n]);
      const nulled = await ask(signed, { type: "void" });
      expect((await settle(bench.facilitator, nulled, signed)).success).to.equal(true);
      const { success, errorReason } = await askNew(nulled, signed);
      expect([success, errorReason]).to.deep.equal([false, `${CODE}zero_authorization`]);
      expect((await bench.usdcOf(bench.seller.address)) - income).to.equal(1n);
    });
  }

  it("half of a delegated capture and void is told by the state, and its void is asked for alone", async () => {
    const signed = await held({ isDelegated: true });
    const both = await ask(signed, { type: "capture", amount: 1n, capturable: PRICE, withVoid: true });
    const { voidAuthorizerSignature: _void, ...half } = both.payload;
    expect((await settle(bench.facilitator, { ...both, payload: half }, signed)).success).to.equal(true);
    const { errorReason, report } = await askNew(both, signed);
    expect([errorReason, report?.capturable]).to.deep.equal([`${CODE}unexpected_payment_state`, PRICE - 1n]);
    const rest = await ask(signed, { type: "void" });
    expect((await settle(await bench.serve(), rest, signed)).success).to.equal(true);
    expect(await bench.stateOf(signed.payment)).to.include({ capturable: 0n, refundable: 1n });
  });
});
