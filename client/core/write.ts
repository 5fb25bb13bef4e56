import type { Account, Address, Chain, Client, Transport, WriteContractParameters } from "viem";

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

/** A contract call and how it is sent, as viem's `writeContract` takes them. */
export function withTransaction(
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
