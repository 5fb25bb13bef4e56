import type { Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { WriteErrorType } from "../errors.ts";
import { NONCE_KINDS, type NonceKind } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link invalidateNonces} takes. */
export interface InvalidateNoncesParameters extends EscrowTransactionParameters {
  /** Which authorizations. */
  readonly kind: NonceKind;
  /** Upper 248 bits of the nonces. */
  readonly word: bigint;
  /** One bit for each nonce of that word to cancel. */
  readonly mask: bigint;
}

/** Transaction hash; not yet mined. */
export type InvalidateNoncesReturnType = Hash;

/** What {@link invalidateNonces} throws. */
export type InvalidateNoncesErrorType = WriteErrorType;

/**
 * Cancels authorizations of the sender that were not used yet. Calls `VoucherEscrow.invalidateNonces`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the owner.
 * @param parameters - {@link InvalidateNoncesParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 *
 * @example
 * const hash = await invalidateNonces(walletClient, { escrow, kind: "Release", ...noncePosition(nonce) });
 */
export async function invalidateNonces(
  client: WriteClient,
  parameters: InvalidateNoncesParameters,
): Promise<InvalidateNoncesReturnType> {
  const { kind, word, mask } = parameters;
  return writeVoucherEscrow(client, parameters, "invalidateNonces", [NONCE_KINDS.indexOf(kind), word, mask]);
}
