import type { Address, ContractFunctionArgs, ContractFunctionName, Hash } from "viem";
import { voucherEscrowAbi } from "../abi/index.ts";
import {
  sendCall,
  sendWithReserve,
  type ContractCall,
  type TransactionParameters,
  type WriteClient,
} from "../core/write.ts";
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
  return sendCall(client, parameters, callOf(parameters, functionName, args), decodeVoucherError);
}

/**
 * Sends a call of VoucherEscrow that isolates its parts: one that runs out of gas is skipped and the transaction still succeeds.
 *
 * More gas is given than the node estimates, so that no part is skipped for want of it.
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
  return sendWithReserve(client, parameters, callOf(parameters, functionName, args), reserve, decodeVoucherError);
}

function callOf({ escrow }: EscrowTransactionParameters, functionName: string, args: unknown): ContractCall {
  return { abi: voucherEscrowAbi, address: escrow, functionName, args: args as readonly unknown[] };
}
