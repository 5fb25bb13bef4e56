import { isAddressEqual, type Address } from "viem";
import { smallest } from "../core/amounts.ts";
import { authorizerOf, termsKind } from "./terms.ts";
import { TERMS_FLAGS, type PaymentInfo, type PaymentState, type Terms, type TermsKind } from "./types.ts";

/** Kind of a payment: that of its operator's terms, or `delegated` when the operator is an account without terms. */
export type PaymentKind = TermsKind | "delegated";

/** Who may do something. `anyone` needs no signature, `both` are payer and authorizer together. */
export type Role = "anyone" | "authorizer" | "payer" | "arbiter" | "both" | "operator";

/** Every action of a payment's life. */
export type LifecycleAction =
  | "authorize"
  | "charge"
  | "capture"
  | "captureAndVoid"
  | "void"
  | "refund"
  | "release"
  | "dispute"
  | "rule"
  | "settle"
  | "releaseDue"
  | "voidExpired"
  | "reclaim";

/** A moment of a payment. Windows begin with their moment and end one second before it. */
export type Moment =
  | "always"
  | "never"
  /** First second at which the hold is not too long. */
  | "collectableFrom"
  /** First second at which it cannot be collected: the payer's signature or the time for disputes has run out. */
  | "collectableUntil"
  /** W: an undisputed arbitrated hold is due to the receiver. */
  | "releasableFrom"
  /** Q: the arbiter can no longer rule. */
  | "rulingDeadline"
  /** E: nothing can be captured, and the rest is the payer's. */
  | "authorizationExpiry"
  | "refundExpiry";

/** What must hold of a payment for an action; what is not named does not matter. */
export interface Condition {
  readonly collected?: false;
  /** Something is held. */
  readonly held?: true;
  /** Something was captured and not refunded. */
  readonly refundable?: true;
  /** Whether the payer has disputed. */
  readonly disputed?: boolean;
  /** Nothing was captured: all of the payment is held. */
  readonly whole?: true;
  /** The terms let a dispute that nobody rules fall to the receiver. */
  readonly defaultsToReceiver?: true;
}

/** One line of the table: who may do what, of which payments, in which state and when. */
export interface LifecycleRule extends Condition {
  readonly action: LifecycleAction;
  readonly by: Role;
  readonly kinds: readonly PaymentKind[];
  /** First second. */
  readonly from: Moment;
  /** First second at which it is too late. */
  readonly until: Moment;
  /** The receiver gets nothing in it: the whole hold goes to the payer. */
  readonly onlyToPayer?: true;
}

const HOLDS = ["hold", "arbitrated"] as const;

/**
 * What may happen to a payment: the one table that contracts' tests, servers and clients share.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol, contracts/interfaces/external/IAuthCaptureEscrow.sol
 */
