import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadTermsError,
  ClosedError,
  NoEscrowError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link topUp} takes. */
export interface TopUpParameters extends FlashTransactionParameters {
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** What to add, token base units. */
  readonly amount: bigint;
  /** Epoch of the escrow, from `getEscrow`. */
  readonly epoch: bigint;
}

/** Transaction hash; not yet mined. */
export type TopUpReturnType = Hash;

/** What {@link topUp} throws. */
export type TopUpErrorType =
  | NoEscrowError
  | WrongEpochError
  | ClosedError
  | BadTermsError
  | AmountTooLargeError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Locks more of the sender's tokens in its open escrow, by its allowance. Calls `FlashSettlement.topUp`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link TopUpParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {ClosedError} a side closed the escrow.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {SafeERC20FailedOperationError} the token answered that it did not do the transfer.
 * @throws {TransferMismatchError} the token moved another amount than asked for.
 * @throws {ForeignRevertError} the token or Permit2 refused: balance, allowance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await topUp(walletClient, { settlement, server, token, amount: 1_000_000n, epoch });
 */
export async function topUp(client: WriteClient, parameters: TopUpParameters): Promise<TopUpReturnType> {
  const { server, token, amount, epoch } = parameters;
  return writeFlashSettlement(client, parameters, "topUp", [server, token, amount, epoch]);
}
