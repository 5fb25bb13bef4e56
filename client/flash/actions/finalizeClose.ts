import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  InsufficientGasError,
  NoEscrowError,
  NotClosedError,
  StillLockedError,
  WriteErrorType,
} from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link finalizeClose} takes. */
export interface FinalizeCloseParameters extends FlashTransactionParameters {
  /** Payer. */
  readonly client: Address;
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
}

/** Transaction hash; not yet mined. */
export type FinalizeCloseReturnType = Hash;

/** What {@link finalizeClose} throws. */
export type FinalizeCloseErrorType =
  NoEscrowError | NotClosedError | StillLockedError | InsufficientGasError | WriteErrorType;

/**
 * Refunds the client of an escrow that it closed, once the lock has ended. Calls `FlashSettlement.finalizeClose`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of anyone; pays gas only.
 * @param parameters - {@link FinalizeCloseParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {NotClosedError} the client has not closed the escrow.
 * @throws {StillLockedError} the lock has not ended.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await finalizeClose(walletClient, { settlement, client, server, token });
 */
export async function finalizeClose(
  client: WriteClient,
  parameters: FinalizeCloseParameters,
): Promise<FinalizeCloseReturnType> {
  const { client: payer, server, token } = parameters;
  return writeFlashSettlement(client, parameters, "finalizeClose", [payer, server, token]);
}
