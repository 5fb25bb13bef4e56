import type { ContractErrorOptions } from "../../core/contractErrors.ts";
import { AuthCaptureError, type AuthCaptureErrorArgs } from "./base.ts";

/** The authorization has expired: nothing can be captured any more. */
export class AfterAuthorizationExpiryError extends AuthCaptureError<"AfterAuthorizationExpiry"> {
  constructor(args: AuthCaptureErrorArgs<"AfterAuthorizationExpiry">, options?: ContractErrorOptions) {
    const what = `The authorization expired at ${args.expiry}; it is ${args.timestamp} now.`;
    const next =
      "Nothing can be captured any more: give the rest back with voidPayment or voidExpired, or let the payer call reclaim.";
    super("AfterAuthorizationExpiry", args, { what, next }, options);
  }
}

/** The payer's signature has expired. */
export class AfterPreApprovalExpiryError extends AuthCaptureError<"AfterPreApprovalExpiry"> {
  constructor(args: AuthCaptureErrorArgs<"AfterPreApprovalExpiry">, options?: ContractErrorOptions) {
    const what = `The payer's signature counted before ${args.expiry}; it is ${args.timestamp} now.`;
    const next = "Have the payer sign a new payment.";
    super("AfterPreApprovalExpiry", args, { what, next }, options);
  }
}

/** The time for refunds has passed. */
export class AfterRefundExpiryError extends AuthCaptureError<"AfterRefundExpiry"> {
  constructor(args: AuthCaptureErrorArgs<"AfterRefundExpiry">, options?: ContractErrorOptions) {
    const what = `Refunds ended at ${args.expiry}; it is ${args.timestamp} now.`;
    const next = "Pay the payer back by an ordinary transfer.";
    super("AfterRefundExpiry", args, { what, next }, options);
  }
}

/** An amount does not fit the escrow's state. */
export class AmountOverflowError extends AuthCaptureError<"AmountOverflow"> {
  constructor(args: AuthCaptureErrorArgs<"AmountOverflow">, options?: ContractErrorOptions) {
    const what = `Amount ${args.amount} is above the ${args.limit} that fit.`;
    const next = `Use at most ${args.limit} token base units.`;
    super("AmountOverflow", args, { what, next }, options);
  }
}

/** The payer cannot reclaim yet. */
export class BeforeAuthorizationExpiryError extends AuthCaptureError<"BeforeAuthorizationExpiry"> {
  constructor(args: AuthCaptureErrorArgs<"BeforeAuthorizationExpiry">, options?: ContractErrorOptions) {
    const what = `The hold ends at ${args.expiry}; it is ${args.timestamp} now.`;
    const next = "Reclaim at that second or later; until then the authorizer can void it.";
    super("BeforeAuthorizationExpiry", args, { what, next }, options);
  }
}

/** More was asked for than the payer signed. */
export class ExceedsMaxAmountError extends AuthCaptureError<"ExceedsMaxAmount"> {
  constructor(args: AuthCaptureErrorArgs<"ExceedsMaxAmount">, options?: ContractErrorOptions) {
    const what = `Amount ${args.amount} is above the ${args.maxAmount} that the payer signed.`;
    const next = "Use at most `maxAmount`.";
    super("ExceedsMaxAmount", args, { what, next }, options);
  }
}

/** The fee lies outside the payment's bounds (v1.1). */
export class FeeAmountOutOfRangeError extends AuthCaptureError<"FeeAmountOutOfRange"> {
  constructor(args: AuthCaptureErrorArgs<"FeeAmountOutOfRange">, options?: ContractErrorOptions) {
    const what = `Fee ${args.feeAmount} is not within ${args.minFee} and ${args.maxFee}.`;
    const next = "Compute it with feeOf from the payment's terms.";
    super("FeeAmountOutOfRange", args, { what, next }, options);
  }
}

