import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InvalidAuthorizationError,
  InvalidNonceError,
  WriteErrorType,
} from "../errors.ts";
import type { PayoutAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link setPayoutWithAuthorization} takes. */
export interface SetPayoutWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the seller signed. */
  readonly authorization: PayoutAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type SetPayoutWithAuthorizationReturnType = Hash;

/** What {@link setPayoutWithAuthorization} throws. */
export type SetPayoutWithAuthorizationErrorType =
  AuthorizationExpiredError | InvalidAuthorizationError | InvalidNonceError | WriteErrorType;

/**
 * Chooses how a seller's earnings are paid, by its signature. Calls `VoucherEscrow.setPayoutWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link SetPayoutWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {InvalidNonceError} the nonce is not the one that comes next, or would go back.
 *
 * @example
 * const hash = await setPayoutWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function setPayoutWithAuthorization(
  client: WriteClient,
  parameters: SetPayoutWithAuthorizationParameters,
): Promise<SetPayoutWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "setPayoutWithAuthorization", [authorization, signature]);
}
