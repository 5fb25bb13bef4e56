import { BaseError } from "../../errors.ts";

export { PriceLimitError, UnreadableOfferError, UnreadableStorageError } from "../core/errors.ts";

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
