import type { Account, Address } from "viem";
import { simulateContract } from "viem/actions";
import { voucherEscrowAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import type { ReadClient } from "../core/readClient.ts";
import { decodeVoucherError } from "./errors.ts";
import type { ReadParameters } from "./read.ts";
import { getOutstandingAndCollectableAmount, type OutstandingAndCollectable } from "./reads/vouchers.ts";
import type { Group, SignedVoucher } from "./types.ts";

/** What {@link simulateCollect} takes. */
export interface SimulateCollectParameters extends ReadParameters, SignedVoucher {
  /** Sender of the simulated call; anybody when absent. */
  readonly account?: Account | Address;
}

/** What {@link simulateGroup} takes. */
export interface SimulateGroupParameters extends ReadParameters {
  readonly group: Group;
}

/**
 * Tries `collect` without a transaction.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link SimulateCollectParameters}.
 * @returns What the voucher is still worth and what the collection would pay, token base units.
 * @throws the errors of `collect`.
 *
 * @example
 * const { collectable } = await simulateCollect(publicClient, { escrow, voucher, signature });
 */
export async function simulateCollect(
  client: ReadClient,
  parameters: SimulateCollectParameters,
): Promise<OutstandingAndCollectable> {
  const { voucher, signature, account } = parameters;
  const [amounts] = await Promise.all([
    getOutstandingAndCollectableAmount(client, parameters),
    simulate(client, parameters, "collect", [voucher, signature], account),
  ]);
  return amounts;
}

/**
 * Tries one group of `collectBatch` without a transaction, in the escrow's own name, so that what would only show as `GroupFailed`
 * is thrown. Vouchers that would be skipped do not show.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link SimulateGroupParameters}; the group's own gas limit applies.
 * @throws {TransferFailedError} the asset refused the payment.
 * @throws {InvalidAddressError} the seller is zero or the escrow.
 * @throws {InvalidAssetError} the asset is zero or the escrow.
 *
 * @example
 * await simulateGroup(publicClient, { escrow, group });
 */
export async function simulateGroup(client: ReadClient, parameters: SimulateGroupParameters): Promise<void> {
  const { escrow, group } = parameters;
  await simulate(client, parameters, "collectGroup", [group], escrow, group.gasLimit);
}

async function simulate(
  client: ReadClient,
  { escrow, blockNumber, blockTag }: ReadParameters,
  functionName: "collect" | "collectGroup",
  args: readonly unknown[],
  account: Account | Address | undefined,
  gas = 0n,
): Promise<void> {
  const block = blockNumber === undefined ? { blockTag: blockTag ?? "latest" } : { blockNumber };
  const limit = gas === 0n ? {} : { gas };
  const call = { address: withChecksums(escrow), functionName, args: withChecksums(args), account };
  const request = { abi: voucherEscrowAbi, ...call, ...block, ...limit };
  try {
    // viem relates the arguments to the name, which is one of two here.
    await simulateContract(client, request as never);
  } catch (error) {
    throw decodeVoucherError(error) ?? error;
  }
}
