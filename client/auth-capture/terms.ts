import { isAddressEqual, zeroAddress, type Address } from "viem";
import { withChecksums } from "../core/checksums.ts";
import type { Generation } from "./addresses.ts";
import { ImpossibleTermsError } from "./refusals.ts";
import type { Fee } from "./typedData.ts";
import { TERMS_FLAGS, type FeeTerms, type PaymentInfo, type Terms, type TermsKind } from "./types.ts";

const HOUR = 3_600n;
const BASIS_POINTS = 10_000n;

/** One of the two whom a hold can go to. */
export type Beneficiary = "payer" | "receiver";

/** Who judges disputes, and whom a hold goes to when nobody speaks. */
export interface DisputeRules {
  /** Who splits a disputed hold. */
  readonly arbiter: Address;
  /** Whom a disputed hold goes to when the arbiter is silent. */
  readonly disputeDefault: Beneficiary;
  /** Whom an undisputed hold goes to when the payer is silent until `releasableFrom` and anybody calls `releaseDue`. */
  readonly silenceDefault: "receiver";
  /** Whom a hold goes to when everybody is silent until the capture deadline. */
  readonly expiryDefault: "payer";
}

/** Terms without any rule: what is not named is zero. */
const NO_TERMS: Terms = {
  authorizer: zeroAddress,
  arbiter: zeroAddress,
  feeReceiver: zeroAddress,
  feeBps: 0n,
  releaseLead: 0n,
  ruleLead: 0n,
  disputeWindow: 0n,
  maxHold: 0n,
  flags: 0n,
  salt: `0x${"00".repeat(32)}`,
};

/**
 * Completes terms: what is not named is zero.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param terms - What differs from zero.
 * @returns {@link Terms}, checked by the factory's rules.
 * @throws {ImpossibleTermsError} the terms break a rule.
 *
 * @example
 * const plainHold = makeTerms({ authorizer, maxHold: 604_800n });
 */
export function makeTerms(terms: Partial<Terms>): Terms {
  const complete = { ...NO_TERMS, ...terms };
  assertTermsPossible(complete);
  return complete;
}

/**
 * Says in words what terms mean for disputes, and what silence does.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param terms - {@link Terms}.
 * @returns {@link DisputeRules}; `undefined` for terms without an arbiter, of which nothing can be disputed.
 *
 * @example
 * const { arbiter, disputeDefault } = disputeRules(terms) ?? {};
 */
export function disputeRules(terms: Terms): DisputeRules | undefined {
  const { arbiter, flags } = terms;
  if (isAddressEqual(arbiter, zeroAddress)) return undefined;
  const fallsToReceiver = (flags & TERMS_FLAGS.disputeDefaultReceiver) !== 0n;
  return {
    arbiter: withChecksums(arbiter),
    disputeDefault: fallsToReceiver ? "receiver" : "payer",
    silenceDefault: "receiver",
    expiryDefault: "payer",
  };
}

/**
 * Finds the first rule that terms break, in the order of the factory.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol, `InvalidTerms`
 *
 * @param terms - {@link Terms}.
 * @returns Number of the rule, from 1; `undefined` when there can be an operator of these terms.
 *
 * @example
 * const rule = findBrokenTermsRule(terms);
 */
export function findBrokenTermsRule(terms: Terms): number | undefined {
  const rules = termsKind(terms) === "charge" ? [...commonRules(terms), chargeRule(terms)] : holdRules(terms);
  const index = rules.indexOf(false);
  return index === -1 ? undefined : index + 1;
}

/**
 * Fails unless there can be an operator of these terms.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol, `InvalidTerms`
 *
 * @param terms - {@link Terms}.
 * @throws {ImpossibleTermsError} the terms break a rule; `rule` is its number.
 *
 * @example
 * assertTermsPossible(terms);
 */
export function assertTermsPossible(terms: Terms): void {
  const rule = findBrokenTermsRule(terms);
  if (rule !== undefined) throw new ImpossibleTermsError(rule);
}

/**
 * Says what kind of payment terms allow.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param terms - {@link Terms}.
 * @returns {@link TermsKind}.
 *
 * @example
 * const isHeld = termsKind(terms) !== "charge";
 */
export function termsKind({ flags, arbiter }: Pick<Terms, "flags" | "arbiter">): TermsKind {
  if ((flags & TERMS_FLAGS.chargeFlow) !== 0n) return "charge";
  return isAddressEqual(arbiter, zeroAddress) ? "hold" : "arbitrated";
}

/**
 * Computes the fee of an amount as the operator submits it.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param terms - Fee in basis points.
 * @param amount - To capture or charge, token base units.
 * @param generation - Generation of the escrow.
 * @returns `feeAmount`, rounded down, for v1.1; `feeBps` for v1.0.
 *
 * @example
 * const fee = feeOf(terms, amount, "v1.1");
 */
export function feeOf({ feeBps }: Pick<FeeTerms, "feeBps">, amount: bigint, generation: Generation): Fee {
  return generation === "v1.0" ? { feeBps } : { feeAmount: (amount * feeBps) / BASIS_POINTS };
}

/**
 * Names whose signature captures, voids and refunds a payment.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param terms - {@link Terms}.
 * @param paymentInfo - The payment.
 * @returns The terms' authorizer, or the receiver when they name none.
 *
 * @example
 * const authorizer = authorizerOf(terms, paymentInfo);
 */
export function authorizerOf(terms: Pick<Terms, "authorizer">, paymentInfo: Pick<PaymentInfo, "receiver">) {
  return isAddressEqual(terms.authorizer, zeroAddress) ? paymentInfo.receiver : terms.authorizer;
}

/** Rules 1 to 3. */
function commonRules({ flags, feeBps, feeReceiver }: Terms): boolean[] {
  return [flags < 4n, feeBps < BASIS_POINTS, (feeBps === 0n) === isAddressEqual(feeReceiver, zeroAddress)];
}

/** Rule 4, which leaves the others without a meaning. */
function chargeRule({ flags, arbiter, releaseLead, ruleLead, disputeWindow, maxHold }: Terms): boolean {
  const isBare = [releaseLead, ruleLead, disputeWindow, maxHold].every((span) => span === 0n);
  return flags === TERMS_FLAGS.chargeFlow && isAddressEqual(arbiter, zeroAddress) && isBare;
}

function holdRules(terms: Terms): boolean[] {
  const { authorizer, arbiter, releaseLead, ruleLead, disputeWindow, maxHold, flags } = terms;
  const isArbitrated = termsKind(terms) === "arbitrated";
  const fallsToReceiver = (flags & TERMS_FLAGS.disputeDefaultReceiver) !== 0n;
  const isPlain = releaseLead === 0n && ruleLead === 0n && disputeWindow === 0n && !fallsToReceiver;
  const isArbitrable = !isAddressEqual(arbiter, authorizer) && disputeWindow >= HOUR && releaseLead >= ruleLead + HOUR;
  return [
    ...commonRules(terms),
    true,
    maxHold > 0n,
    isArbitrated || isPlain,
    !isArbitrated || isArbitrable,
    fallsToReceiver ? ruleLead >= HOUR : ruleLead === 0n,
    disputeWindow + releaseLead < maxHold,
  ];
}