export const LIFECYCLE_RULES: readonly LifecycleRule[] = [
  {
    action: "authorize",
    by: "anyone",
    kinds: HOLDS,
    collected: false,
    from: "collectableFrom",
    until: "collectableUntil",
  },
  {
    action: "charge",
    by: "anyone",
    kinds: ["charge"],
    collected: false,
    from: "always",
    until: "collectableUntil",
  },
  {
    action: "capture",
    by: "authorizer",
    kinds: ["hold"],
    held: true,
    from: "always",
    until: "authorizationExpiry",
  },
  {
    action: "captureAndVoid",
    by: "authorizer",
    kinds: ["hold"],
    held: true,
    from: "always",
    until: "authorizationExpiry",
  },
  {
    action: "capture",
    by: "authorizer",
    kinds: ["arbitrated"],
    held: true,
    disputed: false,
    from: "releasableFrom",
    until: "authorizationExpiry",
  },
  {
    action: "captureAndVoid",
    by: "authorizer",
    kinds: ["arbitrated"],
    held: true,
    disputed: false,
    from: "releasableFrom",
    until: "authorizationExpiry",
  },
  {
    action: "void",
    by: "authorizer",
    kinds: HOLDS,
    held: true,
    from: "always",
    until: "never",
    onlyToPayer: true,
  },
  {
    action: "refund",
    by: "authorizer",
    kinds: ["charge", "hold", "arbitrated"],
    refundable: true,
    from: "always",
    until: "refundExpiry",
  },
  { action: "release", by: "payer", kinds: HOLDS, held: true, from: "always", until: "authorizationExpiry" },
  {
    action: "dispute",
    by: "payer",
    kinds: ["arbitrated"],
    held: true,
    disputed: false,
    from: "always",
    until: "releasableFrom",
  },
  {
    action: "rule",
    by: "arbiter",
    kinds: ["arbitrated"],
    held: true,
    disputed: true,
    from: "always",
    until: "rulingDeadline",
  },
  { action: "settle", by: "both", kinds: HOLDS, held: true, from: "always", until: "authorizationExpiry" },
  {
    action: "settle",
    by: "both",
    kinds: HOLDS,
    held: true,
    from: "authorizationExpiry",
    until: "never",
    onlyToPayer: true,
  },
  {
    action: "releaseDue",
    by: "anyone",
    kinds: ["arbitrated"],
    held: true,
    whole: true,
    disputed: false,
    from: "releasableFrom",
    until: "authorizationExpiry",
  },
  {
    action: "releaseDue",
    by: "anyone",
    kinds: ["arbitrated"],
    held: true,
    whole: true,
    disputed: true,
    defaultsToReceiver: true,
    from: "rulingDeadline",
    until: "authorizationExpiry",
  },
  {
    action: "voidExpired",
    by: "anyone",
    kinds: HOLDS,
    held: true,
    from: "authorizationExpiry",
    until: "never",
    onlyToPayer: true,
  },
  {
    action: "reclaim",
    by: "payer",
    kinds: [...HOLDS, "delegated"],
    held: true,
    from: "authorizationExpiry",
    until: "never",
    onlyToPayer: true,
  },
  {
    action: "authorize",
    by: "operator",
    kinds: ["delegated"],
    collected: false,
    from: "always",
    until: "collectableUntil",
  },
  {
    action: "charge",
    by: "operator",
    kinds: ["delegated"],
    collected: false,
    from: "always",
    until: "collectableUntil",
  },
  {
    action: "capture",
    by: "operator",
    kinds: ["delegated"],
    held: true,
    from: "always",
    until: "authorizationExpiry",
  },
  {
    action: "void",
    by: "operator",
    kinds: ["delegated"],
    held: true,
    from: "always",
    until: "never",
    onlyToPayer: true,
  },
  {
    action: "refund",
    by: "operator",
    kinds: ["delegated"],
    refundable: true,
    from: "always",
    until: "refundExpiry",
  },
];

/** A payment's moments, unix seconds; each is the first second of what it begins. */
export interface PaymentWindows {
  /** First second at which the terms take the hold: `authorizationExpiry - maxHold`. Zero without a limit. */
  readonly collectableFrom: bigint;
  /** First second at which it can no longer be collected. */
  readonly collectableUntil: bigint;
  /** W: first second at which an undisputed arbitrated hold is due; equals E without an arbiter. */
  readonly releasableFrom: bigint;
  /** Q: first second at which the arbiter can no longer rule; equals E unless a dispute falls to the receiver. */
  readonly rulingDeadline: bigint;
  /** E: first second at which the rest is the payer's. */
  readonly authorizationExpiry: bigint;
  /** First second at which nothing can be refunded. */
  readonly refundExpiry: bigint;
}

/** A payment as the table looks at it. */
export interface LifecycleState extends PaymentState {
  /** When the payer disputed, unix seconds; zero if it did not. */
  readonly disputedAt: bigint;
}

/** A payment, its terms and its state. */
export interface LifecycleParameters {
  readonly paymentInfo: PaymentInfo;
  /** Terms of the operator; absent when the operator is an account. */
  readonly terms?: Terms | undefined;
  readonly state: LifecycleState;
  /** Time of the chain, unix seconds. */
  readonly now: bigint;
}

/** Something that may be done to a payment, now or later, if nothing else happens before. */
export interface PossibleAction {
  readonly action: LifecycleAction;
  readonly by: Role;
  /** The accounts that must sign or send; none for `anyone`. */
  readonly accounts: readonly Address[];
  /** First second, unix seconds. */
  readonly from: bigint;
  /** First second at which it is too late, unix seconds; `undefined` for no end. */
  readonly until: bigint | undefined;
  /** It can be done now. */
  readonly isOpen: boolean;
  /** The receiver gets nothing in it. */
  readonly onlyToPayer: boolean;
}

/**
 * Computes a payment's windows.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param paymentInfo - The payment.
 * @param terms - Terms of its operator; absent when the operator is an account.
 * @returns {@link PaymentWindows}, unix seconds.
 *
 * @example
 * const { releasableFrom } = paymentWindows(paymentInfo, terms);
 */
