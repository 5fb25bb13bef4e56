import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { InsufficientGasError, NoEscrowError, WriteErrorType } from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link clientCloseEscrow} takes. */
export interface ClientCloseEscrowParameters extends FlashTransactionParameters {
  /** Receiver of the payments. */
  readonly server: Address;
}

/** Transaction hash; not yet mined. */
export type ClientCloseEscrowReturnType = Hash;

/** What {@link clientCloseEscrow} throws. */
export type ClientCloseEscrowErrorType = NoEscrowError | InsufficientGasError | WriteErrorType;

/**
 * Closes the sender's escrow of the token that `openEscrow` named last, in whatever epoch it is. Not for automation, because a transaction
 * that lands late closes an epoch it was not meant for: use `closeEscrow`. Calls `FlashSettlement.clientCloseEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link ClientCloseEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await clientCloseEscrow(walletClient, { settlement, server });
 */
export async function clientCloseEscrow(
  client: WriteClient,
  parameters: ClientCloseEscrowParameters,
): Promise<ClientCloseEscrowReturnType> {
  const { server } = parameters;
  return writeFlashSettlement(client, parameters, "clientCloseEscrow", [server]);
}
