import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { BadSignatureError, ExpiredError, WrongSequenceError, WriteErrorType } from "../errors.ts";
import type { SettlerAuthorization } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link setSettlerWithAuthorization} takes. */
export interface SetSettlerWithAuthorizationParameters extends FlashTransactionParameters {
  /** What the server signed. */
  readonly authorization: SettlerAuthorization;
  /** The server's, from `signSettlerAuthorization`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type SetSettlerWithAuthorizationReturnType = Hash;

/** What {@link setSettlerWithAuthorization} throws. */
export type SetSettlerWithAuthorizationErrorType =
  ExpiredError | BadSignatureError | WrongSequenceError | WriteErrorType;

/**
 * Names who else may settle payments of a server, by its signature, once. Calls `FlashSettlement.setSettlerWithAuthorization`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link SetSettlerWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {WrongSequenceError} the sequence is not the current one.
 *
 * @example
 * const hash = await setSettlerWithAuthorization(walletClient, { settlement, authorization, signature });
 */
export async function setSettlerWithAuthorization(
  client: WriteClient,
  parameters: SetSettlerWithAuthorizationParameters,
): Promise<SetSettlerWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeFlashSettlement(client, parameters, "setSettlerWithAuthorization", [authorization, signature]);
}
