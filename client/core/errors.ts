import type { Hex } from "viem";
import { BaseError } from "../errors.ts";

/** A member of a message does not fit its EIP-712 type, so that nothing could be signed or checked. */
export class InvalidMessageError extends BaseError {
  override readonly name = "InvalidMessageError";
  /** Name of the message. */
  readonly primaryType: string;
  /** Member that does not fit. */
  readonly member: string;
  /** EIP-712 type of the member. */
  readonly type: string;
  /** Its value. */
  readonly value: unknown;

  constructor(details: {
    /** Name of the message. */
    readonly primaryType: string;
    /** Member that does not fit. */
    readonly member: string;
    /** Solidity type that it does not fit. */
    readonly type: string;
    /** Its value. */
    readonly value: unknown;
  }) {
    const { primaryType, member, type, value } = details;
    super(`\`${member}\` of ${primaryType} is not a ${type}: ${typeof value} ${String(value)}`, {
      metaMessages: [
        "Pass whole numbers as bigint within their range, addresses as 20 and bytes32 as 32 bytes of 0x hex.",
      ],
    });
    this.primaryType = primaryType;
    this.member = member;
    this.type = type;
    this.value = value;
  }
}

/** A signature is not 65 bytes `r, s, v` nor 64 bytes `r, vs`, or is not one the contract accepts from a key. */
export class MalformedSignatureError extends BaseError {
  override readonly name = "MalformedSignatureError";
  /** The bytes that no key can have signed. */
  readonly signature: Hex;

  constructor(signature: Hex) {
    super("The signature is not one of a key that the contract accepts.", {
      metaMessages: [
        "Pass 65 bytes `r, s, v` with `v` 27 or 28 or 64 bytes `r, vs` (EIP-2098), with `s` in the lower half of the curve order.",
        `Signature: ${signature}`,
      ],
    });
    this.signature = signature;
  }
}
