import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { InvalidAddressError, WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link revokeSigner} takes. */
export interface RevokeSignerParameters extends EscrowTransactionParameters {
  /** The key. */
  readonly signer: Address;
}

/** Transaction hash; not yet mined. */
export type RevokeSignerReturnType = Hash;

/** What {@link revokeSigner} throws. */
export type RevokeSignerErrorType = InvalidAddressError | WriteErrorType;

/**
 * Ends a signer of the sender for good, after the thawing period at the latest. Calls `VoucherEscrow.revokeSigner`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer.
 * @param parameters - {@link RevokeSignerParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 *
 * @example
 * const hash = await revokeSigner(walletClient, { escrow, signer });
 */
export async function revokeSigner(
  client: WriteClient,
  parameters: RevokeSignerParameters,
): Promise<RevokeSignerReturnType> {
  const { signer } = parameters;
  return writeVoucherEscrow(client, parameters, "revokeSigner", [signer]);
}
