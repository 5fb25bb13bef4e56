import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { ClosedError, NoEscrowError, WrongEpochError, WriteErrorType } from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link extendEscrow} takes. */
export interface ExtendEscrowParameters extends FlashTransactionParameters {
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Epoch of the escrow, from `getEscrow`. */
  readonly epoch: bigint;
  /** First second at which the client can withdraw, unix seconds. */
  readonly newUnlockAt: bigint;
}

/** Transaction hash; not yet mined. */
export type ExtendEscrowReturnType = Hash;

/** What {@link extendEscrow} throws. */
export type ExtendEscrowErrorType = NoEscrowError | WrongEpochError | ClosedError | WriteErrorType;

/**
 * Locks the sender's escrow for longer; to no later than it is, nothing happens. Calls `FlashSettlement.extendEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link ExtendEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {ClosedError} a side closed the escrow.
 *
 * @example
 * const hash = await extendEscrow(walletClient, { settlement, server, token, epoch, newUnlockAt });
 */
export async function extendEscrow(
  client: WriteClient,
  parameters: ExtendEscrowParameters,
): Promise<ExtendEscrowReturnType> {
  const { server, token, epoch, newUnlockAt } = parameters;
  return writeFlashSettlement(client, parameters, "extendEscrow", [server, token, epoch, newUnlockAt]);
}
