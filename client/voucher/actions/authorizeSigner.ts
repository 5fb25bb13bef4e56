import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { InvalidAddressError, SignerAlreadyRevokedError, WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link authorizeSigner} takes. */
export interface AuthorizeSignerParameters extends EscrowTransactionParameters {
  /** The key. */
  readonly signer: Address;
  /** Last second at which its vouchers can be collected, unix seconds, inclusive. */
  readonly validUntil: bigint;
}

/** Transaction hash; not yet mined. */
export type AuthorizeSignerReturnType = Hash;

/** What {@link authorizeSigner} throws. */
export type AuthorizeSignerErrorType = InvalidAddressError | SignerAlreadyRevokedError | WriteErrorType;

/**
 * Lets a key sign vouchers for the sender, and nothing else. Only extends. Calls `VoucherEscrow.authorizeSigner`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer.
 * @param parameters - {@link AuthorizeSignerParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {SignerAlreadyRevokedError} the key was revoked for good.
 *
 * @example
 * const hash = await authorizeSigner(walletClient, { escrow, signer, validUntil: 1_800_000_000n });
 */
export async function authorizeSigner(
  client: WriteClient,
  parameters: AuthorizeSignerParameters,
): Promise<AuthorizeSignerReturnType> {
  const { signer, validUntil } = parameters;
  return writeVoucherEscrow(client, parameters, "authorizeSigner", [signer, validUntil]);
}
