import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { NoThawingInProgressError, WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link cancelThaw} takes. */
export interface CancelThawParameters extends EscrowTransactionParameters {
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/** Transaction hash; not yet mined. */
export type CancelThawReturnType = Hash;

/** What {@link cancelThaw} throws. */
export type CancelThawErrorType = NoThawingInProgressError | WriteErrorType;

/**
 * Ends the thaw of the sender's account without a withdrawal. Calls `VoucherEscrow.cancelThaw`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer.
 * @param parameters - {@link CancelThawParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoThawingInProgressError} nothing thaws in the account.
 *
 * @example
 * const hash = await cancelThaw(walletClient, { escrow, seller, asset });
 */
export async function cancelThaw(client: WriteClient, parameters: CancelThawParameters): Promise<CancelThawReturnType> {
  const { seller, asset } = parameters;
  return writeVoucherEscrow(client, parameters, "cancelThaw", [seller, asset]);
}
