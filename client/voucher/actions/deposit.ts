import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  WriteErrorType,
} from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link deposit} takes. */
export interface DepositParameters extends EscrowTransactionParameters {
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type DepositReturnType = Hash;

/** What {@link deposit} throws. */
export type DepositErrorType =
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits the sender's tokens into its account with a seller. Calls `VoucherEscrow.deposit`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer, whose allowance to the escrow covers the amount.
 * @param parameters - {@link DepositParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {SafeERC20FailedOperationError} the asset answered that it did not do the transfer.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} the token refused: allowance, balance, or it is paused.
 *
 * @example
 * const hash = await deposit(walletClient, { escrow, seller, asset, amount: 1_000_000n });
 */
export async function deposit(client: WriteClient, parameters: DepositParameters): Promise<DepositReturnType> {
  const { seller, asset, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "deposit", [seller, asset, amount]);
}
