import { isAddressEqual, zeroAddress, type Address } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { hashTerms } from "./hash.ts";
import { parseOffer, type Offer, type OfferedRequirements } from "./offer.ts";
import { predictOperator, predictTokenStore } from "./predict.ts";
import { ImpossibleTermsError, OfferRefusedError, type OfferFault } from "./refusals.ts";
import { assertTermsPossible, termsKind } from "./terms.ts";
import type { Terms, TermsKind } from "./types.ts";

const DAY = 86_400n;

/** What a payer takes; each member has a careful default. */
export interface OfferLimits {
  /** Addresses of the factories that the payer trusts. */
  readonly factories: readonly Address[];
  /** Operators that are accounts, and that the payer trusts with its money; none when absent. */
  readonly delegatedOperators?: readonly Address[];
  /** Arbiters that the payer trusts; none when absent. */
  readonly arbiters?: readonly Address[];
  /** True to take nothing but holds with an arbiter. */
  readonly needsArbiter?: boolean;
  /** False to pay no charge at once; true when absent. */
  readonly allowsCharge?: boolean;
  /** Greatest fee, basis points; 500 when absent. */
  readonly maxFeeBps?: bigint;
  /** Longest hold, seconds from now; 30 days when absent. */
  readonly maxHold?: bigint;
  /** Least time for disputes, seconds; a day when absent, so that a chain that stands still for hours does not swallow it. */
  readonly minDisputeWindow?: bigint;
  /** Least `releaseLead`, seconds; a day when absent, for the same reason. */
  readonly minReleaseLead?: bigint;
  /** How long the signature may count, seconds; 60 when absent. */
  readonly maxTimeoutSeconds?: bigint;
  /** True when the seller promises refunds: the time for them must end after the hold. True when absent. */
  readonly needsRefunds?: boolean;
  /** Most that may be paid, token base units; no limit when absent. */
  readonly maxAmount?: bigint;
  /** The payer, to see that it is no other party. */
  readonly payer?: Address;
  /** The payer's time, unix seconds; the clock of this machine when absent. */
  readonly now?: bigint;
}

/** An offer that a payer may sign. */
export interface AssertedOffer extends Offer {
  /** What the operator allows; `delegated` when it is an account that the payer trusts. */
  readonly kind: TermsKind | "delegated";
  /** Terms of the operator; `undefined` when it is an account. */
  readonly terms: Terms | undefined;
  /** Factory of the operator; `undefined` when it is an account. */
  readonly factory: Address | undefined;
}

/**
 * Refuses an offer that a careful payer does not sign. The operator's address is the payer's only commitment, so it is computed from the
 * terms that the offer shows; then terms, fee, deadlines and parties are held against the payer's limits.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol, specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @param requirements - {@link OfferedRequirements}, as the 402 has them.
 * @param limits - {@link OfferLimits}; spans in seconds, fees in basis points.
 * @returns {@link AssertedOffer}.
 * @throws {OfferRefusedError} the offer is malformed, or beyond a limit; `fault` says which.
 *
 * @example
 * const offer = assertTerms(requirements, { factories: [factory], arbiters: [arbiter], payer });
 */
export function assertTerms(requirements: OfferedRequirements, limits: OfferLimits): AssertedOffer {
  const offer = parseOffer(requirements);
  const { now = BigInt(Math.floor(Date.now() / 1_000)) } = limits;
  const operator = assertOperator(offer, limits);
  assertParties(offer, operator.terms, limits);
  assertFee(offer, operator.terms, limits);
  assertWindows(offer, operator, limits, now);
  return { ...offer, ...operator };
}

type CheckedOperator = Pick<AssertedOffer, "kind" | "terms" | "factory">;