/** The fee lies outside the payment's bounds (v1.0). */
export class FeeBpsOutOfRangeError extends AuthCaptureError<"FeeBpsOutOfRange"> {
  constructor(args: AuthCaptureErrorArgs<"FeeBpsOutOfRange">, options?: ContractErrorOptions) {
    const what = `A fee of ${args.feeBps} basis points is not within ${args.minFeeBps} and ${args.maxFeeBps}.`;
    const next = "Compute it with feeOf from the payment's terms.";
    super("FeeBpsOutOfRange", args, { what, next }, options);
  }
}

/** The payment allows a fee above the whole. */
export class FeeBpsOverflowError extends AuthCaptureError<"FeeBpsOverflow"> {
  constructor(args: AuthCaptureErrorArgs<"FeeBpsOverflow">, options?: ContractErrorOptions) {
    const what = `\`maxFeeBps\` is ${args.feeBps}, above 10,000.`;
    const next = "Publish at most 10,000 and have the payer sign again.";
    super("FeeBpsOverflow", args, { what, next }, options);
  }
}

/** More was asked for than is held. */
export class InsufficientAuthorizationError extends AuthCaptureError<"InsufficientAuthorization"> {
  constructor(args: AuthCaptureErrorArgs<"InsufficientAuthorization">, options?: ContractErrorOptions) {
    const what = `${args.requestedAmount} token base units were asked for; ${args.authorizedAmount} are held.`;
    const next = "Read what is held with getPaymentState and capture at most that.";
    super("InsufficientAuthorization", args, { what, next }, options);
  }
}

/** The token collector serves the other direction. */
export class InvalidCollectorForOperationError extends AuthCaptureError<"InvalidCollectorForOperation"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidCollectorForOperation">, options?: ContractErrorOptions) {
    const what = "The token collector does not serve this operation.";
    const next = "Pass a payment collector to collect, a refund collector to refund.";
    super("InvalidCollectorForOperation", args, { what, next }, options);
  }
}

/** The payment's three expiries are not in order. */
export class InvalidExpiriesError extends AuthCaptureError<"InvalidExpiries"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidExpiries">, options?: ContractErrorOptions) {
    const what = `The payment's expiries ${args.preApproval}, ${args.authorization}, ${args.refund} are not in order.`;
    const next = "Publish deadlines with preApproval <= authorization <= refund and have the payer sign again.";
    super("InvalidExpiries", args, { what, next }, options);
  }
}

/** The least fee is above the greatest. */
export class InvalidFeeBpsRangeError extends AuthCaptureError<"InvalidFeeBpsRange"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidFeeBpsRange">, options?: ContractErrorOptions) {
    const what = `The least fee of ${args.minFeeBps} basis points is above the greatest of ${args.maxFeeBps}.`;
    const next = "Publish a least fee that is not above the greatest and have the payer sign again.";
    super("InvalidFeeBpsRange", args, { what, next }, options);
  }
}

/** The fee receiver is not the payment's. */
export class InvalidFeeReceiverError extends AuthCaptureError<"InvalidFeeReceiver"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidFeeReceiver">, options?: ContractErrorOptions) {
    const what = `The fee receiver ${args.attempted} is not the payment's ${args.expected}.`;
    const next = "Pass the payment's fee receiver, also where the fee is zero.";
    super("InvalidFeeReceiver", args, { what, next }, options);
  }
}

/** The function is not the sender's. */
export class InvalidSenderError extends AuthCaptureError<"InvalidSender"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidSender">, options?: ContractErrorOptions) {
    const what = `${args.sender} sent it; only ${args.expected} may.`;
    const next = "Send it from that account, or through the operator's function of the same name.";
    super("InvalidSender", args, { what, next }, options);
  }
}

/** Somebody other than the escrow asked a collector for tokens. */
export class OnlyAuthCaptureEscrowError extends AuthCaptureError<"OnlyAuthCaptureEscrow"> {
  constructor(args: AuthCaptureErrorArgs<"OnlyAuthCaptureEscrow">, options?: ContractErrorOptions) {
    const what = "Only the escrow may ask a collector for tokens.";
    const next = "Call the operator's or the escrow's function; the escrow calls the collector.";
    super("OnlyAuthCaptureEscrow", args, { what, next }, options);
  }
}

