import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InvalidAddressError,
  InvalidAuthorizationError,
  SignerAlreadyRevokedError,
  WriteErrorType,
} from "../errors.ts";
import type { SignerAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link authorizeSignerWithAuthorization} takes. */
export interface AuthorizeSignerWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly authorization: SignerAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type AuthorizeSignerWithAuthorizationReturnType = Hash;

/** What {@link authorizeSignerWithAuthorization} throws. */
export type AuthorizeSignerWithAuthorizationErrorType =
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | InvalidAddressError
  | SignerAlreadyRevokedError
  | WriteErrorType;

/**
 * Lets a key sign vouchers for a buyer, by its signature. Only extends. Calls `VoucherEscrow.authorizeSignerWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link AuthorizeSignerWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {SignerAlreadyRevokedError} the key was revoked for good.
 *
 * @example
 * const hash = await authorizeSignerWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function authorizeSignerWithAuthorization(
  client: WriteClient,
  parameters: AuthorizeSignerWithAuthorizationParameters,
): Promise<AuthorizeSignerWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "authorizeSignerWithAuthorization", [authorization, signature]);
}