function assertOperator(offer: Offer, limits: OfferLimits): CheckedOperator {
  const { operator, lifecycle, operatorType, policy, paymentFlow } = offer;
  if (!isAddressEqual(policy, zeroAddress)) refuse("Policy", "The offer names a policy.", "Pay by terms instead.");
  if (paymentFlow !== "escrow" && paymentFlow !== "authorization") {
    refuse("PaymentFlow", `The flow ${paymentFlow} is unknown.`, "Pay by the flow escrow or authorization.");
  }
  if (paymentFlow === "authorization" && limits.allowsCharge === false) {
    refuse("PaymentFlow", "The offer charges at once.", "Allow charges with `allowsCharge`, or pay into a hold.");
  }
  if (operatorType === "delegated" && lifecycle === undefined) return assertDelegated(offer, limits);
  if (operatorType !== "custom") {
    refuse("OperatorType", `The operator type ${operatorType} is not that of an operator with terms.`, TELL_SELLER);
  }
  if (lifecycle === undefined) {
    return refuse("NoTerms", "The offer shows no terms.", "Pay sellers that publish `extra.lifecycle`.");
  }
  const { terms } = lifecycle;
  const factory = limits.factories.find((trusted) => isAddressEqual(trusted, lifecycle.factory));
  if (factory === undefined) {
    return refuse("Factory", `${lifecycle.factory} is no factory that you trust.`, "Add it to `factories` if you do.");
  }
  const predicted = predictOrRefuse(offer, factory, terms);
  if (!isAddressEqual(predicted, operator)) {
    refuse("Operator", `The operator is ${operator}; these terms are those of ${predicted}.`, TELL_SELLER);
  }
  const kind = termsKind(terms);
  if ((kind === "charge") !== (paymentFlow === "authorization")) {
    refuse("PaymentFlow", `Terms of the kind ${kind} do not fit the flow ${paymentFlow}.`, TELL_SELLER);
  }
  return { kind, terms, factory };
}

function assertDelegated({ operator }: Offer, { delegatedOperators = [], needsArbiter }: OfferLimits): CheckedOperator {
  if (needsArbiter === true) refuse("Arbiter", "An account is the operator, without an arbiter.", TRUST_ARBITER);
  if (!delegatedOperators.some((trusted) => isAddressEqual(trusted, operator))) {
    const next = "Add it to `delegatedOperators` if you trust it with your money.";
    refuse("OperatorType", `The operator ${operator} is an account bound by no terms.`, next);
  }
  return { kind: "delegated", terms: undefined, factory: undefined };
}

function predictOrRefuse({ deployment }: Offer, factory: Address, terms: Terms): Address {
  try {
    hashTerms(terms);
    assertTermsPossible(terms);
    return predictOperator({ factory, terms, escrow: deployment.escrow });
  } catch (cause) {
    const what = cause instanceof ImpossibleTermsError ? cause.shortMessage : "The terms are malformed.";
    throw new OfferRefusedError("Terms", what, TELL_SELLER, { cause });
  }
}

function assertParties(offer: Offer, terms: Terms | undefined, { payer, maxAmount, ...limits }: OfferLimits): void {
  const { receiver, operator, deployment, amount } = offer;
  const tokenStore = predictTokenStore({ escrow: deployment.escrow, operator });
  const others = [zeroAddress, operator, tokenStore, ...(payer === undefined ? [] : [payer])];
  if (includes(others, receiver)) refuse("Party", `${receiver} cannot be the receiver.`, TELL_SELLER);
  if (amount === 0n || amount >= 1n << 120n) refuse("Amount", `The amount ${amount} cannot be held.`, TELL_SELLER);
  if (maxAmount !== undefined && amount > maxAmount) {
    refuse("Amount", `The amount ${amount} is above your ${maxAmount}.`, "Raise `maxAmount`, or pay less.");
  }
  if (terms === undefined) return;
  const { arbiter, authorizer, feeReceiver } = terms;
  if (payer !== undefined && includes([authorizer, arbiter], payer)) {
    refuse("Party", "The payer is the authorizer or the arbiter of the terms.", TELL_SELLER);
  }
  if (termsKind(terms) !== "arbitrated") {
    if (limits.needsArbiter === true) refuse("Arbiter", "The terms name no arbiter.", TRUST_ARBITER);
    return;
  }
  if (includes([receiver, feeReceiver], arbiter)) {
    refuse("Party", "The arbiter is the receiver, or takes the fee.", TELL_SELLER);
  }
  if (!includes(limits.arbiters ?? [], arbiter))
    refuse("Arbiter", `You do not know the arbiter ${arbiter}.`, TRUST_ARBITER);
}

