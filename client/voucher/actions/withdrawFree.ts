import type { Address, Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { InsufficientBalanceError, InvalidAmountError, TransferFailedError, WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link withdrawFree} takes. */
export interface WithdrawFreeParameters extends EscrowTransactionParameters {
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type WithdrawFreeReturnType = Hash;

/** What {@link withdrawFree} throws. */
export type WithdrawFreeErrorType =
  InvalidAmountError | InsufficientBalanceError | TransferFailedError | WriteErrorType;

/**
 * Pays free balance of the sender to the sender, at once. Calls `VoucherEscrow.withdrawFree`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the owner.
 * @param parameters - {@link WithdrawFreeParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await withdrawFree(walletClient, { escrow, asset, amount: 1_000_000n });
 */
export async function withdrawFree(
  client: WriteClient,
  parameters: WithdrawFreeParameters,
): Promise<WithdrawFreeReturnType> {
  const { asset, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "withdrawFree", [asset, amount]);
}
