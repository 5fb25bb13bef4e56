import type { Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type { NoVouchersProvidedError, WriteErrorType } from "../errors.ts";
import type { Group } from "../types.ts";
import { writeIsolating, type EscrowTransactionParameters } from "../write.ts";

/** What {@link collectBatch} takes. */
export interface CollectBatchParameters extends EscrowTransactionParameters {
  /** Vouchers by seller and asset, from `buildGroups`. */
  readonly groups: readonly Group[];
}

/** Transaction hash; not yet mined. */
export type CollectBatchReturnType = Hash;

/** What {@link collectBatch} throws. */
export type CollectBatchErrorType = NoVouchersProvidedError | WriteErrorType;

/** For the payment at the end of the last group. */
const RESERVE = 60_000n;

/** A contract wallet is asked only while this much is left: 100,000 for the wallet, a 64th more and 5,000. */
const WALLET_RESERVE = RESERVE + 107_000n;

/**
 * Collects groups of vouchers, each group with one payment. Calls `VoucherEscrow.collectBatch`.
 *
 * A voucher that cannot be collected and a group that cannot be paid are skipped. Read what happened from the receipt with
 * `parseBatch`. Without `gas`, more is given than the node estimates, so that no group is skipped for want of it.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link CollectBatchParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoVouchersProvidedError} there are no vouchers.
 *
 * @example
 * const hash = await collectBatch(walletClient, { escrow, groups: buildGroups(vouchers) });
 */
export async function collectBatch(
  client: WriteClient,
  parameters: CollectBatchParameters,
): Promise<CollectBatchReturnType> {
  const { groups } = parameters;
  const asksWallets = groups.some(({ wide }) => wide.length > 0);
  return writeIsolating(client, parameters, "collectBatch", [groups], asksWallets ? WALLET_RESERVE : RESERVE);
}
