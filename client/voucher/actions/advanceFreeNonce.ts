import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { InvalidNonceError, WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link advanceFreeNonce} takes. */
export interface AdvanceFreeNonceParameters extends EscrowTransactionParameters {
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lowest nonce that can still be used, 64 bits. */
  readonly next: bigint;
}

/** Transaction hash; not yet mined. */
export type AdvanceFreeNonceReturnType = Hash;

/** What {@link advanceFreeNonce} throws. */
export type AdvanceFreeNonceErrorType = InvalidNonceError | WriteErrorType;

/**
 * Cancels every unused nonce below `next` of the sender's free balance in an asset. Calls `VoucherEscrow.advanceFreeNonce`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the owner.
 * @param parameters - {@link AdvanceFreeNonceParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidNonceError} the nonce is not the one that comes next, or would go back.
 *
 * @example
 * const hash = await advanceFreeNonce(walletClient, { escrow, asset, next: 64n });
 */
export async function advanceFreeNonce(
  client: WriteClient,
  parameters: AdvanceFreeNonceParameters,
): Promise<AdvanceFreeNonceReturnType> {
  const { asset, next } = parameters;
  return writeVoucherEscrow(client, parameters, "advanceFreeNonce", [asset, next]);
}
