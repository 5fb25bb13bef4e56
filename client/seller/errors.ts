import type { Address, Hex } from "viem";
import { BaseError } from "../errors.ts";
import type { CollectReport } from "./collect/types.ts";

/** Errors of the seller side. Refusals of a voucher are no errors: see `rejections.ts`. */

/** The reservation of a lane ended before it was committed. */
export class ReservationLostError extends BaseError {
  override readonly name = "ReservationLostError";

  constructor(reservationId: string, why: string) {
    super(`Reservation ${reservationId} ${why}; nothing was charged now.`, {
      metaMessages: ["Do not serve the request.", "Raise `reservationSeconds` if requests take longer than that."],
    });
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

/** The store was closed. */
export class StoreClosedError extends BaseError {
  override readonly name = "StoreClosedError";

  constructor() {
    super("The voucher store is closed.", { metaMessages: ["Stop the seller before its store."] });
  }
}

/** This runtime has no SQLite. */
export class StoreUnavailableError extends BaseError {
  override readonly name = "StoreUnavailableError";

  constructor() {
    super("This runtime has no `node:sqlite`.", { metaMessages: ["Run the seller on Node 22.13 or newer."] });
  }
}

/** Another process holds the store's file. */
export class StoreLockedError extends BaseError {
  override readonly name = "StoreLockedError";

  constructor(path: string, cause: unknown) {
    super(`Another process uses the voucher store ${path}.`, {
      cause,
      metaMessages: [
        "One store serves a seller address: two processes would accept the same deposit twice.",
        "Stop the other process, or give this seller an address and a file of its own.",
      ],
    });
  }
}

/** The store's file was written by another version. */
export class StoreVersionError extends BaseError {
  override readonly name = "StoreVersionError";

  constructor(path: string, found: number, expected: number) {
    super(`The voucher store ${path} has format ${found}; this version reads format ${expected}.`, {
      metaMessages: ["Open it with the version that wrote it, and collect everything before you change the version."],
    });
  }
}

/** The seller is not paid in this asset. */
export class UnknownAssetError extends BaseError {
  override readonly name = "UnknownAssetError";

  constructor(asset: Address) {
    super(`The seller is not paid in ${asset}.`, { metaMessages: ["Name the asset in the seller's `assets`."] });
  }
}

/** The chain does not answer. */
export class ChainUnavailableError extends BaseError {
  override readonly name = "ChainUnavailableError";

  constructor(what: string, cause: unknown) {
    super(`The chain could not be read: ${what}.`, {
      cause,
      metaMessages: ["Check the RPC node; nothing is accepted on facts that are too old."],
    });
  }
}

/** Too many accounts wait to be read from the chain. */
export class ChainBusyError extends BaseError {
  override readonly name = "ChainBusyError";

  constructor(waiting: number) {
    super(`${waiting} accounts already wait to be read from the chain.`, {
      metaMessages: ["Try again later, or raise `maxPendingReads`."],
    });
  }
}

/** The chain is not the one the seller was made for. */
export class WrongChainError extends BaseError {
  override readonly name = "WrongChainError";

  constructor(actual: bigint, expected: bigint) {
    super(`The RPC node serves chain ${actual}; the seller works on chain ${expected}.`, {
      metaMessages: ["Give the seller a client of its own chain."],
    });
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

/** An address or a 32-byte value is not written as one. */
export class MalformedKeyError extends BaseError {
  override readonly name = "MalformedKeyError";

  constructor(what: string, value: string | Hex) {
    super(`${what} is not written as it must be: ${value.slice(0, 80)}.`, {
      metaMessages: ["Write addresses as 0x and 40 hex digits, lanes and hashes as 0x and 64."],
    });
  }
}
