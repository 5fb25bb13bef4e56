import type { Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { WriteErrorType } from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link invalidateNonces} takes. */
export interface InvalidateNoncesParameters extends FlashTransactionParameters {
  /** Upper 248 bits of the nonces, see `noncePosition`. */
  readonly word: bigint;
  /** One bit for each nonce to cancel. */
  readonly mask: bigint;
}

/** Transaction hash; not yet mined. */
export type InvalidateNoncesReturnType = Hash;

/** What {@link invalidateNonces} throws. */
export type InvalidateNoncesErrorType = WriteErrorType;

/**
 * Cancels nonces of the sender's signed releases and credit withdrawals that were not used yet. Payments cannot be cancelled. Calls `FlashSettlement.invalidateNonces`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the owner of the nonces.
 * @param parameters - {@link InvalidateNoncesParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 *
 * @example
 * const hash = await invalidateNonces(walletClient, { settlement, ...noncePosition(nonce) });
 */
export async function invalidateNonces(
  client: WriteClient,
  parameters: InvalidateNoncesParameters,
): Promise<InvalidateNoncesReturnType> {
  const { word, mask } = parameters;
  return writeFlashSettlement(client, parameters, "invalidateNonces", [word, mask]);
}
