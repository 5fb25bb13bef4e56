import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  BadSignatureError,
  BadTermsError,
  ExpiredError,
  InsufficientGasError,
  NoEscrowError,
  NonceUsedError,
  NotCoveredError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import type { ReleaseEscrow } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link releaseEscrowWithAuthorization} takes. */
export interface ReleaseEscrowWithAuthorizationParameters extends FlashTransactionParameters {
  /** What the server signed. */
  readonly authorization: ReleaseEscrow;
  /** The server's, from `signReleaseEscrow`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type ReleaseEscrowWithAuthorizationReturnType = Hash;

/** What {@link releaseEscrowWithAuthorization} throws. */
export type ReleaseEscrowWithAuthorizationErrorType =
  | ExpiredError
  | BadSignatureError
  | NonceUsedError
  | NoEscrowError
  | WrongEpochError
  | BadTermsError
  | NotCoveredError
  | InsufficientGasError
  | WriteErrorType;

/**
 * Gives part of an escrow back to the client by its server's signature, once. Calls `FlashSettlement.releaseEscrowWithAuthorization`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link ReleaseEscrowWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {NonceUsedError} the nonce was used or cancelled.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await releaseEscrowWithAuthorization(walletClient, { settlement, authorization, signature });
 */
export async function releaseEscrowWithAuthorization(
  client: WriteClient,
  parameters: ReleaseEscrowWithAuthorizationParameters,
): Promise<ReleaseEscrowWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeFlashSettlement(client, parameters, "releaseEscrowWithAuthorization", [authorization, signature]);
}
