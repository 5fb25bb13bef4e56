import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { InsufficientBalanceError, InvalidAmountError, WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link thaw} takes. */
export interface ThawParameters extends EscrowTransactionParameters {
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type ThawReturnType = Hash;

/** What {@link thaw} throws. */
export type ThawErrorType = InvalidAmountError | InsufficientBalanceError | WriteErrorType;

/**
 * Marks more of the sender's account for withdrawal and starts its timer anew. Calls `VoucherEscrow.thaw`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer.
 * @param parameters - {@link ThawParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 *
 * @example
 * const hash = await thaw(walletClient, { escrow, seller, asset, amount: 1_000_000n });
 */
export async function thaw(client: WriteClient, parameters: ThawParameters): Promise<ThawReturnType> {
  const { seller, asset, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "thaw", [seller, asset, amount]);
}
