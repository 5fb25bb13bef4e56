import type { Hex } from "viem";
import { BaseError, PackageUnavailableError } from "../../errors.ts";

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

/** The store was closed. */
export class StoreClosedError extends BaseError {
  override readonly name = "StoreClosedError";

  constructor() {
    super("The store is closed.", { metaMessages: ["Stop the seller before its store."] });
  }
}

/** This runtime has no SQLite. */
export class StoreUnavailableError extends BaseError {
  override readonly name = "StoreUnavailableError";

  constructor() {
    super("This runtime has no `node:sqlite`.", { metaMessages: ["Run the seller on Node 22.13 or newer."] });
  }
}

/** The package `pg` is not installed. */
export class PostgresUnavailableError extends PackageUnavailableError {
  override readonly name = "PostgresUnavailableError";

  constructor(cause: unknown) {
    super("pg", cause);
  }
}

/** Other processes wrote the same escrow again and again. */
export class StoreContentionError extends BaseError {
  override readonly name = "StoreContentionError";

  constructor(attempts: number) {
    super(`Other processes changed the escrow during each of ${attempts} attempts to write it.`, {
      metaMessages: ["Try again, or let one process serve the requests of a client."],
    });
  }
}

/** Another process holds the store's file. */
export class StoreLockedError extends BaseError {
  override readonly name = "StoreLockedError";

  constructor(path: string, cause: unknown) {
    super(`Another process uses the store ${path}.`, {
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
    super(`The store ${path} has format ${found}; this version reads format ${expected}.`, {
      metaMessages: ["Open it with the version that wrote it, and collect everything before you change the version."],
    });
  }
}

/** A limit of the acceptor cannot work. */
export class InvalidLimitError extends BaseError {
  override readonly name = "InvalidLimitError";

  constructor(name: string, what: string) {
    super(`The limit \`${name}\` ${what}.`, { metaMessages: ["Change it; the defaults are `DEFAULT_FLASH_LIMITS`."] });
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

/** An address or a 32-byte value is not written as one. */
export class MalformedKeyError extends BaseError {
  override readonly name = "MalformedKeyError";

  constructor(what: string, value: string | Hex) {
    super(`${what} is not written as it must be: ${value.slice(0, 80)}.`, {
      metaMessages: ["Write addresses as 0x and 40 hex digits, lanes and hashes as 0x and 64."],
    });
  }
}

/** Makes an error of whatever was thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