export function paymentWindows(paymentInfo: PaymentInfo, terms?: Terms): PaymentWindows {
  const { preApprovalExpiry, authorizationExpiry, refundExpiry } = paymentInfo;
  const { releaseLead, ruleLead, disputeWindow, maxHold } = terms ?? NO_SPANS;
  // Collected in the last second of this, the payer still has its whole time to dispute.
  const lateForDisputes = atLeastZero(authorizationExpiry - releaseLead - disputeWindow + 1n);
  return {
    collectableFrom: maxHold === 0n ? 0n : atLeastZero(authorizationExpiry - maxHold),
    collectableUntil:
      terms === undefined || termsKind(terms) === "charge"
        ? preApprovalExpiry
        : smallest(preApprovalExpiry, lateForDisputes),
    releasableFrom: atLeastZero(authorizationExpiry - releaseLead),
    rulingDeadline: atLeastZero(authorizationExpiry - ruleLead),
    authorizationExpiry,
    refundExpiry,
  };
}

/**
 * Says what may be done to a payment now and later, from {@link LIFECYCLE_RULES}. What the chain does not show is not invented: a voided,
 * a reclaimed and a fully refunded payment look the same.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param parameters - {@link LifecycleParameters}; times in unix seconds.
 * @returns {@link PossibleAction} each, in the order of the table; nothing whose time has passed.
 *
 * @example
 * const now = possibleActions({ paymentInfo, terms, state, now: timestamp }).filter(({ isOpen }) => isOpen);
 */
export function possibleActions(parameters: LifecycleParameters): readonly PossibleAction[] {
  const { paymentInfo, terms, now } = parameters;
  const kind: PaymentKind = terms === undefined ? "delegated" : termsKind(terms);
  const windows = paymentWindows(paymentInfo, terms);
  return LIFECYCLE_RULES.filter((rule) => rule.kinds.includes(kind) && fits(rule, parameters))
    .map((rule) => {
      const [from, until] = [momentOf(windows, rule.from), momentOf(windows, rule.until)];
      const accounts = accountsOf(rule.by, paymentInfo, terms);
      const isOpen = from <= now && now < until;
      return {
        action: rule.action,
        by: rule.by,
        accounts,
        from,
        until,
        isOpen,
        onlyToPayer: rule.onlyToPayer ?? false,
      };
    })
    .filter(({ from, until }) => until > now && until > from)
    .map(({ until, ...rest }) => ({ ...rest, until: until === NEVER ? undefined : until }));
}

/**
 * Says whether an action of a payment is possible now.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param action - The action.
 * @param parameters - {@link LifecycleParameters}; times in unix seconds.
 * @returns True when a line of {@link LIFECYCLE_RULES} allows it.
 *
 * @example
 * const canCapture = isPossible("capture", { paymentInfo, terms, state, now });
 */
export function isPossible(action: LifecycleAction, parameters: LifecycleParameters): boolean {
  return possibleActions(parameters).some((possible) => possible.action === action && possible.isOpen);
}

const NEVER = 1n << 64n;
const NO_SPANS = { releaseLead: 0n, ruleLead: 0n, disputeWindow: 0n, maxHold: 0n };

function momentOf(windows: PaymentWindows, moment: Moment): bigint {
  if (moment === "always") return 0n;
  return moment === "never" ? NEVER : windows[moment];
}

function fits(rule: LifecycleRule, { paymentInfo, terms, state }: LifecycleParameters): boolean {
  const { collected, capturable, refundable, disputedAt } = state;
  const fallsToReceiver = ((terms?.flags ?? 0n) & TERMS_FLAGS.disputeDefaultReceiver) !== 0n;
  return (
    (rule.collected === undefined || collected === rule.collected) &&
    (rule.held === undefined || capturable > 0n) &&
    (rule.refundable === undefined || refundable > 0n) &&
    (rule.disputed === undefined || rule.disputed === disputedAt > 0n) &&
    (rule.whole === undefined || capturable === paymentInfo.maxAmount) &&
    (rule.defaultsToReceiver === undefined || fallsToReceiver)
  );
}

function accountsOf(role: Role, paymentInfo: PaymentInfo, terms: Terms | undefined): readonly Address[] {
  if (role === "payer") return [paymentInfo.payer];
  if (role === "operator") return [paymentInfo.operator];
  if (terms === undefined || role === "anyone") return [];
  if (role === "arbiter") return [terms.arbiter];
  const authorizer = authorizerOf(terms, paymentInfo);
  if (role === "authorizer") return [authorizer];
  return isAddressEqual(authorizer, paymentInfo.payer) ? [authorizer] : [paymentInfo.payer, authorizer];
}

function atLeastZero(value: bigint): bigint {
  return value < 0n ? 0n : value;
}
