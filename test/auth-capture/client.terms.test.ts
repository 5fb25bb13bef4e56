import { expect } from "chai";
import fc from "fast-check";
import { zeroAddress, zeroHash } from "viem";
import {
  ESCROW_DEPLOYMENTS,
  GENERATIONS,
  ImpossibleTermsError,
  InvalidTermsError,
  UnknownEscrowError,
  deployOperator,
  feeOf,
  findBrokenTermsRule,
  getCollector,
  getPaymentHash,
  getPaymentInfoTypeHash,
  getPredictedOperator,
  getTerms,
  getTokenStore,
  getTokenStoreImplementation,
  hashTerms,
  isOperator,
  makeTerms,
  packTerms,
  paymentInfoTypeHash,
  predictOperator,
  predictTokenStore,
  type Terms,
} from "x402-escrow/auth-capture";
import { rejectedWith } from "../helpers/rejectedWith.ts";
import { TERMS, authorizer, payer, receiver, useAuthCapture } from "./clientSetup.ts";

describe("auth-capture client: terms and operators", () => {
  const chain = useAuthCapture();

  for (const generation of GENERATIONS) {
    const { escrow, tokenStoreImplementation, permit2Collector } = ESCROW_DEPLOYMENTS[generation];

    it(`predicts the operators that the factory deploys on ${generation}`, async () => {
      const { publicClient } = chain.base;
      const { factory } = chain;
      for (const terms of Object.values(TERMS)) {
        const { operator } = (await chain.payment(generation, terms)).paymentInfo;
        expect(await getPredictedOperator(publicClient, { factory, terms, escrow })).to.equal(operator);
        expect(await isOperator(publicClient, { factory, account: operator })).to.equal(true);
        expect(await getTerms(publicClient, { operator })).to.deep.equal(terms);
        expect(packTerms(terms)).to.have.lengthOf(2 + 2 * 111);
        expect(await getTokenStore(publicClient, { escrow, operator })).to.equal(
          predictTokenStore({ escrow, operator }),
        );
      }
      expect(await isOperator(publicClient, { factory, account: payer.address })).to.equal(false);
    });

    it(`agrees with the escrow of ${generation} and its collectors`, async () => {
      const { publicClient } = chain.base;
      const { at, paymentInfoHash } = await chain.payment(generation, TERMS.hold);
      expect(await getPaymentHash(publicClient, at)).to.equal(paymentInfoHash);
      expect(await getPaymentInfoTypeHash(publicClient, { escrow })).to.equal(paymentInfoTypeHash());
      expect(await getTokenStoreImplementation(publicClient, { escrow })).to.equal(tokenStoreImplementation);
      const refunds = await getCollector(publicClient, { tokenCollector: chain.refundCollector(generation) });
      expect(refunds).to.deep.equal({ escrow, collects: "refunds" });
      const payments = await getCollector(publicClient, { tokenCollector: permit2Collector });
      expect(payments).to.deep.equal({ escrow, collects: "payments" });
    });
  }

  it("predicts another operator for any other term, salt, escrow or factory", () => {
    const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
    const parameters = { factory: chain.factory, terms: TERMS.hold, escrow };
    const operators = [
      parameters,
      { ...parameters, terms: { ...TERMS.hold, salt: `0x${"01".repeat(32)}` as const } },
      { ...parameters, terms: { ...TERMS.hold, maxHold: TERMS.hold.maxHold + 1n } },
      { ...parameters, terms: { ...TERMS.hold, authorizer: zeroAddress } },
      { ...parameters, escrow: ESCROW_DEPLOYMENTS["v1.0"].escrow },
      { ...parameters, factory: payer.address },
    ].map((each) => predictOperator(each));
    expect(new Set(operators).size).to.equal(operators.length);
    expect(hashTerms(TERMS.hold)).to.not.equal(hashTerms(TERMS.arbitrated));
  });

  it("has the factory's rules, in its order", async function () {
    this.timeout(120_000);
    const { factory, base } = chain;
    const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
    const party = fc.constantFrom(zeroAddress, payer.address, receiver.address);
    const span = fc.constantFrom(0n, 1n, 3_599n, 3_600n, 7_200n, 7_201n, 86_400n, 4_294_967_295n);
    const anyTerms: fc.Arbitrary<Terms> = fc.record({
      authorizer: party,
      arbiter: party,
      feeReceiver: party,
      feeBps: fc.constantFrom(0n, 0n, 1n, 9_999n, 10_000n),
      releaseLead: span,
      ruleLead: span,
      disputeWindow: span,
      maxHold: span,
      flags: fc.constantFrom(0n, 0n, 1n, 2n, 3n, 4n, 5n, 255n),
      salt: fc.constant(zeroHash),
    });
    const seen = new Set<number | undefined>();
    const property = fc.asyncProperty(anyTerms, async (terms) => {
      const rule = findBrokenTermsRule(terms);
      seen.add(rule);
      const asked = getPredictedOperator(base.publicClient, { factory, terms, escrow });
      if (rule === undefined) {
        expect(await asked).to.equal(predictOperator({ factory, terms, escrow }));
        return;
      }
      expect((await rejectedWith(asked, InvalidTermsError)).args.rule).to.equal(rule);
      expect(() => makeTerms(terms)).to.throw(ImpossibleTermsError);
    });
    await fc.assert(property, { numRuns: 400 });
    expect(seen.size).to.be.greaterThan(5);
  });

  it("names each rule that terms can break, as the factory does", async () => {
    const arbitrated = { arbiter: receiver.address, disputeWindow: 3_600n, releaseLead: 7_200n };
    const broken: readonly Partial<Terms>[] = [
      { flags: 4n },
      { feeBps: 10_000n },
      { feeBps: 5n },
      { flags: 1n },
      { maxHold: 0n },
      { releaseLead: 1n },
      { ...arbitrated, arbiter: authorizer.address },
      { ...arbitrated, ruleLead: 3_600n },
      { ...arbitrated, maxHold: 10_800n },
    ];
    const { factory, base } = chain;
    const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
    for (const [index, changes] of broken.entries()) {
      const terms = { ...TERMS.hold, ...changes };
      expect(findBrokenTermsRule(terms)).to.equal(index + 1);
      const asked = getPredictedOperator(base.publicClient, { factory, terms, escrow });
      expect((await rejectedWith(asked, InvalidTermsError)).args.rule).to.equal(index + 1);
      const sent = deployOperator(base.wallets.relayer, { factory, terms, escrow });
      const error = await rejectedWith(sent, ImpossibleTermsError);
      expect(error.metaMessages[0]).to.match(/^Change them so that .{10,}\.$/);
    }
    expect(new ImpossibleTermsError(77).metaMessages[0]).to.contain("the contract's version");
  });

  it("throws UnknownEscrowError where the factory does not know the escrow", async () => {
    const { factory, base } = chain;
    const call = { factory, terms: TERMS.hold, escrow: payer.address };
    const asked = getPredictedOperator(base.publicClient, call);
    expect((await rejectedWith(asked, UnknownEscrowError)).args.escrow).to.equal(payer.address);
    await rejectedWith(deployOperator(base.wallets.relayer, call), UnknownEscrowError);
  });

  it("computes a fee as each generation takes it", () => {
    expect(feeOf({ feeBps: 100n }, 199n, "v1.1")).to.deep.equal({ feeAmount: 1n });
    expect(feeOf({ feeBps: 100n }, 199n, "v1.0")).to.deep.equal({ feeBps: 100n });
  });
});
