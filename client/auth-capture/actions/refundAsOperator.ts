import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { getEscrowDeployment } from "../addresses.ts";
import { escrowCall, type RefundAsOperatorCall } from "../calls.ts";
import type {
  AfterRefundExpiryError,
  InvalidCollectorForOperationError,
  InvalidSenderError,
  RefundExceedsCaptureError,
  TokenCollectionFailedError,
  WriteErrorType,
  ZeroAmountError,
} from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link refundAsOperator} takes. */
export interface RefundAsOperatorParameters extends RefundAsOperatorCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type RefundAsOperatorReturnType = Hash;

/** What {@link refundAsOperator} throws. */
export type RefundAsOperatorErrorType =
  | UnknownEscrowAddressError
  | InvalidSenderError
  | ZeroAmountError
  | AfterRefundExpiryError
  | RefundExceedsCaptureError
  | InvalidCollectorForOperationError
  | TokenCollectionFailedError
  | WriteErrorType;

/**
 * Refunds a payment whose operator is the sending account, out of its own tokens: it has approved them to the canonical OperatorRefundCollector, unless another collector is named. Calls `AuthCaptureEscrow.refund`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - wallet client of the operator, an account.
 * @param parameters - {@link RefundAsOperatorParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidSenderError} the sender is not the party it must be.
 * @throws {ZeroAmountError} the amount is zero.
 * @throws {AfterRefundExpiryError} the time for refunds has passed.
 * @throws {RefundExceedsCaptureError} more was asked for than was captured.
 * @throws {InvalidCollectorForOperationError} the token collector collects payments.
 * @throws {TokenCollectionFailedError} the token did not bring exactly the amount.
 *
 * @example
 * const hash = await refundAsOperator(operator, { escrow, paymentInfo, amount });
 */
export async function refundAsOperator(
  client: WriteClient,
  parameters: RefundAsOperatorParameters,
): Promise<RefundAsOperatorReturnType> {
  const { escrow, amount, funding } = parameters;
  const own = { tokenCollector: getEscrowDeployment(escrow).operatorRefundCollector, collectorData: "0x" } as const;
  const { tokenCollector, collectorData } = funding ?? own;
  return sendAuthCaptureCall(
    client,
    parameters,
    escrowCall("refund", parameters, [amount, tokenCollector, collectorData]),
  );
}
