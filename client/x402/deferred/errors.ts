import { BaseError } from "../../errors.ts";

/** An offer of a 402 that this client cannot pay. */
export class UnreadableOfferError extends BaseError {
  override readonly name = "UnreadableOfferError";
  constructor(reason: string) {
    super(`The offer cannot be paid: ${reason}`, {
      metaMessages: ["Ask the seller to correct it, or pay by another scheme of the same 402."],
    });
  }
}

/** The price is above the buyer's own limit. */
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

/** The account does not cover the price, and the buyer's limits or means allow no deposit. */
export class DepositNeededError extends BaseError {
  override readonly name = "DepositNeededError";
  /** What the account lacks, token base units. */
  readonly shortfall: bigint;
  constructor(shortfall: bigint, reason: string) {
    super(`The account lacks ${shortfall} token base units, and none are deposited: ${reason}.`, {
      metaMessages: [
        "Deposit yourself, or change `deposit` and `limits` of the scheme.",
        "What a seller denies or never answers counts against the limits until `wasDepositUsed` says that it was not executed.",
      ],
    });
    this.shortfall = shortfall;
  }
}

/** A voucher that must last longer than the buyer allows. */
export class VoucherLifetimeError extends BaseError {
  override readonly name = "VoucherLifetimeError";
  constructor(demanded: bigint, limit: bigint) {
    super(`The seller demands vouchers that last ${demanded} seconds; the limit is ${limit}.`, {
      metaMessages: ["Raise `maxVoucherLifetime`, or pay by another scheme of the same 402."],
    });
  }
}

/** An offer that names an escrow the buyer does not trust. Whoever receives a deposit decides what becomes of it. */
export class UntrustedEscrowError extends BaseError {
  override readonly name = "UntrustedEscrowError";
  /** Address that the offer names. */
  readonly escrow: string;
  constructor(escrow: string) {
    super(`The offer names the escrow ${escrow}, which is not one of \`escrows\`.`, {
      metaMessages: [
        "Pay by another scheme of the same 402, or add the escrow to `escrows` once you have checked the code there.",
      ],
    });
    this.escrow = escrow;
  }
}

/** A part of the configuration that cannot work. */
export class DeferredConfigurationError extends BaseError {
  override readonly name = "DeferredConfigurationError";
  constructor(what: string, next: string) {
    super(what, { metaMessages: [next] });
  }
}

/** A seller that is not served here. */
export class UnknownSellerError extends BaseError {
  override readonly name = "UnknownSellerError";
  constructor(seller: string, asset: string, network: string) {
    super(`No acceptor for seller ${seller} in asset ${asset} on ${network}.`, {
      metaMessages: [
        "Give the server an acceptor for it, or correct `payTo`, the price's asset or the network of the route.",
      ],
    });
  }
}

/** A file that is not the one of a buyer. */
export class UnreadableStorageError extends BaseError {
  override readonly name = "UnreadableStorageError";
  constructor(path: string, cause?: unknown) {
    super(`"${path}" does not hold what a buyer knows.`, {
      cause,
      metaMessages: [
        "Name another file, or remove this one: sellers will tell what is lost, but limits on exposure start anew.",
      ],
    });
  }
}
