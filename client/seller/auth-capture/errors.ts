import type { Hex } from "viem";
import { BaseError } from "../../errors.ts";
import type { SignedAction } from "./types.ts";

/** The store does not know the payment. */
export class UnknownPaymentError extends BaseError {
  override readonly name = "UnknownPaymentError";
  constructor(paymentInfoHash: Hex) {
    super(`The store does not know the payment ${paymentInfoHash}.`, {
      metaMessages: ["Name a payment that this seller served, by its `paymentInfoHash`."],
    });
  }
}

/** Another action is signed and can still be carried out. */
export class LiveSignatureError extends BaseError {
  override readonly name = "LiveSignatureError";
  readonly action: SignedAction;
  constructor(paymentInfoHash: Hex, action: SignedAction) {
    super(`A ${action.type} of the payment ${paymentInfoHash} is signed and can still be carried out.`, {
      metaMessages: ["Wait until it is: whoever has two live signatures can choose between them.", "A void is final."],
    });
    this.action = action;
  }
}

/** Somebody else has changed the payment meanwhile, in the store or on the chain. */
export class PaymentChangedError extends BaseError {
  override readonly name = "PaymentChangedError";
  constructor(paymentInfoHash: Hex, what: string) {
    super(`The payment ${paymentInfoHash} ${what}.`, {
      metaMessages: ["Look at it again with `status`, then decide anew."],
    });
  }
}

/** Terms, parties or spans that a seller must not offer. */
export class UnsafeOfferError extends BaseError {
  override readonly name = "UnsafeOfferError";
  constructor(what: string, next: string) {
    super(what, { metaMessages: [next] });
  }
}
