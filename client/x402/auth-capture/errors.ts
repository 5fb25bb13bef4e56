import { BaseError } from "../../errors.ts";

/** A part of the configuration that cannot work. */
export class AuthCaptureConfigurationError extends BaseError {
  override readonly name = "AuthCaptureConfigurationError";
  constructor(what: string, next: string) {
    super(what, { metaMessages: [next] });
  }
}

/** What `@x402/evm` signed is not the payment that was checked, so it was not sent. */
export class ForeignPayloadError extends BaseError {
  override readonly name = "ForeignPayloadError";
  constructor() {
    super("`@x402/evm` signed another payment than the one that was checked; nothing was sent.", {
      metaMessages: ["Install the version of `@x402/evm` that this package names as its peer."],
    });
  }
}
