import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  NoDepositsProvidedError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  WriteErrorType,
} from "../errors.ts";
import type { DepositInput } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link depositMany} takes. */
export interface DepositManyParameters extends EscrowTransactionParameters {
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Sellers and amounts, in token base units. */
  readonly deposits: readonly DepositInput[];
}

/** Transaction hash; not yet mined. */
export type DepositManyReturnType = Hash;

/** What {@link depositMany} throws. */
export type DepositManyErrorType =
  | NoDepositsProvidedError
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits the sender's tokens into its accounts with many sellers, by one transfer. Calls `VoucherEscrow.depositMany`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer, whose allowance to the escrow covers the sum.
 * @param parameters - {@link DepositManyParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoDepositsProvidedError} there are no deposits.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {SafeERC20FailedOperationError} the asset answered that it did not do the transfer.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} the token refused: allowance, balance, or it is paused.
 *
 * @example
 * const hash = await depositMany(walletClient, { escrow, asset, deposits: [{ seller, amount: 1_000_000n }] });
 */
export async function depositMany(
  client: WriteClient,
  parameters: DepositManyParameters,
): Promise<DepositManyReturnType> {
  const { asset, deposits } = parameters;
  return writeVoucherEscrow(client, parameters, "depositMany", [asset, deposits]);
}
