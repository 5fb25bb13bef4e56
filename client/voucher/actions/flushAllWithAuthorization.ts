import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AuthorizationExpiredError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  NothingToFlushError,
  WriteErrorType,
} from "../errors.ts";
import type { AccountKey, FlushAllAuthorization } from "../types.ts";
import { writeIsolating, type EscrowTransactionParameters } from "../write.ts";

/** What {@link flushAllWithAuthorization} takes. */
export interface FlushAllWithAuthorizationParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly authorization: FlushAllAuthorization;
  /** Accounts to flush; one that fails is skipped. */
  readonly accounts: readonly AccountKey[];
  /** Signature of the authorization's owner: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type FlushAllWithAuthorizationReturnType = Hash;

/** What {@link flushAllWithAuthorization} throws. */
export type FlushAllWithAuthorizationErrorType =
  AuthorizationExpiredError | InvalidAuthorizationError | NonceAlreadyUsedError | NothingToFlushError | WriteErrorType;

/** For the payment at the end of the last flush. */
const RESERVE = 60_000n;

/**
 * Flushes any of a buyer's accounts by one signature, each once. Calls `VoucherEscrow.flushAllWithAuthorization`.
 *
 * Success of an account is its event: `parseVoucherEscrowEvents` finds `FlushSkipped` for one that failed.
 * Without `gas`, more is given than the node estimates, so that no account is skipped for want of it.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link FlushAllWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not that of the authorization's owner.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled, or fell out of its window.
 * @throws {NothingToFlushError} nothing would be withdrawn and nothing would start to thaw.
 *
 * @example
 * const hash = await flushAllWithAuthorization(walletClient, { escrow, authorization, accounts: [{ seller, asset }], signature });
 */
export async function flushAllWithAuthorization(
  client: WriteClient,
  parameters: FlushAllWithAuthorizationParameters,
): Promise<FlushAllWithAuthorizationReturnType> {
  const { authorization, accounts, signature } = parameters;
  return writeIsolating(client, parameters, "flushAllWithAuthorization", [authorization, accounts, signature], RESERVE);
}
