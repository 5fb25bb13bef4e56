import type { Address, ContractFunctionArgs, ContractFunctionName, EstimateContractGasParameters, Hash } from "viem";
import { estimateContractGas, writeContract } from "viem/actions";
import { getAction } from "viem/utils";
import { voucherEscrowAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import { withTransaction, type TransactionParameters, type WriteClient } from "../core/write.ts";
import { decodeVoucherError } from "./errors.ts";

type Abi = typeof voucherEscrowAbi;

/** What every action on an escrow takes. */
export interface EscrowTransactionParameters extends TransactionParameters {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
}

/** Name of a function of VoucherEscrow that changes state. */
export type VoucherWriteName = ContractFunctionName<Abi, "nonpayable">;

/**
 * Sends a call of VoucherEscrow. Actions are made of it.
 *
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function writeVoucherEscrow<name extends VoucherWriteName>(
  client: WriteClient,
  parameters: EscrowTransactionParameters,
  functionName: name,
  args: ContractFunctionArgs<Abi, "nonpayable", name>,
): Promise<Hash> {
  const call = callOf(parameters, functionName, args);
  try {
    return await getAction(client, writeContract, "writeContract")(withTransaction(call, client, parameters));
  } catch (error) {
    throw decodeVoucherError(error) ?? error;
  }
}

/**
 * Sends a call of VoucherEscrow that isolates its parts: one that runs out of gas is skipped and the transaction still succeeds.
 *
 * A node's estimate is the least gas at which the transaction succeeds, which may be too little for its last parts. So the gas is
 * the estimate, a third more (what refunds hide, and the 64th part that every inner call leaves behind), and a reserve.
 *
 * @param reserve - Gas that must be left when the last part begins.
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function writeIsolating<name extends "collectBatch" | "flushAllWithAuthorization">(
  client: WriteClient,
  parameters: EscrowTransactionParameters,
  functionName: name,
  args: ContractFunctionArgs<Abi, "nonpayable", name>,
  reserve: bigint,
): Promise<Hash> {
  if (parameters.gas !== undefined) return writeVoucherEscrow(client, parameters, functionName, args);
  const call = callOf(parameters, functionName, args);
  const { account = client.account } = parameters;
  try {
    const request = { ...call, account } as unknown as EstimateContractGasParameters;
    const estimate = await getAction(client, estimateContractGas, "estimateContractGas")(request);
    const gas = estimate + estimate / 3n + reserve;
    return await writeVoucherEscrow(client, { ...parameters, gas }, functionName, args);
  } catch (error) {
    throw decodeVoucherError(error) ?? error;
  }
}

function callOf({ escrow }: EscrowTransactionParameters, functionName: string, args: unknown) {
  return { abi: voucherEscrowAbi, address: withChecksums(escrow), functionName, args: withChecksums(args) };
}
