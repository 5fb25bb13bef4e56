import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  BadSignatureError,
  ExpiredError,
  InsufficientGasError,
  NoEscrowError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import type { CloseEscrow } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link closeEscrowWithAuthorization} takes. */
export interface CloseEscrowWithAuthorizationParameters extends FlashTransactionParameters {
  /** What the client or the server signed. */
  readonly authorization: CloseEscrow;
  /** Of the server when `byServer`, else of the client; from `signCloseEscrow`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type CloseEscrowWithAuthorizationReturnType = Hash;

/** What {@link closeEscrowWithAuthorization} throws. */
export type CloseEscrowWithAuthorizationErrorType =
  ExpiredError | BadSignatureError | NoEscrowError | WrongEpochError | InsufficientGasError | WriteErrorType;

/**
 * Closes an escrow by the signature of its client or its server. Sent again once the lock has ended, it refunds the client. Calls `FlashSettlement.closeEscrowWithAuthorization`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link CloseEscrowWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await closeEscrowWithAuthorization(walletClient, { settlement, authorization, signature });
 */
export async function closeEscrowWithAuthorization(
  client: WriteClient,
  parameters: CloseEscrowWithAuthorizationParameters,
): Promise<CloseEscrowWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeFlashSettlement(client, parameters, "closeEscrowWithAuthorization", [authorization, signature]);
}
