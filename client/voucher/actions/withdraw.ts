import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  NoThawingInProgressError,
  ThawingPeriodNotCompletedError,
  TransferFailedError,
  WriteErrorType,
} from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link withdraw} takes. */
export interface WithdrawParameters extends EscrowTransactionParameters {
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/** Transaction hash; not yet mined. */
export type WithdrawReturnType = Hash;

/** What {@link withdraw} throws. */
export type WithdrawErrorType =
  NoThawingInProgressError | ThawingPeriodNotCompletedError | TransferFailedError | WriteErrorType;

/**
 * Pays the thawed part of the sender's account to the sender. Calls `VoucherEscrow.withdraw`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the buyer.
 * @param parameters - {@link WithdrawParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoThawingInProgressError} nothing thaws in the account.
 * @throws {ThawingPeriodNotCompletedError} the thaw has not ended.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await withdraw(walletClient, { escrow, seller, asset });
 */
export async function withdraw(client: WriteClient, parameters: WithdrawParameters): Promise<WithdrawReturnType> {
  const { seller, asset } = parameters;
  return writeVoucherEscrow(client, parameters, "withdraw", [seller, asset]);
}
