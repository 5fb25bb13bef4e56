import type { ContractErrorOptions } from "../../core/contractErrors.ts";
import { AuthCaptureError, type AuthCaptureErrorArgs } from "./base.ts";

/** The payer disputed before. */
export class AlreadyDisputedError extends AuthCaptureError<"AlreadyDisputed"> {
  constructor(args: AuthCaptureErrorArgs<"AlreadyDisputed">, options?: ContractErrorOptions) {
    const what = `The payment is disputed since ${args.disputedAt}.`;
    const next = "Wait for the arbiter's rule, or settle with the other party.";
    super("AlreadyDisputed", args, { what, next }, options);
  }
}

/** More was asked for than is held. */
export class AmountExceedsHoldError extends AuthCaptureError<"AmountExceedsHold"> {
  constructor(args: AuthCaptureErrorArgs<"AmountExceedsHold">, options?: ContractErrorOptions) {
    const what = `${args.amount} token base units were asked for; ${args.capturableAmount} are held.`;
    const next = "Read what is held with getPaymentState and ask for at most that.";
    super("AmountExceedsHold", args, { what, next }, options);
  }
}

/** A payment is collected whole. */
export class AmountNotMaxError extends AuthCaptureError<"AmountNotMax"> {
  constructor(args: AuthCaptureErrorArgs<"AmountNotMax">, options?: ContractErrorOptions) {
    const what = `Amount ${args.amount} is not the ${args.maxAmount} that the payer signed.`;
    const next = "Pass `paymentInfo.maxAmount`; capture a part of it later.";
    super("AmountNotMax", args, { what, next }, options);
  }
}

/** The payer can still dispute. */
export class CaptureTooEarlyError extends AuthCaptureError<"CaptureTooEarly"> {
  constructor(args: AuthCaptureErrorArgs<"CaptureTooEarly">, options?: ContractErrorOptions) {
    const what = `The authorizer can capture from ${args.releasableFrom} on; it is ${args.currentTime} now.`;
    const next = "Capture then, or ask the payer for a release or a settlement.";
    super("CaptureTooEarly", args, { what, next }, options);
  }
}

/** The token collector may not be used here. */
export class CollectorNotAllowedError extends AuthCaptureError<"CollectorNotAllowed"> {
  constructor(args: AuthCaptureErrorArgs<"CollectorNotAllowed">, options?: ContractErrorOptions) {
    const what = `Token collector ${args.tokenCollector} may not be used here.`;
    const next = "Collect with one of getPaymentCollector, refund with the SignedRefundCollector of the escrow.";
    super("CollectorNotAllowed", args, { what, next }, options);
  }
}

/** It is too late to dispute. */
export class DisputeWindowClosedError extends AuthCaptureError<"DisputeWindowClosed"> {
  constructor(args: AuthCaptureErrorArgs<"DisputeWindowClosed">, options?: ContractErrorOptions) {
    const what = `Disputes ended at ${args.releasableFrom}; it is ${args.currentTime} now.`;
    const next = "Ask the receiver for a refund.";
    super("DisputeWindowClosed", args, { what, next }, options);
  }
}

/** The fee is not that of the operator's terms. */
export class FeeTermsMismatchError extends AuthCaptureError<"FeeTermsMismatch"> {
  constructor(args: AuthCaptureErrorArgs<"FeeTermsMismatch">, options?: ContractErrorOptions) {
    const what = `The fee is not the terms' ${args.feeBps} basis points to ${args.feeReceiver}.`;
    const next =
      "Let the payment's bounds include the terms' fee, name its fee receiver, and pass what feeOf computes.";
    super("FeeTermsMismatch", args, { what, next }, options);
  }
}

/** The hold would last longer than the terms allow. */
export class HoldTooLongError extends AuthCaptureError<"HoldTooLong"> {
  constructor(args: AuthCaptureErrorArgs<"HoldTooLong">, options?: ContractErrorOptions) {
    const what = `The authorization expires at ${args.authorizationExpiry}; ${args.latest} is the latest now.`;
    const next = "Publish a capture deadline within `maxHold`; this payment can be collected later.";
    super("HoldTooLong", args, { what, next }, options);
  }
}

/** The hold would end before the payer had its time to dispute. */
export class HoldTooShortError extends AuthCaptureError<"HoldTooShort"> {
  constructor(args: AuthCaptureErrorArgs<"HoldTooShort">, options?: ContractErrorOptions) {
    const what = `The authorization expires at ${args.authorizationExpiry}; ${args.earliest} is the earliest now.`;
    const next = "Have the payer sign a payment with a later capture deadline.";
    super("HoldTooShort", args, { what, next }, options);
  }
}

/** Payer or receiver is zero, the operator or the arbiter. */
export class InvalidPartyError extends AuthCaptureError<"InvalidParty"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidParty">, options?: ContractErrorOptions) {
    const what = `${args.party} cannot be payer or receiver of this operator.`;
    const next = "Use another account for that party.";
    super("InvalidParty", args, { what, next }, options);
  }
}

