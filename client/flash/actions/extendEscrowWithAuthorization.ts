import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  BadSignatureError,
  ClosedError,
  ExpiredError,
  NoEscrowError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import type { ExtendEscrow } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link extendEscrowWithAuthorization} takes. */
export interface ExtendEscrowWithAuthorizationParameters extends FlashTransactionParameters {
  /** What the client signed. */
  readonly authorization: ExtendEscrow;
  /** The client's, from `signExtendEscrow`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type ExtendEscrowWithAuthorizationReturnType = Hash;

/** What {@link extendEscrowWithAuthorization} throws. */
export type ExtendEscrowWithAuthorizationErrorType =
  ExpiredError | BadSignatureError | NoEscrowError | WrongEpochError | ClosedError | WriteErrorType;

/**
 * Locks a client's escrow for longer, by its signature; doing it again changes nothing. Calls `FlashSettlement.extendEscrowWithAuthorization`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link ExtendEscrowWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {ClosedError} a side closed the escrow.
 *
 * @example
 * const hash = await extendEscrowWithAuthorization(walletClient, { settlement, authorization, signature });
 */
export async function extendEscrowWithAuthorization(
  client: WriteClient,
  parameters: ExtendEscrowWithAuthorizationParameters,
): Promise<ExtendEscrowWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeFlashSettlement(client, parameters, "extendEscrowWithAuthorization", [authorization, signature]);
}
