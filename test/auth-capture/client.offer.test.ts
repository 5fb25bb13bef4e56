import { expect } from "chai";
import { zeroAddress } from "viem";
import {
  ESCROW_DEPLOYMENTS,
  OfferRefusedError,
  assertTerms,
  disputeRules,
  encodeLifecycle,
  hashTerms,
  makeTerms,
  parseOffer,
  predictOperator,
  predictTokenStore,
  toPaymentInfo,
  type OfferFault,
  type OfferLimits,
  type OfferedRequirements,
  type Terms,
} from "x402-escrow/auth-capture";
import { USDC } from "../base/addresses.ts";
import { DAY, HOUR, TERMS, arbiter, feeReceiver, payer, receiver, stranger } from "./clientSetup.ts";

const FACTORY = "0x00000000000000000000000000000000000fAc70";
const NOW = 1_800_000_000n;
const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];

/** An offer of these terms, as a careful seller makes it. */
function offerOf(
  terms: Terms,
  extra: Readonly<Record<string, unknown>> = {},
  changes: object = {},
): OfferedRequirements {
  return {
    scheme: "auth-capture",
    network: "eip155:8453",
    asset: USDC,
    amount: "5000000",
    payTo: receiver.address,
    maxTimeoutSeconds: 60,
    extra: {
      name: "USD Coin",
      version: "2",
      captureAuthorizer: predictOperator({ factory: FACTORY, terms, escrow }),
      captureDeadline: Number(NOW + 5n * DAY),
      refundDeadline: Number(NOW + 20n * DAY),
      feeRecipient: terms.feeReceiver,
      minFeeBps: Number(terms.feeBps),
      maxFeeBps: Number(terms.feeBps),
      paymentFlow: terms.flags === 1n ? "authorization" : "escrow",
      captureMode: "deferred",
      operatorType: "custom",
      lifecycle: encodeLifecycle({ factory: FACTORY, terms }),
      ...extra,
    },
    ...changes,
  };
}

const limits: OfferLimits = { factories: [FACTORY], arbiters: [arbiter.address], payer: payer.address, now: NOW };

