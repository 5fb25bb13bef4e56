import { BaseError } from "../../errors.ts";

export { PriceLimitError, UnreadableOfferError, UnreadableStorageError } from "../core/errors.ts";

/** No escrow covers the payment, and the payer's limits or means allow no opening. */
export class EscrowNeededError extends BaseError {
  override readonly name = "EscrowNeededError";
  /** Least escrow that would do, token base units. */
  readonly least: bigint;
  constructor(least: bigint, reason: string) {
    super(`The payment needs an escrow of at least ${least} token base units, and none is opened: ${reason}.`, {
      metaMessages: [
        "Open one yourself, or change `opening` and `limits` of the scheme.",
        "A signed opening counts against the limits until the chain says otherwise; give `chain` so that it can be asked.",
      ],
    });
    this.least = least;
  }
}

/** The escrow is used up, and the limits leave no room for a top-up. Never leaves the payer: it asks without one. */
export class NoRoomForTopUpError extends EscrowNeededError {
  constructor(least: bigint, cause: Error) {
    super(least, cause.message);
    this.cause = cause;
  }
}

/** The server proves the total of a lane with a tab that this client did not sign, or claims more than the tab promises. */
export class FalseLaneError extends BaseError {
  override readonly name = "FalseLaneError";
  /** The lane that the server showed. */
  readonly lane: bigint;
  /** `notOurs`: another key, escrow or epoch; `aboveSigned`: more was charged than was signed. */
  readonly reason: "notOurs" | "aboveSigned";
  constructor(lane: bigint, reason: "notOurs" | "aboveSigned") {
    super(
      reason === "notOurs"
        ? `The server shows a tab of lane ${lane} that this client's key did not sign for this escrow.`
        : `The server claims to have charged more in lane ${lane} than the tab that it shows promises.`,
      { metaMessages: ["Nothing was adopted, and the lane is left alone. Ask the server, or pay another one."] },
    );
    this.lane = lane;
    this.reason = reason;
  }
}

/** The server demands to lock the escrow for longer than the payer allows. */
export class LockLimitError extends BaseError {
  override readonly name = "LockLimitError";
  constructor(what: "ttlSeconds" | "closeDelay", demanded: bigint, limit: bigint) {
    super(`The server demands a \`${what}\` of ${demanded} seconds; the limit is ${limit}.`, {
      metaMessages: [`Raise the limit on \`${what}\` in \`opening\`, or pay by another scheme of the same 402.`],
    });
  }
}

/** The server holds payments that it did not serve. */
export class UnservedLimitError extends BaseError {
  override readonly name = "UnservedLimitError";
  constructor(unserved: bigint, limit: bigint) {
    super(
      `The server would hold ${unserved} token base units of payments that it did not serve; the limit is ${limit}.`,
      {
        metaMessages: ["It can settle them all the same. Ask it what became of them, or raise `limits.maxUnserved`."],
      },
    );
  }
}

/** An offer that names a settlement contract the payer does not trust. Whoever holds an escrow decides what becomes of it. */
export class UntrustedSettlementError extends BaseError {
  override readonly name = "UntrustedSettlementError";
  /** Address that the offer names. */
  readonly settlement: string;
  constructor(settlement: string) {
    super(`The offer names the settlement contract ${settlement}, which is not one of \`settlements\`.`, {
      metaMessages: [
        "Pay by another scheme of the same 402, or add the contract to `settlements` once you have checked the code there.",
      ],
    });
    this.settlement = settlement;
  }
}
