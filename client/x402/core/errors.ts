import { BaseError } from "../../errors.ts";

/** Errors of every scheme's paying side. */

/** An offer of a 402 that this client cannot pay. */
export class UnreadableOfferError extends BaseError {
  override readonly name = "UnreadableOfferError";
  constructor(reason: string) {
    super(`The offer cannot be paid: ${reason}`, {
      metaMessages: ["Ask whoever made it to correct it, or pay by another scheme of the same 402."],
    });
  }
}

/** The price is above the payer's own limit. */
export class PriceLimitError extends BaseError {
  override readonly name = "PriceLimitError";
  /** Token base units. */
  readonly price: bigint;
  /** Token base units. */
  readonly limit: bigint;
  constructor(price: bigint, limit: bigint) {
    super(`The price ${price} is above the limit of ${limit} token base units.`, {
      metaMessages: ["Raise `limits.maxPrice`, or pay by another scheme of the same 402."],
    });
    this.price = price;
    this.limit = limit;
  }
}

/** A file that does not hold what a payer knows. */
export class UnreadableStorageError extends BaseError {
  override readonly name = "UnreadableStorageError";
  constructor(path: string, cause?: unknown) {
    super(`"${path}" does not hold what a payer knows.`, {
      cause,
      metaMessages: [
        "Name another file, or remove this one: corrective 402s tell what is lost, but limits on exposure start anew.",
      ],
    });
  }
}
