import type { Hash } from "viem";
import type { TransactionParameters, WriteClient } from "../../core/write.ts";
import { escrowCall, type AuthorizeAsOperatorCall } from "../calls.ts";
import type {
  AfterPreApprovalExpiryError,
  ExceedsMaxAmountError,
  InvalidExpiriesError,
  InvalidSenderError,
  PaymentAlreadyCollectedError,
  PaymentNotPreApprovedError,
  TokenCollectionFailedError,
  WriteErrorType,
  ZeroAmountError,
} from "../errors.ts";
import type { UnknownEscrowAddressError } from "../refusals.ts";
import { sendAuthCaptureCall } from "../write.ts";

/** What {@link authorizeAsOperator} takes. */
export interface AuthorizeAsOperatorParameters extends AuthorizeAsOperatorCall, TransactionParameters {}

/** Transaction hash; not yet mined. */
export type AuthorizeAsOperatorReturnType = Hash;

/** What {@link authorizeAsOperator} throws. */
export type AuthorizeAsOperatorErrorType =
  | UnknownEscrowAddressError
  | InvalidSenderError
  | ZeroAmountError
  | ExceedsMaxAmountError
  | AfterPreApprovalExpiryError
  | InvalidExpiriesError
  | PaymentAlreadyCollectedError
  | PaymentNotPreApprovedError
  | TokenCollectionFailedError
  | WriteErrorType;

/**
 * Holds a signed payment whose operator is the sending account, all or a part of it; the rest goes back to the payer. Calls `AuthCaptureEscrow.authorize`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - wallet client of the operator, an account.
 * @param parameters - {@link AuthorizeAsOperatorParameters}; amounts in token base units, times in unix seconds.
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
 *
 * @example
 * const hash = await authorizeAsOperator(operator, { escrow, paymentInfo, ...signed });
 */
export async function authorizeAsOperator(
  client: WriteClient,
  parameters: AuthorizeAsOperatorParameters,
): Promise<AuthorizeAsOperatorReturnType> {
  const { paymentInfo, amount = paymentInfo.maxAmount, tokenCollector, collectorData } = parameters;
  return sendAuthCaptureCall(
    client,
    parameters,
    escrowCall("authorize", parameters, [amount, tokenCollector, collectorData]),
  );
}
