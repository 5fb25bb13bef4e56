import type {
  Abi,
  Account,
  Address,
  Chain,
  Client,
  EstimateContractGasParameters,
  Hash,
  Transport,
  WriteContractParameters,
} from "viem";
import { estimateContractGas, writeContract } from "viem/actions";
import { getAction } from "viem/utils";
import { withChecksums } from "./checksums.ts";

/** A viem client that sends transactions: a wallet client, or any client with an account. */
export type WriteClient = Client<Transport, Chain | undefined, Account | undefined>;

/** How the transaction of an action is sent; what is absent comes from the client or is estimated. */
export interface TransactionParameters {
  /** Sender; pays the gas. */
  readonly account?: Account | Address | undefined;
  /** Chain the client must be on; `null` to send without that check. */
  readonly chain?: Chain | null | undefined;
  /** Gas limit; when given, nothing is estimated and a revert shows on-chain only. */
  readonly gas?: bigint | undefined;
  /** Wei a gas. */
  readonly maxFeePerGas?: bigint | undefined;
  /** Wei a gas. */
  readonly maxPriorityFeePerGas?: bigint | undefined;
  /** Nonce of the sender's transaction. */
  readonly nonce?: number | undefined;
}

/** A call of a contract that changes its state. */
export interface ContractCall {
  readonly abi: Abi;
  readonly address: Address;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** Turns what was thrown into a typed error, if it knows it. */
export type DecodeError = (error: unknown) => Error | undefined;

/**
 * Sends a call. Actions are made of it.
 *
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function sendCall(
  client: WriteClient,
  parameters: TransactionParameters,
  call: ContractCall,
  decode: DecodeError,
): Promise<Hash> {
  try {
    const request = withTransaction(withCheckedAddresses(call), client, parameters);
    return await getAction(client, writeContract, "writeContract")(request);
  } catch (error) {
    throw decode(error) ?? error;
  }
}

/** A contract call and how it is sent, as viem's `writeContract` takes them. */
function withTransaction(
  call: object,
  client: WriteClient,
  parameters: TransactionParameters,
): WriteContractParameters {
  const { account = client.account, chain = client.chain, ...rest } = parameters;
  const { gas, maxFeePerGas, maxPriorityFeePerGas, nonce } = rest;
  const transaction = { account, chain, gas, maxFeePerGas, maxPriorityFeePerGas, nonce };
  // viem relates these types through the client's own, which a function for any client does not know.
  return { ...call, ...transaction } as unknown as WriteContractParameters;
}

/**
 * Sends a call whose inner calls may need more gas when it is mined than when it is estimated.
 *
 * A node's estimate is the least gas at which the transaction succeeds, which may be too little for its last parts. So the gas is
 * the estimate, a third more (what refunds hide, and the 64th part that every inner call leaves behind), and a reserve.
 *
 * @param reserve - Gas that must be left when the last part begins.
 * @throws the typed error when estimating says that the call reverts, viem's error otherwise.
 */
export async function sendWithReserve(
  client: WriteClient,
  parameters: TransactionParameters,
  call: ContractCall,
  reserve: bigint,
  decode: DecodeError,
): Promise<Hash> {
  if (parameters.gas !== undefined) return sendCall(client, parameters, call, decode);
  const { account = client.account } = parameters;
  try {
    const request = { ...withCheckedAddresses(call), account } as unknown as EstimateContractGasParameters;
    const estimate = await getAction(client, estimateContractGas, "estimateContractGas")(request);
    return await sendCall(client, { ...parameters, gas: estimate + estimate / 3n + reserve }, call, decode);
  } catch (error) {
    throw decode(error) ?? error;
  }
}

function withCheckedAddresses({ abi, address, functionName, args }: ContractCall): ContractCall {
  return { abi, address: withChecksums(address), functionName, args: withChecksums(args) };
}
