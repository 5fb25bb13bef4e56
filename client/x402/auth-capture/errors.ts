import { BaseError } from "../../errors.ts";

/** A part of the configuration that cannot work. */
export class AuthCaptureConfigurationError extends BaseError {
  override readonly name = "AuthCaptureConfigurationError";
  constructor(what: string, next: string) {
    super(what, { metaMessages: [next] });
  }
}
