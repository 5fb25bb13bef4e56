import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { WriteErrorType } from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link setSettler} takes. */
export interface SetSettlerParameters extends FlashTransactionParameters {
  /** Account that may consume the payments of the sender; it is fully trusted. */
  readonly settler: Address;
  /** Last second of its right, unix seconds, inclusive; zero ends it at once. */
  readonly validUntil: bigint;
}

/** Transaction hash; not yet mined. */
export type SetSettlerReturnType = Hash;

/** What {@link setSettler} throws. */
export type SetSettlerErrorType = WriteErrorType;

/**
 * Names who else may settle payments of the sending server, or ends that right. Calls `FlashSettlement.setSettler`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the server.
 * @param parameters - {@link SetSettlerParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 *
 * @example
 * const hash = await setSettler(walletClient, { settlement, settler, validUntil });
 */
export async function setSettler(client: WriteClient, parameters: SetSettlerParameters): Promise<SetSettlerReturnType> {
  const { settler, validUntil } = parameters;
  return writeFlashSettlement(client, parameters, "setSettler", [settler, validUntil]);
}