/** The signature is not the expected party's. */
export class InvalidSignatureError extends AuthCaptureError<"InvalidSignature"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidSignature">, options?: ContractErrorOptions) {
    const what = `The signature is not that of ${args.expected}.`;
    const next =
      "Read the balances and the dispute with getStatus, and have that account sign for exactly these, under the domain of this operator.";
    super("InvalidSignature", args, { what, next }, options);
  }
}

/** The terms name no arbiter. */
export class NoArbiterError extends AuthCaptureError<"NoArbiter"> {
  constructor(args: AuthCaptureErrorArgs<"NoArbiter">, options?: ContractErrorOptions) {
    const what = "The operator's terms name no arbiter, so there are no disputes.";
    const next = "Ask the receiver for a void, a settlement or a refund.";
    super("NoArbiter", args, { what, next }, options);
  }
}

/** The implementation was called. */
export class NotCloneError extends AuthCaptureError<"NotClone"> {
  constructor(args: AuthCaptureErrorArgs<"NotClone">, options?: ContractErrorOptions) {
    const what = "This is the operators' implementation, not an operator.";
    const next = "Call the address that predictOperator gives.";
    super("NotClone", args, { what, next }, options);
  }
}

/** There is nothing to rule on. */
export class NotDisputedError extends AuthCaptureError<"NotDisputed"> {
  constructor(args: AuthCaptureErrorArgs<"NotDisputed">, options?: ContractErrorOptions) {
    const what = "The payer has not disputed the payment.";
    const next = "The payer calls dispute first; otherwise settle, capture or void.";
    super("NotDisputed", args, { what, next }, options);
  }
}

/** The hold has not expired. */
export class NotExpiredError extends AuthCaptureError<"NotExpired"> {
  constructor(args: AuthCaptureErrorArgs<"NotExpired">, options?: ContractErrorOptions) {
    const what = `The hold expires at ${args.authorizationExpiry}; it is ${args.currentTime} now.`;
    const next = "Call voidExpired at that second or later; until then the authorizer can void it.";
    super("NotExpired", args, { what, next }, options);
  }
}

/** The hold is not due to the receiver now. */
export class NotReleasableError extends AuthCaptureError<"NotReleasable"> {
  constructor(args: AuthCaptureErrorArgs<"NotReleasable">, options?: ContractErrorOptions) {
    const what = `The hold is due from ${args.from} until ${args.authorizationExpiry}; it is ${args.currentTime} now.`;
    const next =
      "Look with getStatus what is possible; a hold that was captured in part, or whose dispute falls to the payer, is never due.";
    super("NotReleasable", args, { what, next }, options);
  }
}

/** Nothing is held of the payment. */
export class NothingHeldError extends AuthCaptureError<"NothingHeld"> {
  constructor(args: AuthCaptureErrorArgs<"NothingHeld">, options?: ContractErrorOptions) {
    const what = "The payment is not collected, or nothing is held of it any more.";
    const next = "Look with getStatus what became of it.";
    super("NothingHeld", args, { what, next }, options);
  }
}

/** It is too late to rule. */
export class RuleWindowClosedError extends AuthCaptureError<"RuleWindowClosed"> {
  constructor(args: AuthCaptureErrorArgs<"RuleWindowClosed">, options?: ContractErrorOptions) {
    const what = `Rulings ended at ${args.rulingDeadline}; it is ${args.currentTime} now.`;
    const next = "Call releaseDue where the dispute falls to the receiver, else voidExpired once the hold has expired.";
    super("RuleWindowClosed", args, { what, next }, options);
  }
}

/** The signature's deadline has passed. */
export class SignatureExpiredError extends AuthCaptureError<"SignatureExpired"> {
  constructor(args: AuthCaptureErrorArgs<"SignatureExpired">, options?: ContractErrorOptions) {
    const what = `The signature counted until ${args.deadline}; it is ${args.currentTime} now.`;
    const next = "Have it signed again with a later deadline.";
    super("SignatureExpired", args, { what, next }, options);
  }
}

/** The payer disputed. */
export class UnderDisputeError extends AuthCaptureError<"UnderDispute"> {
  constructor(args: AuthCaptureErrorArgs<"UnderDispute">, options?: ContractErrorOptions) {
    const what = `The payment is disputed since ${args.disputedAt}.`;
    const next = "Wait for the arbiter's rule, or settle or void; nothing can be captured.";
    super("UnderDispute", args, { what, next }, options);
  }
}

/** The terms are for the other flow. */
export class WrongFlowError extends AuthCaptureError<"WrongFlow"> {
  constructor(args: AuthCaptureErrorArgs<"WrongFlow">, options?: ContractErrorOptions) {
    const what = "The operator's terms are for the other flow.";
    const next = "Call charge where the terms have the charge flow, authorize where they have not.";
    super("WrongFlow", args, { what, next }, options);
  }
}

/** The payment belongs to another operator. */
export class WrongOperatorError extends AuthCaptureError<"WrongOperator"> {
  constructor(args: AuthCaptureErrorArgs<"WrongOperator">, options?: ContractErrorOptions) {
    const what = `The payment's operator is ${args.operator}.`;
    const next = "Send the call to that operator.";
    super("WrongOperator", args, { what, next }, options);
  }
}