/** The payment was collected before. */
export class PaymentAlreadyCollectedError extends AuthCaptureError<"PaymentAlreadyCollected"> {
  constructor(args: AuthCaptureErrorArgs<"PaymentAlreadyCollected">, options?: ContractErrorOptions) {
    const what = `Payment ${args.paymentInfoHash} was collected before.`;
    const next = "Look with getStatus whether it is yours to serve; a new purchase needs a new signature.";
    super("PaymentAlreadyCollected", args, { what, next }, options);
  }
}

/** The payer has approved the payment before. */
export class PaymentAlreadyPreApprovedError extends AuthCaptureError<"PaymentAlreadyPreApproved"> {
  constructor(args: AuthCaptureErrorArgs<"PaymentAlreadyPreApproved">, options?: ContractErrorOptions) {
    const what = `Payment ${args.paymentInfoHash} is approved.`;
    const next = "Collect it with authorize or charge.";
    super("PaymentAlreadyPreApproved", args, { what, next }, options);
  }
}

/** The payer has not approved the payment. */
export class PaymentNotPreApprovedError extends AuthCaptureError<"PaymentNotPreApproved"> {
  constructor(args: AuthCaptureErrorArgs<"PaymentNotPreApproved">, options?: ContractErrorOptions) {
    const what = `Payment ${args.paymentInfoHash} is not approved.`;
    const next = "Let the payer call preApprove, or collect by its signature.";
    super("PaymentNotPreApproved", args, { what, next }, options);
  }
}

/** More was asked for than was captured. */
export class RefundExceedsCaptureError extends AuthCaptureError<"RefundExceedsCapture"> {
  constructor(args: AuthCaptureErrorArgs<"RefundExceedsCapture">, options?: ContractErrorOptions) {
    const what = `A refund of ${args.refund} is above the ${args.captured} that can be refunded.`;
    const next = "Read what can be refunded with getPaymentState and refund at most that.";
    super("RefundExceedsCapture", args, { what, next }, options);
  }
}

/** The token did not bring exactly the amount. */
export class TokenCollectionFailedError extends AuthCaptureError<"TokenCollectionFailed"> {
  constructor(args: AuthCaptureErrorArgs<"TokenCollectionFailed">, options?: ContractErrorOptions) {
    const what = "The token did not bring exactly the amount.";
    const next = "Use another token: those that take a fee or change balances by themselves cannot be held in escrow.";
    super("TokenCollectionFailed", args, { what, next }, options);
  }
}

/** The amount is zero. */
export class ZeroAmountError extends AuthCaptureError<"ZeroAmount"> {
  constructor(args: AuthCaptureErrorArgs<"ZeroAmount">, options?: ContractErrorOptions) {
    const what = "The amount is zero.";
    const next = "Pass at least one token base unit; void instead of capturing nothing.";
    super("ZeroAmount", args, { what, next }, options);
  }
}

/** Nothing is held of the payment. */
export class ZeroAuthorizationError extends AuthCaptureError<"ZeroAuthorization"> {
  constructor(args: AuthCaptureErrorArgs<"ZeroAuthorization">, options?: ContractErrorOptions) {
    const what = `Nothing is held of payment ${args.paymentInfoHash}.`;
    const next = "Look with getStatus what became of it; it may be captured, voided or reclaimed already.";
    super("ZeroAuthorization", args, { what, next }, options);
  }
}

/** A fee has no receiver. */
export class ZeroFeeReceiverError extends AuthCaptureError<"ZeroFeeReceiver"> {
  constructor(args: AuthCaptureErrorArgs<"ZeroFeeReceiver">, options?: ContractErrorOptions) {
    const what = "The fee has no receiver.";
    const next = "Name a fee receiver, or take no fee.";
    super("ZeroFeeReceiver", args, { what, next }, options);
  }
}
