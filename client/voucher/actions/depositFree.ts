import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  InvalidAmountError,
  InvalidAssetError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  WriteErrorType,
} from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link depositFree} takes. */
export interface DepositFreeParameters extends EscrowTransactionParameters {
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type DepositFreeReturnType = Hash;

/** What {@link depositFree} throws. */
export type DepositFreeErrorType =
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAssetError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits the sender's tokens as its free balance. Calls `VoucherEscrow.depositFree`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the owner, whose allowance to the escrow covers the amount.
 * @param parameters - {@link DepositFreeParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {SafeERC20FailedOperationError} the asset answered that it did not do the transfer.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} the token refused: allowance, balance, or it is paused.
 *
 * @example
 * const hash = await depositFree(walletClient, { escrow, asset, amount: 1_000_000n });
 */
export async function depositFree(
  client: WriteClient,
  parameters: DepositFreeParameters,
): Promise<DepositFreeReturnType> {
  const { asset, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "depositFree", [asset, amount]);
}
