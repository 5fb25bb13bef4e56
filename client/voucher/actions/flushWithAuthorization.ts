import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  NothingToFlushError,
  TransferFailedError,
  WriteErrorType,
} from "../errors.ts";
import type { FlushAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link flushWithAuthorization} takes. */
export interface FlushWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly authorization: FlushAuthorization;
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type FlushWithAuthorizationReturnType = Hash;

/** What {@link flushWithAuthorization} throws. */
export type FlushWithAuthorizationErrorType =
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | NonceAlreadyUsedError
  | NothingToFlushError
  | TransferFailedError
  | WriteErrorType;

/**
 * Withdraws what is matured in one account of a buyer and thaws the rest, by its signature. Calls `VoucherEscrow.flushWithAuthorization`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link FlushWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled, or fell out of its window.
 * @throws {NothingToFlushError} nothing would be withdrawn and nothing would start to thaw.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await flushWithAuthorization(walletClient, { escrow, authorization, signature });
 */
export async function flushWithAuthorization(
  client: WriteClient,
  parameters: FlushWithAuthorizationParameters,
): Promise<FlushWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "flushWithAuthorization", [authorization, signature]);
}
