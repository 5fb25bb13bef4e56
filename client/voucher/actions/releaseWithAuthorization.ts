import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InsufficientBalanceError,
  InvalidAmountError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  NotCollectedYetError,
  TransferFailedError,
  WriteErrorType,
} from "../errors.ts";
import type { ReleaseAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link releaseWithAuthorization} takes. */
export interface ReleaseWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the seller signed. */
  readonly authorization: ReleaseAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type ReleaseWithAuthorizationReturnType = Hash;

/** What {@link releaseWithAuthorization} throws. */
export type ReleaseWithAuthorizationErrorType =
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | NonceAlreadyUsedError
  | InvalidAmountError
  | InsufficientBalanceError
  | NotCollectedYetError
  | TransferFailedError
  | WriteErrorType;

/**
 * Returns tokens from a seller's account to the buyer's wallet, by the seller's signature. Calls `VoucherEscrow.releaseWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link ReleaseWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled, or fell out of its window.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 * @throws {NotCollectedYetError} the lane has not paid as much as the release demands.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await releaseWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function releaseWithAuthorization(
  client: WriteClient,
  parameters: ReleaseWithAuthorizationParameters,
): Promise<ReleaseWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "releaseWithAuthorization", [authorization, signature]);
}
