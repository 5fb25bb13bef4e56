import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  InsufficientGasError,
  NoEscrowError,
  NotServerError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link closeEscrow} takes. */
export interface CloseEscrowParameters extends FlashTransactionParameters {
  /** Payer. */
  readonly client: Address;
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Epoch of the escrow, from `getEscrow`. */
  readonly epoch: bigint;
}

/** Transaction hash; not yet mined. */
export type CloseEscrowReturnType = Hash;

/** What {@link closeEscrow} throws. */
export type CloseEscrowErrorType =
  NoEscrowError | WrongEpochError | NotServerError | InsufficientGasError | WriteErrorType;

/**
 * Closes an escrow for good in its epoch. A client's close lets it withdraw after the close delay, a server's at once; what was accepted stays
 * collectable until the refund. When both have closed, or the lock has ended, the client is refunded. Calls `FlashSettlement.closeEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client or the server.
 * @param parameters - {@link CloseEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {NotServerError} the sender may not act for the server.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await closeEscrow(walletClient, { settlement, client, server, token, epoch });
 */
export async function closeEscrow(
  client: WriteClient,
  parameters: CloseEscrowParameters,
): Promise<CloseEscrowReturnType> {
  const { client: payer, server, token, epoch } = parameters;
  return writeFlashSettlement(client, parameters, "closeEscrow", [payer, server, token, epoch]);
}
