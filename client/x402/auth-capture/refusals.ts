import type { Hash } from "viem";
import { BaseError } from "../../errors.ts";
import { messageOf, type AuthCaptureCode } from "./codes.ts";
import type { Parsed } from "./types.ts";

/** What a refusal may carry besides its code. */
export interface RefusalDetails {
  /** A sentence more. */
  readonly detail?: string;
  /** Transaction that is under way, or that failed. */
  readonly transaction?: Hash;
  /** What failed, when no rule was broken. */
  readonly cause?: unknown;
}

/** A payment that is refused. It ends at the facilitator's methods, which answer with its code. */
export class RefusalError extends BaseError {
  override readonly name = "RefusalError";
  readonly code: AuthCaptureCode;
  readonly details: RefusalDetails;

  constructor(code: AuthCaptureCode, details: RefusalDetails = {}) {
    const message = messageOf(code);
    const { detail, cause } = details;
    super(detail === undefined ? message : `${message} ${detail}`, { cause });
    this.code = code;
    this.details = details;
  }
}

/** Refuses a payment by one of the scheme's codes, without its prefix. */
export function refuse(code: SchemeCode, details?: RefusalDetails): never {
  throw new RefusalError(`invalid_auth_capture_evm_${code}`, details);
}

/** Takes what was read from the wire, or refuses the payment. */
export function take<T>(parsed: Parsed<T>): T {
  if (parsed.isValid) return parsed.value;
  const detail = parsed.message.slice(messageOf(parsed.code).length).trim();
  throw new RefusalError(parsed.code, detail === "" ? {} : { detail });
}

type SchemeCode = AuthCaptureCode extends infer Code
  ? Code extends `invalid_auth_capture_evm_${infer Name}`
    ? Name
    : never
  : never;
