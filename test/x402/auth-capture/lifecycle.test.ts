import { expect } from "chai";
import { erc20Abi, zeroHash, type Address } from "viem";
import { dispute } from "../../../client/auth-capture/actions/dispute.ts";
import {
  GENERATIONS,
  getEscrowDeployment,
  makeTerms,
  signRefund,
  type Generation,
} from "../../../client/auth-capture/index.ts";
import { USDC } from "../../base/addresses.ts";
import { USDC_DOMAIN } from "../../base/usdc.ts";
import { mined } from "../../helpers/mined.ts";
import { openBench, PRICE, plainHold, type Bench, type OfferOptions, type Signed } from "./helpers/bench.ts";
import { makeLifecycle, type LifecycleOptions } from "./helpers/lifecycle.ts";

const FEE_TAKER: Address = `0x${"fe".repeat(20)}`;
const PART = 300_000n;

describe("x402 auth-capture facilitator: captures, voids and refunds", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  async function hold(options: OfferOptions = {}): Promise<Signed> {
    const signed = await bench.payment(options);
    const { success, errorMessage } = await bench.facilitator.settle(signed.payload, signed.requirements);
    expect(success, errorMessage).to.equal(true);
    return signed;
  }

  async function ask(signed: Signed, options: Omit<LifecycleOptions, "by">, at = bench.facilitator) {
    const payload = await makeLifecycle(signed, { by: bench.seller, ...options });
    const verified = await at.verify(payload, signed.requirements);
    const settled = await at.settle(payload, signed.requirements);
    expect(settled.success, `${settled.errorReason}: ${settled.errorMessage}`).to.equal(true);
    expect(verified.isValid).to.equal(true);
    return { payload, ...settled };
  }

  for (const generation of GENERATIONS) {
    for (const isDelegated of [false, true]) {
      const operator = isDelegated ? "its own account" : "an operator with terms";

      it(`captures a part, then the rest, by ${operator} on ${generation}`, async () => {
        const signed = await hold({ generation, isDelegated });
        const income = await bench.usdcOf(bench.seller.address);
        const first = await ask(signed, { type: "capture", amount: PART, capturable: PRICE });
        expect(first.amount).to.equal(PART.toString());
        expect([first.report?.capturable, first.report?.refundable]).to.deep.equal([PRICE - PART, PART]);
        const rest = PRICE - PART;
        await ask(signed, { type: "capture", amount: rest, capturable: rest, refundable: PART });
        expect(await bench.stateOf(signed.payment)).to.deep.equal({
          collected: true,
          capturable: 0n,
          refundable: PRICE,
        });
        expect((await bench.usdcOf(bench.seller.address)) - income).to.equal(PRICE);
      });

      it(`voids by ${operator} on ${generation}`, async () => {
        const signed = await hold({ generation, isDelegated });
        const before = await bench.usdcOf(signed.payer.address);
        const answer = await ask(signed, { type: "void" });
        expect([answer.amount, answer.report?.capturable]).to.deep.equal(["0", 0n]);
        expect((await bench.usdcOf(signed.payer.address)) - before).to.equal(PRICE);
      });
    }

    it(`captures a part and voids the rest by one transaction on ${generation}`, async () => {
      const signed = await hold({ generation });
      const [before, income] = [await bench.usdcOf(signed.payer.address), await bench.usdcOf(bench.seller.address)];
      const count = await bench.sent(() => ask(signed, { type: "captureAndVoid", amount: PART, capturable: PRICE }));
      expect(count).to.equal(1);
      expect((await bench.usdcOf(signed.payer.address)) - before).to.equal(PRICE - PART);
      expect((await bench.usdcOf(bench.seller.address)) - income).to.equal(PART);
    });

    it(`captures with the terms' fee on ${generation}`, async () => {
      const fee = { feeReceiver: FEE_TAKER, feeBps: 250n };
      const signed = await hold({ generation, terms: plainHold(bench.seller.address, fee) });
      const taken = await bench.usdcOf(FEE_TAKER);
      await ask(signed, { type: "capture", amount: PART, capturable: PRICE, ...fee });
      expect((await bench.usdcOf(FEE_TAKER)) - taken).to.equal((PART * 250n) / 10_000n);
    });

    it(`refunds what the receiver signs for on ${generation}`, async () => {
      const signed = await hold({ generation });
      await ask(signed, { type: "capture", amount: PRICE, capturable: PRICE });
      const funded = await fund(signed, generation);
      const before = await bench.usdcOf(signed.payer.address);
      await ask(signed, { type: "refund", amount: PART, refundable: PRICE, ...funded });
      expect((await bench.usdcOf(signed.payer.address)) - before).to.equal(PART);
    });
  }

  async function fund({ payment }: Signed, generation: Generation) {
    const { contracts, seller, base } = bench;
    const { signedRefundCollector, signedRefundCollectorV1_0, termsOperatorFactory: factory } = contracts;
    const { tokenCollector, collectorData } = await signRefund(base.publicClient, {
      ...payment,
      signer: seller,
      refundCollector: generation === "v1.0" ? signedRefundCollectorV1_0 : signedRefundCollector,
      factory,
      terms: plainHold(seller.address),
      funder: seller.address,
      amount: PART,
      funding: { method: "Eip3009", tokenDomain: { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version } },
    });
    return { tokenCollector, collectorData };
  }

  it("captures and voids the rest of a delegated payment by two transactions", async () => {
    const signed = await hold({ isDelegated: true });
    const before = await bench.usdcOf(signed.payer.address);
    const count = await bench.sent(() =>
      ask(signed, { type: "capture", amount: PART, capturable: PRICE, withVoid: true }),
    );
    expect(count).to.equal(2);
    expect((await bench.usdcOf(signed.payer.address)) - before).to.equal(PRICE - PART);
    expect((await bench.stateOf(signed.payment)).capturable).to.equal(0n);
  });

  it("takes an authorizer that is a contract wallet", async () => {
    const wallet = await bench.wallet(true);
    const signed = await hold({ isDelegated: true, extra: { receiverAuthorizer: wallet.address } });
    const capture = { type: "capture", amount: PART, capturable: PRICE } as const;
    const foreign = await makeLifecycle(signed, { by: bench.seller, ...capture });
    const { errorReason } = await bench.facilitator.settle(foreign, signed.requirements);
    expect(errorReason).to.equal("invalid_auth_capture_evm_authorizer_signature");
    const payload = await makeLifecycle(signed, { by: wallet.account, ...capture });
    expect((await bench.facilitator.settle(payload, signed.requirements)).success).to.equal(true);
  });

  it("answers the same again, and sends nothing", async () => {
    const signed = await hold();
    const first = await ask(signed, { type: "capture", amount: PART, capturable: PRICE });
    let again: Awaited<ReturnType<typeof bench.facilitator.settle>> | undefined;
    const count = await bench.sent(async () => {
      again = await bench.facilitator.settle(first.payload, signed.requirements);
    });
    expect([count, again?.success, again?.transaction]).to.deep.equal([0, true, first.transaction]);
  });

  it("sends one of many copies that come together", async () => {
    const signed = await hold();
    const payload = await makeLifecycle(signed, { by: bench.seller, type: "void" });
    const count = await bench.sent(async () => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => bench.facilitator.settle(payload, signed.requirements)),
      );
      expect(new Set(answers.map(({ success, transaction }) => `${success} ${transaction}`)).size).to.equal(1);
    });
    expect(count).to.equal(1);
  });

  it("does what the authorizer signed, however many ask for it with other bytes", async () => {
    const signed = await hold();
    const wanted = { type: "capture", amount: PRICE, capturable: PRICE } as const;
    const own = await makeLifecycle(signed, { by: bench.seller, ...wanted });
    const foreign = await makeLifecycle(signed, { by: signed.payer.account, ...wanted });
    const strangers = Array.from({ length: 8 }, () => bench.facilitator.settle(foreign, signed.requirements));
    const { success, errorMessage } = await bench.facilitator.settle(own, signed.requirements);
    expect(success, errorMessage).to.equal(true);
    expect((await Promise.all(strangers)).map((answer) => answer.success)).to.not.include(true);
    expect(await bench.stateOf(signed.payment)).to.deep.equal({ collected: true, capturable: 0n, refundable: PRICE });
  });

  it("stops relaying for a payment that was captured in too many parts", async () => {
    const at = await bench.serve({ ration: { burst: 2, perHour: 0.001 } });
    const signed = await bench.payment();
    await at.settle(signed.payload, signed.requirements);
    await ask(signed, { type: "capture", amount: 1n, capturable: PRICE }, at);
    await ask(signed, { type: "capture", amount: 1n, capturable: PRICE - 1n, refundable: 1n }, at);
    const third = { by: bench.seller, type: "capture", amount: 1n, capturable: PRICE - 2n, refundable: 2n } as const;
    const { errorReason } = await at.settle(await makeLifecycle(signed, third), signed.requirements);
    expect(errorReason).to.equal("invalid_auth_capture_evm_relay_limit");
  });

  it("reports a disputed hold with what is possible then", async () => {
    const arbiter = bench.base.actors.stranger.address;
    const terms = makeTerms({
      authorizer: bench.seller.address,
      arbiter,
      disputeWindow: 86_400n,
      releaseLead: 86_400n,
      maxHold: 604_800n,
    });
    const signed = await hold({ terms });
    const payload = await makeLifecycle(signed, { by: bench.seller, type: "capture", amount: 1n, capturable: 7n });
    const { errorReason, report } = await bench.facilitator.settle(payload, signed.requirements);
    expect(errorReason).to.equal("invalid_auth_capture_evm_unexpected_payment_state");
    expect([report?.disputedAt, report?.next.map(({ action }) => action).includes("dispute")]).to.deep.equal([
      0n,
      true,
    ]);
    expect(report?.deadlines.releasableFrom).to.equal((report?.deadlines.capture ?? 0n) - 86_400n);
    await bench.base.testClient.setBalance({ address: signed.payer.address, value: 10n ** 18n });
    const wallet = bench.base.walletOf(signed.payer.account);
    await mined(bench.base.publicClient, await dispute(wallet, { ...signed.payment, reasonHash: zeroHash }));
    const later = (await bench.facilitator.verify(payload, signed.requirements)).report;
    const actions = later?.next.map(({ action }) => action) ?? [];
    expect(later?.disputedAt).to.equal(await bench.now());
    expect(["rule", "release", "dispute"].map((action) => actions.includes(action as never))).to.deep.equal([
      true,
      true,
      false,
    ]);
    const capture = await makeLifecycle(signed, { by: bench.seller, type: "capture", amount: 1n, capturable: PRICE });
    const refused = await bench.facilitator.settle(capture, signed.requirements);
    expect(refused.errorReason).to.equal("invalid_auth_capture_evm_simulation_failed");
    expect(refused.errorMessage).to.contain("disputed");
  });

  it("pays for refunds of delegated payments where that was agreed, and only there", async () => {
    const { sender, base } = bench;
    const { operatorRefundCollector } = getEscrowDeployment("0xf96815976523E00e65Be8f34cA5e64b4f41EB19c");
    const asked: bigint[] = [];
    const at = await bench.serve({
      fundsRefund: ({ amount }) => {
        asked.push(amount);
        return amount <= PART;
      },
    });
    await base.fundUsdc(sender.account.address, PRICE);
    const args = [operatorRefundCollector, PRICE] as const;
    await sender.writeContract({ address: USDC, abi: erc20Abi, functionName: "approve", args });
    const signed = await hold({ isDelegated: true });
    await ask(signed, { type: "capture", amount: PRICE, capturable: PRICE });
    const before = await bench.usdcOf(signed.payer.address);
    await ask(signed, { type: "refund", amount: PART, refundable: PRICE }, at);
    expect((await bench.usdcOf(signed.payer.address)) - before).to.equal(PART);
    const more = { by: bench.seller, type: "refund", amount: PART + 1n, refundable: PRICE - PART } as const;
    const { errorReason } = await at.settle(await makeLifecycle(signed, more), signed.requirements);
    expect(errorReason).to.equal("invalid_auth_capture_evm_refund_funding_unavailable");
    expect(asked).to.include.members([PART, PART + 1n]);
  });
});
