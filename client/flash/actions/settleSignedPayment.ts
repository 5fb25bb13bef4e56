import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  ExpiredError,
  InsufficientGasError,
  NoEscrowError,
  NonceUsedError,
  NotCoveredError,
  NotServerError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import type { Payment } from "../types.ts";
import { writeCollecting, type FlashTransactionParameters } from "../write.ts";

/** What {@link settleSignedPayment} takes. */
export interface SettleSignedPaymentParameters extends FlashTransactionParameters {
  /** What the escrow's signer signed. */
  readonly payment: Payment;
  /** The signer's: 65 bytes or 64 bytes (EIP-2098). */
  readonly signature: Hex;
  /** True to take what is there of a payment that is not covered; the rest of it is given up. */
  readonly allowPartial: boolean;
}

/** Transaction hash; not yet mined. */
export type SettleSignedPaymentReturnType = Hash;

/** What {@link settleSignedPayment} throws. */
export type SettleSignedPaymentErrorType =
  | NotServerError
  | BadTermsError
  | AmountTooLargeError
  | ExpiredError
  | NoEscrowError
  | WrongEpochError
  | BadSignatureError
  | NonceUsedError
  | NotCoveredError
  | InsufficientGasError
  | WriteErrorType;

/**
 * Settles one payment, from the client's wallet first and from its escrow for the rest. Calls `FlashSettlement.settleSignedPayment`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the server or one of its settlers.
 * @param parameters - {@link SettleSignedPaymentParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NotServerError} the sender may not act for the server.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {NonceUsedError} the nonce was used or cancelled.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await settleSignedPayment(walletClient, { settlement, payment, signature, allowPartial: true });
 */
export async function settleSignedPayment(
  client: WriteClient,
  parameters: SettleSignedPaymentParameters,
): Promise<SettleSignedPaymentReturnType> {
  const { payment, signature, allowPartial } = parameters;
  return writeCollecting(client, parameters, "settleSignedPayment", [payment, signature, allowPartial]);
}
