import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  AuthorizationExpiredError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  ZeroNonceError,
  WriteErrorType,
} from "../errors.ts";
import type { DepositAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link depositWithAuthorization} takes. */
export interface DepositWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly authorization: DepositAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type DepositWithAuthorizationReturnType = Hash;

/** What {@link depositWithAuthorization} throws. */
export type DepositWithAuthorizationErrorType =
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | ZeroNonceError
  | NonceAlreadyUsedError
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits a buyer's tokens by its signature and its allowance to the escrow. Calls `VoucherEscrow.depositWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link DepositWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {ZeroNonceError} the nonce of the authorization is zero.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled, or fell out of its window.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {SafeERC20FailedOperationError} the asset answered that it did not do the transfer.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} the token refused: allowance, balance, or it is paused.
 *
 * @example
 * const hash = await depositWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function depositWithAuthorization(
  client: WriteClient,
  parameters: DepositWithAuthorizationParameters,
): Promise<DepositWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "depositWithAuthorization", [authorization, signature]);
}
