import type { Address, ContractFunctionName, Hash } from "viem";
import { flashSettlementAbi } from "../abi/index.ts";
import {
  sendCall,
  sendWithReserve,
  type ContractCall,
  type TransactionParameters,
  type WriteClient,
} from "../core/write.ts";
import { decodeFlashError } from "./errors.ts";

/** What every action on a FlashSettlement takes. */
export interface FlashTransactionParameters extends TransactionParameters {
  /** Address of FlashSettlement. */
  readonly settlement: Address;
}

/** Name of a function of FlashSettlement that changes state. */
export type FlashWriteName = ContractFunctionName<typeof flashSettlementAbi, "nonpayable">;

/** A pull from a wallet demands that this much is left: 200,000 for the token, a 64th more and 10,000. */
const PULL_RESERVE = 214_000n;

/**
 * Sends a call of FlashSettlement. Actions are made of it.
 *
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function writeFlashSettlement(
  client: WriteClient,
  parameters: FlashTransactionParameters,
  functionName: FlashWriteName,
  args: readonly unknown[],
): Promise<Hash> {
  return sendCall(client, parameters, callOf(parameters, functionName, args), decodeFlashError);
}

/**
 * Sends a call of FlashSettlement that collects. What the wallet holds may change until it is mined, and with it what the call needs, so
 * more gas is given than the node estimates: with too little the whole call reverts.
 *
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function writeCollecting(
  client: WriteClient,
  parameters: FlashTransactionParameters,
  functionName: FlashWriteName,
  args: readonly unknown[],
): Promise<Hash> {
  return sendWithReserve(client, parameters, callOf(parameters, functionName, args), PULL_RESERVE, decodeFlashError);
}

function callOf(
  { settlement }: FlashTransactionParameters,
  functionName: FlashWriteName,
  args: readonly unknown[],
): ContractCall {
  return { abi: flashSettlementAbi, address: settlement, functionName, args };
}
