import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InsufficientBalanceError,
  InvalidAmountError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  TransferFailedError,
  WriteErrorType,
} from "../errors.ts";
import type { WithdrawFreeAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link withdrawFreeWithAuthorization} takes. */
export interface WithdrawFreeWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the owner signed. */
  readonly authorization: WithdrawFreeAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type WithdrawFreeWithAuthorizationReturnType = Hash;

/** What {@link withdrawFreeWithAuthorization} throws. */
export type WithdrawFreeWithAuthorizationErrorType =
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | NonceAlreadyUsedError
  | InvalidAmountError
  | InsufficientBalanceError
  | TransferFailedError
  | WriteErrorType;

/**
 * Pays free balance of an owner to the owner, by its signature. Calls `VoucherEscrow.withdrawFreeWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link WithdrawFreeWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled, or fell out of its window.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await withdrawFreeWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function withdrawFreeWithAuthorization(
  client: WriteClient,
  parameters: WithdrawFreeWithAuthorizationParameters,
): Promise<WithdrawFreeWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "withdrawFreeWithAuthorization", [authorization, signature]);
}
