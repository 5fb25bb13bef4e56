import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { InsufficientGasError, NoEscrowError, WriteErrorType } from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link serverCloseEscrow} takes. */
export interface ServerCloseEscrowParameters extends FlashTransactionParameters {
  /** Payer. */
  readonly client: Address;
}

/** Transaction hash; not yet mined. */
export type ServerCloseEscrowReturnType = Hash;

/** What {@link serverCloseEscrow} throws. */
export type ServerCloseEscrowErrorType = NoEscrowError | InsufficientGasError | WriteErrorType;

/**
 * Closes a client's escrow of the token that `openEscrow` named last, in whatever epoch it is. Not for automation, because a transaction
 * that lands late closes an epoch it was not meant for: use `closeEscrow`. Calls `FlashSettlement.serverCloseEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the server.
 * @param parameters - {@link ServerCloseEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await serverCloseEscrow(walletClient, { settlement, client });
 */
export async function serverCloseEscrow(
  client: WriteClient,
  parameters: ServerCloseEscrowParameters,
): Promise<ServerCloseEscrowReturnType> {
  const { client: payer } = parameters;
  return writeFlashSettlement(client, parameters, "serverCloseEscrow", [payer]);
}
