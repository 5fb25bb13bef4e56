import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { escrowCall, feeArgument, type CaptureAsOperatorCall } from "../calls.ts";
import type {
  AfterAuthorizationExpiryError,
  FeeAmountOutOfRangeError,
  FeeBpsOutOfRangeError,
  InsufficientAuthorizationError,
  InvalidFeeReceiverError,
  InvalidSenderError,
  WriteErrorType,
  ZeroAmountError,
  ZeroFeeReceiverError,
} from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link captureAsOperator} takes. */
export interface CaptureAsOperatorParameters extends CaptureAsOperatorCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type CaptureAsOperatorReturnType = Hash;

/** What {@link captureAsOperator} throws. */
export type CaptureAsOperatorErrorType =
  | UnknownEscrowAddressError
  | InvalidSenderError
  | ZeroAmountError
  | FeeAmountOutOfRangeError
  | FeeBpsOutOfRangeError
  | ZeroFeeReceiverError
  | InvalidFeeReceiverError
  | AfterAuthorizationExpiryError
  | InsufficientAuthorizationError
  | WriteErrorType;

/**
 * Captures a part of a hold whose operator is the sending account. Calls `AuthCaptureEscrow.capture`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - wallet client of the operator, an account.
 * @param parameters - {@link CaptureAsOperatorParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSenderError} the sender is not the party it must be.
 * @throws {ZeroAmountError} the amount is zero.
 * @throws {FeeAmountOutOfRangeError} the fee lies outside the payment's bounds (v1.1).
 * @throws {FeeBpsOutOfRangeError} the fee lies outside the payment's bounds (v1.0).
 * @throws {ZeroFeeReceiverError} a fee has no receiver.
 * @throws {InvalidFeeReceiverError} the fee receiver is not the payment's.
 * @throws {AfterAuthorizationExpiryError} the authorization has expired.
 * @throws {InsufficientAuthorizationError} more was asked for than is held.
 *
 * @example
 * const hash = await captureAsOperator(operator, { escrow, paymentInfo, amount, fee: { feeAmount: 0n }, feeReceiver });
 */
export async function captureAsOperator(
  client: WriteClient,
  parameters: CaptureAsOperatorParameters,
): Promise<CaptureAsOperatorReturnType> {
  const { amount, fee, feeReceiver } = parameters;
  return sendAuthCaptureCall(
    client,
    parameters,
    escrowCall("capture", parameters, [amount, feeArgument(fee), feeReceiver]),
  );
}
