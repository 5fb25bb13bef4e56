import type { Address } from "viem";
import { BaseError } from "../../errors.ts";
import type { CollectReport } from "./collect/types.ts";

/** Errors of the seller side. Refusals of a voucher are no errors: see `rejections.ts`. */

/** The seller is not paid in this asset. */
export class UnknownAssetError extends BaseError {
  override readonly name = "UnknownAssetError";

  constructor(asset: Address) {
    super(`The seller is not paid in ${asset}.`, { metaMessages: ["Name the asset in the seller's `assets`."] });
  }
}

/** A release was asked for longer than an hour. */
export class ReleaseTooLongError extends BaseError {
  override readonly name = "ReleaseTooLongError";

  constructor(seconds: bigint, limit: bigint) {
    super(`A release may be valid for 1 to ${limit} seconds; ${seconds} were asked for.`, {
      metaMessages: ["It lowers what vouchers may use as long as it lives; sign another one later."],
    });
  }
}

/** The account does not cover a release. */
export class ReleaseUncoveredError extends BaseError {
  override readonly name = "ReleaseUncoveredError";

  constructor(buyer: Address, amount: bigint, spendable: bigint) {
    super(`${amount} token base units were to be released to ${buyer}; ${spendable} are free.`, {
      metaMessages: ["Collect first, or release less: vouchers, thaws and other releases hold the rest."],
    });
  }
}

/** Some of what was charged could not be collected. */
export class CollectionFailedError extends BaseError {
  override readonly name = "CollectionFailedError";
  /** What was done, lane by lane. */
  readonly report: CollectReport;

  constructor(report: CollectReport) {
    const failed = report.lanes.filter(({ failure }) => failure !== undefined);
    super(`${failed.length} of ${report.lanes.length} lanes could not be collected in full.`, {
      metaMessages: failed.slice(0, 10).map(({ lane, failure }) => `${lane.buyer}, lane ${lane.id}: ${failure}`),
    });
    this.report = report;
  }
}

/** A charge lies outside what was reserved. */
export class ChargeAboveReservationError extends BaseError {
  override readonly name = "ChargeAboveReservationError";

  constructor(amount: bigint, price: bigint) {
    super(`The charge of ${amount} token base units is not between 0 and the reserved ${price}.`, {
      metaMessages: ["Charge at most the price the voucher was accepted for."],
    });
  }
}