describe("auth-capture client: offers", () => {
  it("takes an offer of every kind of terms, and gives what it says", () => {
    for (const terms of Object.values(TERMS)) {
      const offer = assertTerms(offerOf(terms), limits);
      expect(offer.terms).to.deep.equal(terms);
      expect(offer.factory).to.equal(FACTORY);
      expect(offer.operator).to.equal(predictOperator({ factory: FACTORY, terms, escrow }));
      expect(offer.captureDeadline).to.equal(NOW + 5n * DAY);
    }
    expect(assertTerms(offerOf(TERMS.charge), limits).kind).to.equal("charge");
    expect(assertTerms(offerOf(TERMS.arbitrated), limits).kind).to.equal("arbitrated");
  });

  it("writes and reads terms without loss", () => {
    const terms = { ...TERMS.toReceiver, salt: `0x${"ab".repeat(32)}`, maxHold: 4_294_967_295n } as const;
    const wire = encodeLifecycle({ factory: FACTORY, terms });
    expect(wire.termsHash).to.equal(hashTerms(terms));
    const travelled = JSON.parse(JSON.stringify(wire)) as unknown;
    expect(parseOffer(offerOf(terms, { lifecycle: travelled })).lifecycle).to.deep.equal({ factory: FACTORY, terms });
  });

  it("says in words what the terms mean for disputes, and refuses an offer whose words are others", () => {
    const parties = { arbiter: TERMS.arbitrated.arbiter, silenceDefault: "receiver", expiryDefault: "payer" } as const;
    const cases = [
      [TERMS.arbitrated, { ...parties, disputeDefault: "payer" }],
      [TERMS.toReceiver, { ...parties, disputeDefault: "receiver" }],
      [TERMS.hold, undefined],
      [TERMS.charge, undefined],
    ] as const;
    for (const [terms, rules] of cases) {
      expect(disputeRules(terms)).to.deep.equal(rules);
      const wire = encodeLifecycle({ factory: FACTORY, terms });
      expect(wire.disputes).to.deep.equal(rules);
      const { disputes: _disputes, ...silent } = wire;
      // Other sellers say nothing of it: the terms bind all the same.
      parseOffer(offerOf(terms, { lifecycle: silent }));
    }
    const wire = encodeLifecycle({ factory: FACTORY, terms: TERMS.arbitrated });
    const lies = [
      [wire, { disputeDefault: "receiver" }],
      [wire, { arbiter: FACTORY }],
      [wire, { silenceDefault: "payer" }],
      [wire, { expiryDefault: "receiver" }],
      [wire, { disputeDefault: 7 }],
      [wire, { promise: "refunds for ever" }],
      [encodeLifecycle({ factory: FACTORY, terms: TERMS.toReceiver }), { disputeDefault: "payer" }],
      [encodeLifecycle({ factory: FACTORY, terms: TERMS.hold }), { arbiter: TERMS.arbitrated.arbiter }],
    ] as const;
    for (const [honest, lie] of lies) {
      const lifecycle = { ...honest, disputes: { ...honest.disputes, ...lie } };
      const fault = faultOf(offerOf(TERMS.arbitrated, { lifecycle }));
      expect(fault, JSON.stringify(lie)).to.equal("Disputes");
    }
    const lifecycle = { ...wire, disputes: "none" };
    expect(faultOf(offerOf(TERMS.arbitrated, { lifecycle }))).to.equal("NoTerms");
  });

  it("makes the payment that the payer signs", () => {
    const offer = parseOffer(offerOf(TERMS.feeHold));
    const paymentInfo = toPaymentInfo(offer, { payer: payer.address, preApprovalExpiry: NOW + 60n, salt: 5n });
    expect(paymentInfo).to.deep.equal({
      operator: offer.operator,
      payer: payer.address,
      receiver: receiver.address,
      token: USDC,
      maxAmount: 5_000_000n,
      preApprovalExpiry: NOW + 60n,
      authorizationExpiry: NOW + 5n * DAY,
      refundExpiry: NOW + 20n * DAY,
      minFeeBps: 100n,
      maxFeeBps: 100n,
      feeReceiver: feeReceiver.address,
      salt: 5n,
    });
  });

  it("has the scheme's defaults", () => {
    const { extra } = offerOf(TERMS.hold);
    const { paymentFlow: _, captureMode: __, operatorType: ___, ...rest } = extra as Record<string, unknown>;
    const offer = parseOffer({ ...offerOf(TERMS.hold), extra: { ...rest, authCaptureEscrow: "" } });
    expect(offer).to.include({ paymentFlow: "escrow", captureMode: "sync", operatorType: "delegated" });
    expect(offer.deployment.generation).to.equal("v1.1");
    const v10 = { authCaptureEscrow: ESCROW_DEPLOYMENTS["v1.0"].escrow.toLowerCase() };
    expect(parseOffer(offerOf(TERMS.hold, v10)).deployment.generation).to.equal("v1.0");
  });

  it("takes an account as operator only from those the payer trusts", () => {
    const extra = { captureAuthorizer: stranger.address, operatorType: "delegated", lifecycle: undefined };
    const offered = offerOf(TERMS.hold, extra);
    expect(faultOf(offered)).to.equal("OperatorType");
    const trusting = { ...limits, delegatedOperators: [stranger.address] };
    expect(assertTerms(offered, trusting)).to.include({ kind: "delegated", terms: undefined });
    expect(faultOf(offered, { ...trusting, needsArbiter: true })).to.equal("Arbiter");
    const charged = offerOf(TERMS.hold, { ...extra, paymentFlow: "authorization" });
    expect(assertTerms(charged, trusting).kind).to.equal("delegated");
    expect(faultOf(charged, { ...trusting, allowsCharge: false })).to.equal("PaymentFlow");
  });

  const { hold, arbitrated, feeHold, charge } = TERMS;
  const shortDispute = makeTerms({ ...arbitrated, disputeWindow: DAY - 1n });
  const shortLead = makeTerms({ ...arbitrated, releaseLead: DAY - 1n });
  const tokenStore = predictTokenStore({
    escrow,
    operator: predictOperator({ factory: FACTORY, terms: hold, escrow }),
  });
  const odd = makeTerms({ ...hold, authorizer: payer.address });
  const judge = makeTerms({ ...arbitrated, feeBps: 1n, feeReceiver: arbiter.address });
  const impossible = { ...hold, maxHold: 0n };
  const possibleOperator = predictOperator({ factory: FACTORY, terms: hold, escrow });

  const refused: readonly (readonly [string, OfferFault, OfferedRequirements, Partial<OfferLimits>?])[] = [
    ["another scheme", "Scheme", offerOf(hold, {}, { scheme: "exact" })],
    ["a network that is no EVM chain", "Network", offerOf(hold, {}, { network: "solana:1" })],
    ["another escrow", "Escrow", offerOf(hold, { authCaptureEscrow: "0x13AC3b34322D12FE27D5e192D0c2b2266d4F29CB" })],
    ["a policy", "Policy", offerOf(hold, { policy: stranger.address })],
    ["an unknown flow", "PaymentFlow", offerOf(hold, { paymentFlow: "later" })],
    ["a flow that does not fit the terms", "PaymentFlow", offerOf(hold, { paymentFlow: "authorization" })],
    ["a charge where none is allowed", "PaymentFlow", offerOf(charge), { allowsCharge: false }],
    ["a policy operator", "OperatorType", offerOf(hold, { operatorType: "policy" })],
    ["no terms", "NoTerms", offerOf(hold, { lifecycle: undefined })],
    ["malformed terms", "NoTerms", offerOf(hold, { lifecycle: { factory: FACTORY, terms: { ...hold, salt: "0x" } } })],
    ["a factory that is not trusted", "Factory", offerOf(hold), { factories: [stranger.address] }],
    ["another operator than the terms'", "Operator", offerOf(hold, { captureAuthorizer: stranger.address })],
    [
      "other terms than the operator's",
      "Operator",
      offerOf(hold, { lifecycle: encodeLifecycle({ factory: FACTORY, terms: feeHold }) }),
    ],
    [
      "terms that cannot be",
      "Terms",
      offerOf(hold, {
        captureAuthorizer: possibleOperator,
        lifecycle: encodeLifecycle({ factory: FACTORY, terms: impossible }),
      }),
    ],
    ["the payer as receiver", "Party", offerOf(hold, {}, { payTo: payer.address })],
    ["the token store as receiver", "Party", offerOf(hold, {}, { payTo: tokenStore })],
    ["no receiver", "Party", offerOf(hold, {}, { payTo: zeroAddress })],
    ["the payer as authorizer", "Party", offerOf(odd)],
    ["an arbiter that takes the fee", "Party", offerOf(judge)],
    ["an arbiter that is the receiver", "Party", offerOf(arbitrated, {}, { payTo: arbiter.address })],
    ["a fee beyond the payer's", "Fee", offerOf(feeHold), { maxFeeBps: 99n }],
    ["a fee that is not the terms'", "Fee", offerOf(feeHold, { minFeeBps: 0, maxFeeBps: 99 })],
    ["a fee receiver that is not the terms'", "Fee", offerOf(feeHold, { feeRecipient: stranger.address })],
    ["bounds upside down", "Fee", offerOf(feeHold, { minFeeBps: 200, maxFeeBps: 100 })],
    ["an arbiter that is not known", "Arbiter", offerOf(arbitrated), { arbiters: [] }],
    ["no arbiter where one is wanted", "Arbiter", offerOf(hold), { needsArbiter: true }],
    ["too little time to dispute", "DisputeWindow", offerOf(shortDispute)],
    ["too short a release lead", "ReleaseLead", offerOf(shortLead)],
    ["a signature that counts for long", "Timeout", offerOf(hold, {}, { maxTimeoutSeconds: 61 })],
    ["a capture deadline in the past", "Deadline", offerOf(hold, { captureDeadline: Number(NOW) })],
    ["a refund deadline before the capture's", "Deadline", offerOf(hold, { refundDeadline: Number(NOW + 4n * DAY) })],
    [
      "a deadline that leaves no time for disputes",
      "Deadline",
      offerOf(arbitrated, { captureDeadline: Number(NOW + 3n * DAY + 59n) }),
    ],
    ["no time for refunds", "Refund", offerOf(hold, { refundDeadline: Number(NOW + 5n * DAY) })],
    ["a hold beyond the payer's", "Hold", offerOf(hold), { maxHold: 5n * DAY - 1n }],
    ["a hold beyond the terms'", "Hold", offerOf(hold, { captureDeadline: Number(NOW + 10n * DAY + 61n) })],
    ["a deadline that is no number", "Deadline", offerOf(hold, { captureDeadline: "soon" })],
    ["an amount of nothing", "Amount", offerOf(hold, {}, { amount: "0" })],
    ["an amount that does not fit", "Amount", offerOf(hold, {}, { amount: String(1n << 120n) })],
    ["an amount that is no number", "Amount", offerOf(hold, {}, { amount: "-1" })],
    ["an amount beyond the payer's", "Amount", offerOf(hold), { maxAmount: 4_999_999n }],
  ];

  for (const [what, fault, requirements, changes = {}] of refused) {
    it(`refuses ${what}`, () => {
      expect(faultOf(requirements, { ...limits, ...changes })).to.equal(fault);
    });
  }

  it("takes what its limits allow", () => {
    const relaxed = { ...limits, minDisputeWindow: HOUR, minReleaseLead: HOUR, needsRefunds: false };
    expect(assertTerms(offerOf(shortDispute), relaxed).kind).to.equal("arbitrated");
    expect(assertTerms(offerOf(shortLead), relaxed).kind).to.equal("arbitrated");
    const noRefunds = offerOf(hold, { refundDeadline: Number(NOW + 5n * DAY) });
    expect(assertTerms(noRefunds, relaxed).kind).to.equal("hold");
    expect(
      assertTerms(offerOf(hold, {}, { maxTimeoutSeconds: 300 }), { ...limits, maxTimeoutSeconds: 300n }).kind,
    ).to.equal("hold");
  });

  it("looks at the clock of its machine unless it is told the time", () => {
    const { now: _, ...withoutTime } = limits;
    const soon = Math.floor(Date.now() / 1_000);
    const extra = { captureDeadline: soon + Number(DAY), refundDeadline: soon + 2 * Number(DAY) };
    expect(assertTerms(offerOf(hold, extra), withoutTime).kind).to.equal("hold");
    expect(faultOf(offerOf(hold, { ...extra, captureDeadline: soon - 1 }), withoutTime)).to.equal("Deadline");
  });

  function faultOf(requirements: OfferedRequirements, given: OfferLimits = limits): OfferFault | undefined {
    try {
      assertTerms(requirements, given);
      return undefined;
    } catch (error) {
      if (!(error instanceof OfferRefusedError)) throw error;
      expect(error.metaMessages[0], "says what to do next").to.match(/^[A-Z].{10,}\.$/);
      return error.fault;
    }
  }
});
