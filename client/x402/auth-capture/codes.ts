import { ERROR_CODE_PREFIX, type ErrorCode, type PrefixedErrorCode } from "../../auth-capture/codes.ts";

/** What each code of the scheme says, for people. */
const SCHEME_MESSAGES: Readonly<Record<ErrorCode, string>> = {
  payload_format: "A field of the payload is missing, not of its type or out of its range.",
  payload_type: "The payload is of a type that is unknown, or that the payment flow does not have.",
  void_authorizer_signature: "The signature for the void of the rest is wrong, or does not belong in this payload.",
  void_remainder_full_capture: "There is no rest to void: the capture is the whole hold.",
  unsupported_payment_flow: "The payment flow is neither `escrow` nor `authorization`.",
  scheme: "The payment is for another scheme.",
  network_mismatch: "The payment is for another network, or for one that is not served.",
  extra: "A field of the requirements is missing, not of its type, out of its range or against another.",
  missing_receiver_authorizer: "The flow needs a `receiverAuthorizer`, and the requirements name none.",
  unsupported_operator_type: "The operator type is neither `delegated` nor `custom`.",
  policy: "The requirements name a policy; none is supported.",
  lifecycle_not_relayed: "Captures, voids and refunds of this operator are not relayed; call it yourself.",
  operator_type_mismatch: "There is no contract at the operator's address; deploy it first.",
  operator_not_admitted: "The operator is none that this facilitator serves.",
  operator_mismatch: "The payment's operator is another one than the requirements'.",
  salt_binding_mismatch: "The payment's salt does not commit to the receiver's authorizer.",
  authorizer_signature: "The receiver's authorizer did not sign this.",
  unauthenticated_authorizer_request: "The authorizer's signature is missing; this facilitator signs for nobody.",
  unexpected_payment_state: "What is held or was captured is not what was signed for.",
  refund_funding_unavailable: "Nobody has agreed to fund the refund.",
  unsupported_asset_transfer_method: "The transfer method is neither `eip3009` nor `permit2`.",
  payload_method_mismatch: "The payload is of another transfer method than the requirements ask for.",
  capture_deadline_expired: "The time for captures has passed, or is about to.",
  refund_deadline_expired: "The time for refunds has passed.",
  deadline_ordering: "The deadlines are not in order: signature, capture, refund.",
  authorization_expired: "The payer's signature has expired, or is about to.",
  authorization_not_yet_valid: "The payer's signature is not valid yet.",
  signature: "The payment is not signed by the payer.",
  erc6492_factory_not_allowed: "The facilitator does not deploy wallets by this factory.",
  amount_mismatch: "The amount is not the one that is required, or zero.",
  token_collector_mismatch: "The tokens may not be fetched by this collector.",
  token_mismatch: "The payment is in another token.",
  nonce_mismatch: "What was signed is not the payment that the requirements describe.",
  insufficient_balance: "Whoever pays has too few tokens.",
  simulation_failed: "The transaction would fail, or not do what it should.",
  verification_failed: "The payment could not be verified again before it was settled. Try again.",
  transaction_reverted: "The transaction failed, or did not do what it should.",
  amount_overflow: "The amount is above the 120 bits that the escrow keeps.",
  payment_already_collected: "The payment was collected before, or is being collected.",
  token_collection_failed: "The token did not deliver the exact amount.",
  collector: "The collector does not do this.",
  fee_bps: "The greatest fee is above 10,000 basis points.",
  fee_bps_range: "The least fee is above the greatest.",
  fee_bps_out_of_range: "The fee is outside of what the payer signed.",
  zero_fee_receiver: "There is a fee and nobody who takes it.",
  fee_receiver: "The fee is for another receiver than the payer signed.",
  insufficient_authorization: "More was asked for than is held.",
  zero_authorization: "Nothing is held.",
  refund_exceeds_capture: "More was asked back than was captured.",
};

/** Codes that are not the scheme's: of the SDK, and one of this facilitator. */
const OTHER_MESSAGES = {
  invalid_x402_version: "The payment is for another version of x402; this scheme speaks v2.",
  [`${ERROR_CODE_PREFIX}relay_limit`]:
    "The facilitator does not relay this: the token, the amount or the receiver is not served, or enough was sent for now.",
  settlement_pending: "The transaction is sent and not mined yet. Ask again.",
  unexpected_verify_error: "The payment could not be verified. Try again.",
  unexpected_settle_error: "The payment could not be settled. Ask again: nothing is sent twice.",
} as const;

type OtherCode = Exclude<keyof typeof OTHER_MESSAGES, `${string}relay_limit`> | RelayLimitCode;
type RelayLimitCode = `${typeof ERROR_CODE_PREFIX}relay_limit`;

/** Every code that the plug-in puts on the wire. */
export type AuthCaptureCode = PrefixedErrorCode | OtherCode;

const MESSAGES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(SCHEME_MESSAGES).map(([code, message]) => [`${ERROR_CODE_PREFIX}${code}`, message] as const),
  ...Object.entries(OTHER_MESSAGES),
]);

/**
 * Gives the sentence for a code.
 *
 * - Source: docs/x402/auth-capture.md, Codes
 *
 * @param code - {@link AuthCaptureCode}.
 * @returns One sentence for people.
 *
 * @example
 * console.error(messageOf("invalid_auth_capture_evm_nonce_mismatch"));
 */
export function messageOf(code: AuthCaptureCode): string {
  return MESSAGES.get(code) ?? code;
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
export function toCode(value: unknown, fallback: AuthCaptureCode): AuthCaptureCode {
  return typeof value === "string" && MESSAGES.has(value) ? (value as AuthCaptureCode) : fallback;
}
