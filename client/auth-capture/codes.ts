import { ForeignRevertError } from "../core/contractErrors.ts";
import { decodeAuthCaptureError } from "./errors.ts";
import { AuthCaptureError, type AuthCaptureErrorName } from "./errors/base.ts";

/** What every error code of the scheme begins with. */
export const ERROR_CODE_PREFIX = "invalid_auth_capture_evm_";

/** Error codes of the scheme, without {@link ERROR_CODE_PREFIX}. */
export const ERROR_CODES = [
  "payload_format",
  "payload_type",
  "void_authorizer_signature",
  "void_remainder_full_capture",
  "unsupported_payment_flow",
  "scheme",
  "network_mismatch",
  "extra",
  "missing_receiver_authorizer",
  "unsupported_operator_type",
  "policy",
  "lifecycle_not_relayed",
  "operator_type_mismatch",
  "operator_not_admitted",
  "operator_mismatch",
  "salt_binding_mismatch",
  "authorizer_signature",
  "unauthenticated_authorizer_request",
  "unexpected_payment_state",
  "refund_funding_unavailable",
  "unsupported_asset_transfer_method",
  "payload_method_mismatch",
  "capture_deadline_expired",
  "refund_deadline_expired",
  "deadline_ordering",
  "authorization_expired",
  "authorization_not_yet_valid",
  "signature",
  "erc6492_factory_not_allowed",
  "amount_mismatch",
  "token_collector_mismatch",
  "token_mismatch",
  "nonce_mismatch",
  "insufficient_balance",
  "simulation_failed",
  "verification_failed",
  "transaction_reverted",
  "amount_overflow",
  "payment_already_collected",
  "token_collection_failed",
  "collector",
  "fee_bps",
  "fee_bps_range",
  "fee_bps_out_of_range",
  "zero_fee_receiver",
  "fee_receiver",
  "insufficient_authorization",
  "zero_authorization",
  "refund_exceeds_capture",
] as const;

/** An error code of the scheme, without its prefix. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error code of the scheme, as it travels. */
export type PrefixedErrorCode = `${typeof ERROR_CODE_PREFIX}${ErrorCode}`;

/** Codes of the escrow's errors. An error that has none here is `simulation_failed`, a custom operator's own errors among them. */
const CODES: Partial<Readonly<Record<AuthCaptureErrorName, ErrorCode>>> = {
  AfterPreApprovalExpiry: "authorization_expired",
  InvalidExpiries: "deadline_ordering",
  ExceedsMaxAmount: "amount_mismatch",
  ZeroAmount: "amount_mismatch",
  AmountOverflow: "amount_overflow",
  PaymentAlreadyCollected: "payment_already_collected",
  TokenCollectionFailed: "token_collection_failed",
  InvalidCollectorForOperation: "collector",
  InvalidSender: "operator_mismatch",
  FeeBpsOverflow: "fee_bps",
  InvalidFeeBpsRange: "fee_bps_range",
  FeeBpsOutOfRange: "fee_bps_out_of_range",
  FeeAmountOutOfRange: "fee_bps_out_of_range",
  ZeroFeeReceiver: "zero_fee_receiver",
  InvalidFeeReceiver: "fee_receiver",
  AfterAuthorizationExpiry: "capture_deadline_expired",
  InsufficientAuthorization: "insufficient_authorization",
  ZeroAuthorization: "zero_authorization",
  AfterRefundExpiry: "refund_deadline_expired",
  RefundExceedsCapture: "refund_exceeds_capture",
};

/**
 * Gives the scheme's error code of a revert.
 *
 * - Source: specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @param error - Revert data, a typed error of this package, or anything that was thrown by viem or a JSON-RPC provider.
 * @returns The code with its prefix, `simulation_failed` for a revert that the scheme has no code for; `undefined` when nothing reverted.
 *
 * @example
 * const invalidReason = toErrorCode(error) ?? prefixed("verification_failed");
 */
export function toErrorCode(error: unknown): PrefixedErrorCode | undefined {
  const known = error instanceof AuthCaptureError || error instanceof ForeignRevertError;
  const decoded = known ? error : decodeAuthCaptureError(error);
  if (decoded === undefined) return undefined;
  const code = decoded instanceof AuthCaptureError ? CODES[decoded.errorName as AuthCaptureErrorName] : undefined;
  return prefixed(code ?? "simulation_failed");
}

/**
 * Puts the scheme's prefix before a code.
 *
 * - Source: the x402 scheme `auth-capture`
 *
 * @param code - One of {@link ERROR_CODES}.
 * @returns The code as it travels.
 *
 * @example
 * return { isValid: false, invalidReason: prefixed("nonce_mismatch") };
 */
export function prefixed(code: ErrorCode): PrefixedErrorCode {
  return `${ERROR_CODE_PREFIX}${code}`;
}
