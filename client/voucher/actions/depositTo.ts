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

/** What {@link depositTo} takes. */
export interface DepositToParameters extends EscrowTransactionParameters {
  /** Buyer of the account. */
  readonly buyer: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type DepositToReturnType = Hash;

/** What {@link depositTo} throws. */
export type DepositToErrorType =
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits the sender's tokens into the account of any buyer. Calls `VoucherEscrow.depositTo`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the payer, whose allowance to the escrow covers the amount.
 * @param parameters - {@link DepositToParameters}; amounts in token base units, times in unix seconds.
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
 * const hash = await depositTo(walletClient, { escrow, buyer, seller, asset, amount: 1_000_000n });
 */
export async function depositTo(client: WriteClient, parameters: DepositToParameters): Promise<DepositToReturnType> {
  const { buyer, seller, asset, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "depositTo", [buyer, seller, asset, amount]);
}
