import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InvalidAddressError,
  InvalidAuthorizationError,
  WriteErrorType,
} from "../errors.ts";
import type { SignerRevocation } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link revokeSignerWithAuthorization} takes. */
export interface RevokeSignerWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly revocation: SignerRevocation;
  /** Signature of the buyer: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type RevokeSignerWithAuthorizationReturnType = Hash;

/** What {@link revokeSignerWithAuthorization} throws. */
export type RevokeSignerWithAuthorizationErrorType =
  AuthorizationExpiredError | InvalidAuthorizationError | InvalidAddressError | WriteErrorType;

/**
 * Ends a signer of a buyer for good, by its signature, after the thawing period at the latest. Calls `VoucherEscrow.revokeSignerWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link RevokeSignerWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 *
 * @example
 * const hash = await revokeSignerWithAuthorization(walletClient, { escrow, revocation, signature });
 */
export async function revokeSignerWithAuthorization(
  client: WriteClient,
  parameters: RevokeSignerWithAuthorizationParameters,
): Promise<RevokeSignerWithAuthorizationReturnType> {
  const { revocation, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "revokeSignerWithAuthorization", [revocation, signature]);
}
