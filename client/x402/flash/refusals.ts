import type { Address, Hash } from "viem";
import type { FlashRejection } from "../../seller/flash/types.ts";
import { messageOf, type FlashCode } from "./codes.ts";
import type { Corrective } from "./types.ts";

/** A payment that is not accepted. Safe to send to whoever asked. */
export interface Refusal {
  readonly isAdmitted: false;
  readonly code: FlashCode;
  /** One sentence for people. */
  readonly message: string;
  /** Client that the payment names; proven only when `corrective` is there. */
  readonly payer?: Address;
  /** Only for whoever has proven to hold the escrow's key. */
  readonly corrective?: Corrective;
  /** When to try again, milliseconds. */
  readonly retryAfterMs?: number;
  /** Transaction of the opening that the payment brought. */
  readonly openTransaction?: Hash;
}

/** Makes a refusal. */
export function refuse(code: FlashCode, more: Omit<Partial<Refusal>, "isAdmitted" | "code" | "message"> = {}): Refusal {
  return { isAdmitted: false, code, message: messageOf(code), ...more };
}

/** Turns the acceptor's rejection into a refusal. */
export function toRefusal({ code, message, corrective, retryAfterMs }: FlashRejection, payer?: Address): Refusal {
  return {
    isAdmitted: false,
    code,
    message,
    ...(payer !== undefined && { payer }),
    ...(corrective !== undefined && { corrective }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Tells a refusal from anything else that a step may give. */
export function isRefusal(value: object): value is Refusal {
  return "isAdmitted" in value && value.isAdmitted === false;
}
