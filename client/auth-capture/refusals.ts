import type { Address } from "viem";
import { BaseError } from "../errors.ts";

/** The escrow is neither generation of the canonical one. */
export class UnknownEscrowAddressError extends BaseError {
  override readonly name = "UnknownEscrowAddressError";
  /** The address that is neither generation's. */
  readonly escrow: Address;

  constructor(escrow: Address) {
    super(`${escrow} is not a canonical AuthCaptureEscrow.`, {
      metaMessages: ["Pass the `escrow` of a deployment of ESCROW_DEPLOYMENTS, v1.1 or v1.0."],
    });
    this.escrow = escrow;
  }
}

const TERMS_RULES: readonly string[] = [
  "`flags` has only the bits of TERMS_FLAGS",
  "`feeBps` is below 10,000",
  "`feeReceiver` is zero if and only if `feeBps` is",
  "terms of a charge have no other flag, no arbiter, and zero for all four spans",
  "`maxHold` is not zero",
  "without an arbiter `releaseLead`, `ruleLead` and `disputeWindow` are zero and the dispute default is not set",
  "the arbiter is not the authorizer, `disputeWindow` is at least 3,600, `releaseLead` at least `ruleLead` + 3,600",
  "`ruleLead` is at least 3,600 with the dispute default set, and zero without",
  "`disputeWindow` + `releaseLead` is below `maxHold`",
];

/** The terms cannot be, so no operator has them. `rule` is the number the contract gives, from 1. */
export class ImpossibleTermsError extends BaseError {
  override readonly name = "ImpossibleTermsError";
  /** Number of the first rule of the terms that fails. */
  readonly rule: number;

  constructor(rule: number) {
    super(`The terms break rule ${rule}.`, {
      metaMessages: [`Change them so that ${describeTermsRule(rule)}.`],
    });
    this.rule = rule;
  }
}

/** What a rule of terms asks for, as half a sentence. */
export function describeTermsRule(rule: number): string {
  return TERMS_RULES[rule - 1] ?? "they fit the contract's version";
}

/** Why `assertTerms` refuses an offer. */
export type OfferFault =
  | "Scheme"
  | "Network"
  | "Escrow"
  | "OperatorType"
  | "NoTerms"
  | "Factory"
  | "Terms"
  | "Operator"
  | "Policy"
  | "PaymentFlow"
  | "Party"
  | "Fee"
  | "Arbiter"
  | "Disputes"
  | "DisputeWindow"
  | "ReleaseLead"
  | "Timeout"
  | "Hold"
  | "Deadline"
  | "Refund"
  | "Amount";

/** An offer is not one that this payer signs. `fault` says what is wrong. */
export class OfferRefusedError extends BaseError {
  override readonly name = "OfferRefusedError";
  readonly fault: OfferFault;

  constructor(fault: OfferFault, what: string, next: string, options: { readonly cause?: unknown } = {}) {
    super(what, { ...options, metaMessages: [next] });
    this.fault = fault;
  }
}

/** Why `signRefund` refuses to sign. */
export type RefundFault = "Operator" | "Funder" | "Amount" | "Expired";

/** A refund is not one that this funder should sign: it could pay a stranger's operator. `fault` says what is wrong. */
export class RefundRefusedError extends BaseError {
  override readonly name = "RefundRefusedError";
  readonly fault: RefundFault;

  constructor(fault: RefundFault, what: string, next: string) {
    super(what, { metaMessages: [next] });
    this.fault = fault;
  }
}

/** Nothing is deployed at the operator's address, where every call would succeed and do nothing. */
export class OperatorNotDeployedError extends BaseError {
  override readonly name = "OperatorNotDeployedError";
  /** Where there is no code. */
  readonly operator: Address;

  constructor(operator: Address) {
    super(`There is no code at the operator ${operator}.`, {
      metaMessages: ["Deploy the operator of these terms with deployOperator first; anyone may."],
    });
    this.operator = operator;
  }
}
