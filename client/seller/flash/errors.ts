import type { Address } from "viem";
import { BaseError } from "../../errors.ts";
import type { SettleReport } from "./types.ts";

/** Errors of a server of the scheme `flash`. Refusals of a payment are no errors: see `rejections.ts`. */

/** The server is not paid in this token. */
export class UnknownTokenError extends BaseError {
  override readonly name = "UnknownTokenError";

  constructor(token: Address) {
    super(`The server is not paid in ${token}.`, { metaMessages: ["Name the token in the server's `tokens`."] });
  }
}

/** A price is not above zero. */
export class InvalidPriceError extends BaseError {
  override readonly name = "InvalidPriceError";

  constructor(price: bigint) {
    super(`A price of ${price} token base units cannot be paid.`, { metaMessages: ["Ask for one unit or more."] });
  }
}

/** A release was asked for longer than a server signs one. */
export class ReleaseTooLongError extends BaseError {
  override readonly name = "ReleaseTooLongError";

  constructor(seconds: bigint, limit: bigint) {
    super(`A release may be valid for 1 to ${limit} seconds; ${seconds} were asked for.`, {
      metaMessages: ["It lowers what may be accepted as long as it lives; sign another one later."],
    });
  }
}

/** What was accepted, and other releases, hold what was to be released. */
export class ReleaseUncoveredError extends BaseError {
  override readonly name = "ReleaseUncoveredError";

  constructor(client: Address, amount: bigint) {
    super(`${amount} token base units cannot be released to ${client} now.`, {
      metaMessages: ["Settle first, or release less: what was accepted and other releases hold the rest."],
    });
  }
}

/** An escrow still holds what the server is owed, so the server may not close it. */
export class NotSettledError extends BaseError {
  override readonly name = "NotSettledError";

  constructor(client: Address, unsettled: bigint) {
    super(`The escrow of ${client} still has ${unsettled} token base units to settle.`, {
      metaMessages: ["Nothing more is accepted on it. Close it again once everything is settled."],
    });
  }
}

/** The server has no open escrow of this client to close. */
export class EscrowNotOpenError extends BaseError {
  override readonly name = "EscrowNotOpenError";

  constructor(client: Address) {
    super(`There is no open escrow of ${client}.`, { metaMessages: ["Check the client and the token."] });
  }
}

/** Some of what was accepted could not be settled. */
export class SettlementFailedError extends BaseError {
  override readonly name = "SettlementFailedError";
  /** What was done, item by item. */
  readonly report: SettleReport;

  constructor(report: SettleReport) {
    const failed = report.items.filter(({ failure }) => failure !== undefined);
    super(`${failed.length} of ${report.items.length} items could not be settled.`, {
      metaMessages: failed
        .slice(0, 10)
        .map(({ item: { escrow, item }, failure }) => `${item.kind} of ${escrow.client}: ${failure}`),
    });
    this.report = report;
  }
}
