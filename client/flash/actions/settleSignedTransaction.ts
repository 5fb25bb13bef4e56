import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  BadTransactionError,
  ExpiredError,
  InsufficientGasError,
  NoEscrowError,
  NonceUsedError,
  NotCoveredError,
  NotNumberedPaymentError,
  NotServerError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import { writeCollecting, type FlashTransactionParameters } from "../write.ts";

/** What {@link settleSignedTransaction} takes. */
export interface SettleSignedTransactionParameters extends FlashTransactionParameters {
  /** The signed transaction, from the type byte on, as `verifySignedTransaction` accepts it. */
  readonly rawTransaction: Hex;
  /** True to take what is there of a payment that is not covered; the rest of it is given up. */
  readonly allowPartial: boolean;
}

/** Transaction hash; not yet mined. */
export type SettleSignedTransactionReturnType = Hash;

/** What {@link settleSignedTransaction} throws. */
export type SettleSignedTransactionErrorType =
  | BadTransactionError
  | NotNumberedPaymentError
  | NotServerError
  | NoEscrowError
  | WrongEpochError
  | BadSignatureError
  | NonceUsedError
  | BadTermsError
  | ExpiredError
  | AmountTooLargeError
  | NotCoveredError
  | InsufficientGasError
  | WriteErrorType;

/**
 * Settles what a client signed as a raw transaction, whether or not that transaction ever lands. Calls `FlashSettlement.settleSignedTransaction`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of anyone; the server or a settler with `allowPartial`.
 * @param parameters - {@link SettleSignedTransactionParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {BadTransactionError} the bytes are not a transaction that can be settled; `fault` says why.
 * @throws {NotNumberedPaymentError} the transaction is no call of `settleNumberedPayment`.
 * @throws {NotServerError} the sender may not act for the server.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {NonceUsedError} the nonce was used or cancelled.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await settleSignedTransaction(walletClient, { settlement, rawTransaction, allowPartial: false });
 */
export async function settleSignedTransaction(
  client: WriteClient,
  parameters: SettleSignedTransactionParameters,
): Promise<SettleSignedTransactionReturnType> {
  const { rawTransaction, allowPartial } = parameters;
  return writeCollecting(client, parameters, "settleSignedTransaction", [rawTransaction, allowPartial]);
}
