import type { Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadTermsError,
  ExpiredError,
  InsufficientGasError,
  NoEscrowError,
  NotCoveredError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import type { NumberedPayment } from "../types.ts";
import { writeCollecting, type FlashTransactionParameters } from "../write.ts";

/** What {@link settleNumberedPayment} takes. */
export interface SettleNumberedPaymentParameters extends FlashTransactionParameters {
  /** What is paid, and what tells it from other payments. */
  readonly payment: NumberedPayment;
}

/** Transaction hash; not yet mined. */
export type SettleNumberedPaymentReturnType = Hash;

/** What {@link settleNumberedPayment} throws. */
export type SettleNumberedPaymentErrorType =
  | NoEscrowError
  | WrongEpochError
  | ExpiredError
  | BadTermsError
  | AmountTooLargeError
  | NotCoveredError
  | InsufficientGasError
  | WriteErrorType;

/**
 * Pays a server now, once for one content: what a signed transaction of the scheme does when it lands. A content that was settled before
 * does nothing. Calls `FlashSettlement.settleNumberedPayment`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link SettleNumberedPaymentParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await settleNumberedPayment(walletClient, { settlement, payment });
 */
export async function settleNumberedPayment(
  client: WriteClient,
  parameters: SettleNumberedPaymentParameters,
): Promise<SettleNumberedPaymentReturnType> {
  const { server, token, amount, nonce, deadline, epoch } = parameters.payment;
  const args = [server, token, amount, nonce, deadline, epoch];
  return writeCollecting(client, parameters, "settleNumberedPayment", args);
}
