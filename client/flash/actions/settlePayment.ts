import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadTermsError,
  InsufficientGasError,
  NoEscrowError,
  NotCoveredError,
  WriteErrorType,
} from "../errors.ts";
import { writeCollecting, type FlashTransactionParameters } from "../write.ts";

/** What {@link settlePayment} takes. */
export interface SettlePaymentParameters extends FlashTransactionParameters {
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type SettlePaymentReturnType = Hash;

/** What {@link settlePayment} throws. */
export type SettlePaymentErrorType =
  NoEscrowError | BadTermsError | AmountTooLargeError | NotCoveredError | InsufficientGasError | WriteErrorType;

/**
 * Pays a server now, from the wallet of the sending client first and from its escrow for the rest, all of it or nothing. It counts toward
 * later requests. Calls `FlashSettlement.settlePayment`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link SettlePaymentParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await settlePayment(walletClient, { settlement, server, token, amount: 1_000n });
 */
export async function settlePayment(
  client: WriteClient,
  parameters: SettlePaymentParameters,
): Promise<SettlePaymentReturnType> {
  const { server, token, amount } = parameters;
  return writeCollecting(client, parameters, "settlePayment", [server, token, amount]);
}
