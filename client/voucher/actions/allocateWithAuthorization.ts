import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  AuthorizationExpiredError,
  InsufficientBalanceError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  WriteErrorType,
} from "../errors.ts";
import type { AllocateAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link allocateWithAuthorization} takes. */
export interface AllocateWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly authorization: AllocateAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type AllocateWithAuthorizationReturnType = Hash;

/** What {@link allocateWithAuthorization} throws. */
export type AllocateWithAuthorizationErrorType =
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | NonceAlreadyUsedError
  | InvalidAmountError
  | InsufficientBalanceError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | WriteErrorType;

/**
 * Moves free balance of a buyer into its account with a seller, by its signature. No token moves. Calls `VoucherEscrow.allocateWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link AllocateWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled, or fell out of its window.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 *
 * @example
 * const hash = await allocateWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function allocateWithAuthorization(
  client: WriteClient,
  parameters: AllocateWithAuthorizationParameters,
): Promise<AllocateWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "allocateWithAuthorization", [authorization, signature]);
}
