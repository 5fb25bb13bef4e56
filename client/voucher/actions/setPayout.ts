import type { Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { WriteErrorType } from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link setPayout} takes. */
export interface SetPayoutParameters extends EscrowTransactionParameters {
  /** True to keep earnings as free balance, false to receive transfers. */
  readonly toFreeBalance: boolean;
}

/** Transaction hash; not yet mined. */
export type SetPayoutReturnType = Hash;

/** What {@link setPayout} throws. */
export type SetPayoutErrorType = WriteErrorType;

/**
 * Chooses how the sender's earnings are paid. Calls `VoucherEscrow.setPayout`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the seller.
 * @param parameters - {@link SetPayoutParameters}.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 *
 * @example
 * const hash = await setPayout(walletClient, { escrow, toFreeBalance: true });
 */
export async function setPayout(client: WriteClient, parameters: SetPayoutParameters): Promise<SetPayoutReturnType> {
  const { toFreeBalance } = parameters;
  return writeVoucherEscrow(client, parameters, "setPayout", [toFreeBalance]);
}