function assertFee(offer: Offer, terms: Terms | undefined, { maxFeeBps = 500n }: OfferLimits): void {
  const { minFeeBps, maxFeeBps: offered, feeReceiver } = offer;
  if (minFeeBps > offered || offered > 10_000n) {
    refuse("Fee", `A fee of ${minFeeBps} to ${offered} basis points cannot be.`, TELL_SELLER);
  }
  if (offered > maxFeeBps) {
    refuse("Fee", `A fee of ${offered} basis points is above your ${maxFeeBps}.`, "Raise `maxFeeBps` if you mean it.");
  }
  if (terms === undefined) return;
  const fits = terms.feeBps >= minFeeBps && terms.feeBps <= offered;
  if (!fits || !isAddressEqual(withChecksums(terms.feeReceiver), feeReceiver)) {
    refuse("Fee", `The offer's fee does not take the terms' ${terms.feeBps} basis points.`, TELL_SELLER);
  }
}

function assertWindows(offer: Offer, { terms, kind }: CheckedOperator, limits: OfferLimits, now: bigint): void {
  const { maxTimeoutSeconds: longest = 60n, maxHold = 30n * DAY, needsRefunds = true } = limits;
  const { captureDeadline, refundDeadline, maxTimeoutSeconds } = offer;
  if (maxTimeoutSeconds > longest) {
    const next = "Raise `maxTimeoutSeconds` if it may lie around for so long.";
    refuse("Timeout", `The signature would count for ${maxTimeoutSeconds} seconds, more than your ${longest}.`, next);
  }
  if (captureDeadline < now + maxTimeoutSeconds) {
    refuse(
      "Deadline",
      `The capture deadline ${captureDeadline} is too near; it is ${now} now.`,
      "Ask for a new offer.",
    );
  }
  if (refundDeadline < captureDeadline || refundDeadline >= 1n << 48n) {
    refuse("Deadline", `The refund deadline ${refundDeadline} does not follow ${captureDeadline}.`, TELL_SELLER);
  }
  if (needsRefunds && refundDeadline <= captureDeadline) {
    refuse("Refund", "There would be no time for refunds.", "Pass `needsRefunds: false` if none is promised.");
  }
  if (kind !== "charge" && captureDeadline > now + maxHold) {
    refuse(
      "Hold",
      `The hold would last until ${captureDeadline}, more than your ${maxHold} seconds.`,
      "Raise `maxHold`.",
    );
  }
  if (terms === undefined || kind === "charge") return;
  const { releaseLead, disputeWindow } = terms;
  if (captureDeadline > now + terms.maxHold + maxTimeoutSeconds) {
    refuse("Hold", "The operator would not take a hold of this length.", "Ask for a new offer.");
  }
  if (captureDeadline < now + maxTimeoutSeconds + disputeWindow + releaseLead) {
    refuse("Deadline", "The operator would not take the hold: too little time for disputes.", "Ask for a new offer.");
  }
  if (kind === "arbitrated") assertDisputes(terms, limits);
}

function assertDisputes({ releaseLead, disputeWindow }: Terms, limits: OfferLimits): void {
  const { minDisputeWindow = DAY, minReleaseLead = DAY } = limits;
  if (disputeWindow < minDisputeWindow) {
    const next = "Lower `minDisputeWindow` if you watch your payments that closely.";
    refuse("DisputeWindow", `${disputeWindow} seconds to dispute are below your ${minDisputeWindow}.`, next);
  }
  if (releaseLead < minReleaseLead) {
    const next = "Lower `minReleaseLead` if you mean it.";
    refuse("ReleaseLead", `A release lead of ${releaseLead} seconds is below your ${minReleaseLead}.`, next);
  }
}

const TELL_SELLER = "Tell the seller; pay somewhere else.";
const TRUST_ARBITER = "Take terms whose arbiter is among your `arbiters`.";

function includes(accounts: readonly Address[], account: Address): boolean {
  return accounts.some((other) => isAddressEqual(other, account));
}

function refuse(fault: OfferFault, what: string, next: string): never {
  throw new OfferRefusedError(fault, what, next);
}
