import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  InsufficientBalanceError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  WriteErrorType,
} from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link allocate} takes. */
export interface AllocateParameters extends EscrowTransactionParameters {
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type AllocateReturnType = Hash;

/** What {@link allocate} throws. */
export type AllocateErrorType =
  | InvalidAmountError
  | InsufficientBalanceError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | WriteErrorType;

/**
 * Moves free balance of the sender into its account with a seller. No token moves. Calls `VoucherEscrow.allocate`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer.
 * @param parameters - {@link AllocateParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 *
 * @example
 * const hash = await allocate(walletClient, { escrow, seller, asset, amount: 1_000_000n });
 */
export async function allocate(client: WriteClient, parameters: AllocateParameters): Promise<AllocateReturnType> {
  const { seller, asset, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "allocate", [seller, asset, amount]);
}
