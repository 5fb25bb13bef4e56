import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { escrowCall, feeArgument, type ChargeAsOperatorCall } from "../calls.ts";
import type {
  AfterPreApprovalExpiryError,
  ExceedsMaxAmountError,
  FeeAmountOutOfRangeError,
  FeeBpsOutOfRangeError,
  InvalidExpiriesError,
  InvalidFeeReceiverError,
  InvalidSenderError,
  PaymentAlreadyCollectedError,
  PaymentNotPreApprovedError,
  TokenCollectionFailedError,
  WriteErrorType,
  ZeroAmountError,
  ZeroFeeReceiverError,
} from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link chargeAsOperator} takes. */
export interface ChargeAsOperatorParameters extends ChargeAsOperatorCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type ChargeAsOperatorReturnType = Hash;

/** What {@link chargeAsOperator} throws. */
export type ChargeAsOperatorErrorType =
  | UnknownEscrowAddressError
  | InvalidSenderError
  | ZeroAmountError
  | ExceedsMaxAmountError
  | AfterPreApprovalExpiryError
  | InvalidExpiriesError
  | PaymentAlreadyCollectedError
  | PaymentNotPreApprovedError
  | TokenCollectionFailedError
  | FeeAmountOutOfRangeError
  | FeeBpsOutOfRangeError
  | ZeroFeeReceiverError
  | InvalidFeeReceiverError
  | WriteErrorType;

/**
 * Charges a signed payment whose operator is the sending account. Calls `AuthCaptureEscrow.charge`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - wallet client of the operator, an account.
 * @param parameters - {@link ChargeAsOperatorParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSenderError} the sender is not the party it must be.
 * @throws {ZeroAmountError} the amount is zero.
 * @throws {ExceedsMaxAmountError} more was asked for than the payer signed.
 * @throws {AfterPreApprovalExpiryError} the payer's signature has expired.
 * @throws {InvalidExpiriesError} the expiries are not in order.
 * @throws {PaymentAlreadyCollectedError} the payment was collected before.
 * @throws {PaymentNotPreApprovedError} the payer has not approved the payment.
 * @throws {TokenCollectionFailedError} the token did not bring exactly the amount.
 * @throws {FeeAmountOutOfRangeError} the fee lies outside the payment's bounds (v1.1).
 * @throws {FeeBpsOutOfRangeError} the fee lies outside the payment's bounds (v1.0).
 * @throws {ZeroFeeReceiverError} a fee has no receiver.
 * @throws {InvalidFeeReceiverError} the fee receiver is not the payment's.
 *
 * @example
 * const hash = await chargeAsOperator(operator, { escrow, paymentInfo, fee: { feeAmount: 0n }, feeReceiver, ...signed });
 */
export async function chargeAsOperator(
  client: WriteClient,
  parameters: ChargeAsOperatorParameters,
): Promise<ChargeAsOperatorReturnType> {
  const { paymentInfo, amount = paymentInfo.maxAmount, tokenCollector, collectorData, fee, feeReceiver } = parameters;
  return sendAuthCaptureCall(
    client,
    parameters,
    escrowCall("charge", parameters, [amount, tokenCollector, collectorData, feeArgument(fee), feeReceiver]),
  );
}
