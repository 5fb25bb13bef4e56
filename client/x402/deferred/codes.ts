import { REJECTIONS, type RejectionCode } from "../../seller/voucher/rejections.ts";

/** Refusals of the plug-in itself, each with a sentence for people. `REJECTIONS` of the seller side has those of the seller's rules. */
const WIRE_REJECTIONS = {
  invalid_x402_version: "The payment is for another version of x402.",
  invalid_deferred_evm_payload_scheme: "The payment is for another scheme.",
  invalid_deferred_evm_payload_network_mismatch: "The payment is for another network.",
  invalid_deferred_evm_requirements:
    "The payment requirements are not those of a seller that is served here, or not those that the payment accepted.",
  invalid_deferred_evm_payload_malformed: "The payload is not an object with a voucher and a signature.",
  invalid_deferred_evm_payload_deposit_authorization_malformed:
    "A field of the deposit authorization is not of its type or out of its range.",
  invalid_deferred_evm_payload_deposit_authorization_unsupported:
    "The seller relays no deposits of this method, or nothing at all; the offer names what it relays.",
  invalid_deferred_evm_payload_deposit_authorization_buyer_mismatch: "The deposit is not the buyer's of the voucher.",
  invalid_deferred_evm_payload_deposit_authorization_continuity:
    "The deposit is for another seller or asset than the voucher, or it is past its expiry.",
  invalid_deferred_evm_payload_deposit_authorization_below_minimum:
    "The deposit is below the least one that the offer names.",
  invalid_deferred_evm_payload_deposit_authorization_nonce_invalid:
    "The deposit's nonce is zero, or was used while the deposit was tried.",
  invalid_deferred_evm_payload_deposit_authorization_signature: "The deposit is not signed by the buyer.",
  invalid_deferred_evm_payload_deposit_authorization_insufficient_allowance:
    "The asset refuses the deposit: too little balance or allowance.",
  invalid_deferred_evm_payload_deposit_authorization_failed:
    "The deposit was not executed: it fails, or takes more gas than the relayer spends on one. Try again with a new one.",
  invalid_deferred_evm_payload_permit_malformed: "A field of the permit is not of its type or out of its range.",
  invalid_deferred_evm_payload_permit_signature: "The permit is not signed by the buyer for the deposit's asset.",
  invalid_deferred_evm_payload_permit_continuity:
    "The permit is not the buyer's for the escrow, is below the deposit, or is past its deadline.",
  invalid_deferred_evm_payload_permit_nonce_invalid:
    "The permit's nonce is not the buyer's next one at the asset, and there is no allowance.",
  invalid_deferred_evm_payload_signer_authorization_malformed:
    "A field of the signer authorization is not of its type or out of its range.",
  invalid_deferred_evm_payload_signer_authorization_continuity:
    "The signer authorization is past its expiry, or the buyer itself is the signer.",
  invalid_deferred_evm_payload_signer_authorization_failed:
    "The signer was not authorized: wrong signature, revoked before, or more gas than the relayer spends on one.",
  invalid_deferred_evm_payload_relay_limit:
    "The relayer has sent enough for this buyer for now; try again in an hour, or send the transaction yourself.",
  invalid_deferred_evm_payload_charge_above_authorized: "The charge is not an amount, or above what was signed.",
  invalid_deferred_evm_payload_reservation_lost:
    "The request was served too late, or was not verified here; nothing was charged.",
  unexpected_verify_error: "The payment could not be verified; nothing was charged. Try again.",
  unexpected_settle_error: "The seller failed to store the charge or to relay; nothing was served. Try again.",
} as const;

/** Every code this scheme puts on the wire. */
export type DeferredCode = RejectionCode | keyof typeof WIRE_REJECTIONS;

/**
 * Gives the sentence for a code.
 *
 * - Source: docs/x402/deferred.md, Codes
 *
 * @param code - Any code of this scheme.
 * @returns One sentence for people.
 *
 * @example
 * console.error(messageOf("insufficient_funds"));
 */
export function messageOf(code: DeferredCode): string {
  return code in WIRE_REJECTIONS
    ? WIRE_REJECTIONS[code as keyof typeof WIRE_REJECTIONS]
    : REJECTIONS[code as RejectionCode];
}

/** Reads a code that came over the wire; `fallback` for one this version does not know. */
export function toCode(value: unknown, fallback: DeferredCode): DeferredCode {
  const isKnown =
    typeof value === "string" && (Object.hasOwn(WIRE_REJECTIONS, value) || Object.hasOwn(REJECTIONS, value));
  return isKnown ? (value as DeferredCode) : fallback;
}
