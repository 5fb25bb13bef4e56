import { FLASH_REJECTIONS, type FlashRejectionCode } from "../../seller/flash/rejections.ts";

/** Refusals of the plug-in itself, each with a sentence for people. `FLASH_REJECTIONS` of the server side has those of its rules. */
const WIRE_REJECTIONS = {
  invalid_x402_version: "The payment is for another version of x402.",
  flash_scheme_mismatch: "The payment is for another scheme.",
  flash_network_mismatch: "The payment is for another network.",
  flash_requirements_mismatch:
    "The payment requirements are not those of a server that is served here, or not those that the payment accepted.",
  flash_payload_malformed: "The payload is not one of the scheme.",
  flash_payment_malformed: "A field of the payment is not of its type or out of its range.",
  flash_tab_malformed: "A field of the tab is not of its type or out of its range.",
  flash_opening_malformed: "A field of the opening is not of its type or out of its range.",
  flash_opening_unsupported: "The server does not relay openings of this kind; use a method that the offer names.",
  flash_opening_mismatch: "The opening is for another client, server, token or epoch than the payment.",
  flash_opening_expired: "The opening is past its deadline.",
  flash_opening_signature_invalid: "The opening or its funding is not signed by the client.",
  flash_opening_unfunded: "The token refuses to fund the opening: too little balance or allowance.",
  flash_opening_failed:
    "The opening fails, or takes more gas than the relayer spends on one. Try again with a new one.",
  flash_renewal_malformed: "A field of the top-up or the extension is not of its type or out of its range.",
  flash_renewal_unsupported:
    "The server does not relay top-ups or extensions of this kind; use a method that the offer names.",
  flash_renewal_mismatch: "The top-up or the extension is for another client, server, token or epoch than the payment.",
  flash_renewal_too_small: "The top-up is below the least that the server relays.",
  flash_renewal_expired: "The top-up or the extension is past its deadline.",
  flash_renewal_signature_invalid: "The top-up or the extension is not signed by the client.",
  flash_renewal_unfunded: "The token refuses to fund the top-up: too little balance or allowance.",
  flash_renewal_failed:
    "The top-up or the extension fails, or takes more gas than the relayer spends on one. Try again with a new one.",
  flash_relay_limit:
    "The relayer has sent enough for this client for now; try again in an hour, or open the escrow yourself.",
  flash_relay_budget:
    "The relayer has spent what it spends on transactions that fail for now; try again in an hour, or open the escrow yourself.",
  flash_relay_busy: "The relayer tries too many openings that would fail; try again in a moment.",
  flash_transaction_pending: "The transaction does not have the confirmations that the server wants yet.",
  flash_price_fixed: "The charge is not the price that was signed for; nothing was charged.",
  flash_reservation_lost: "The request was served too late, or was not verified here; nothing was charged.",
  unexpected_verify_error: "The payment could not be verified; nothing was charged. Try again.",
  unexpected_settle_error: "The acceptance could not be stored; nothing was served. Try again.",
} as const;

/** Every code this scheme puts on the wire. */
export type FlashCode = FlashRejectionCode | keyof typeof WIRE_REJECTIONS;

/**
 * Gives the sentence for a code.
 *
 * @param code - {@link FlashCode}.
 * @returns One sentence for people.
 *
 * @example
 * console.log(messageOf("flash_escrow_pending"));
 */
export function messageOf(code: FlashCode): string {
  return code in WIRE_REJECTIONS
    ? WIRE_REJECTIONS[code as keyof typeof WIRE_REJECTIONS]
    : FLASH_REJECTIONS[code as FlashRejectionCode];
}

/**
 * Reads a code that came over the wire.
 *
 * @param value - May be anything.
 * @param fallback - What a code that this version does not know becomes.
 * @returns The code.
 *
 * @example
 * const code = toCode(settleResponse.errorReason, "unexpected_settle_error");
 */
export function toCode(value: unknown, fallback: FlashCode): FlashCode {
  const isKnown =
    typeof value === "string" && (Object.hasOwn(WIRE_REJECTIONS, value) || Object.hasOwn(FLASH_REJECTIONS, value));
  return isKnown ? (value as FlashCode) : fallback;
}
