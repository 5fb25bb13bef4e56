import type { Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { InsufficientGasError, WriteErrorType } from "../errors.ts";
import type { Group } from "../types.ts";
import { writeCollecting, type FlashTransactionParameters } from "../write.ts";

/** What {@link settleBatch} takes. */
export interface SettleBatchParameters extends FlashTransactionParameters {
  /** Items by escrow, from `buildBatches`. */
  readonly groups: readonly Group[];
  /** True to take what is there of a payment that is not covered; the rest of it is given up. */
  readonly allowPartial: boolean;
}

/** Transaction hash; not yet mined. */
export type SettleBatchReturnType = Hash;

/** What {@link settleBatch} throws. */
export type SettleBatchErrorType = InsufficientGasError | WriteErrorType;

/**
 * Settles payments and tabs of many escrows, each escrow by one pull. An item that cannot be settled is skipped and changes no other; read
 * what happened with `parseBatch`, and before it is sent with `quoteBatch`. Calls `FlashSettlement.settleBatch`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the server or a settler; anyone for tabs alone.
 * @param parameters - {@link SettleBatchParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await settleBatch(walletClient, { settlement, groups, allowPartial: true });
 */
export async function settleBatch(
  client: WriteClient,
  parameters: SettleBatchParameters,
): Promise<SettleBatchReturnType> {
  const { groups, allowPartial } = parameters;
  return writeCollecting(client, parameters, "settleBatch", [groups, allowPartial]);
}
