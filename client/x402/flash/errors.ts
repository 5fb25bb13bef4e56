import { BaseError } from "../../errors.ts";

/** A part of the configuration that cannot work. */
export class FlashConfigurationError extends BaseError {
  override readonly name = "FlashConfigurationError";
  constructor(what: string, next: string) {
    super(what, { metaMessages: [next] });
  }
}

/** A server that is not served here. */
export class UnknownServerError extends BaseError {
  override readonly name = "UnknownServerError";
  constructor(server: string, token: string, network: string) {
    super(`No acceptor for server ${server} in token ${token} on ${network}.`, {
      metaMessages: [
        "Give the plug-in a desk for it, or correct `payTo`, the price's asset or the network of the route.",
      ],
    });
  }
}

/** A route charged something else than its price. */
export class ChargeNotPriceError extends BaseError {
  override readonly name = "ChargeNotPriceError";
  constructor(charge: unknown, price: bigint) {
    super(`A request was to be charged ${String(charge)} instead of its price ${price}; nothing was charged.`, {
      metaMessages: ["Do not set a settlement override on routes of the scheme `flash`."],
    });
  }
}
