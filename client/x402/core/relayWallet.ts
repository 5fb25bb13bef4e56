import type { Address, Hash } from "viem";
import { sendTransaction, waitForTransactionReceipt } from "viem/actions";
import type { AggregatedCall } from "../../core/permit.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { sendInTurn } from "../../seller/core/sendInTurn.ts";
import { toTransaction } from "./relayCalls.ts";

/** A mined transaction. */
export interface RelayedTransaction {
  readonly hash: Hash;
  /** Block that it is in, or what another transaction with its nonce is in. */
  readonly block: bigint;
  readonly isSuccess: boolean;
}

/** A wallet that pays the gas of what others signed. */
export interface RelayWallet {
  readonly sender: Address;
  /** Sends calls as one transaction, all or none, and waits until it is mined. */
  send(calls: readonly AggregatedCall[], gas: bigint): Promise<RelayedTransaction>;
}

/** What {@link createRelayWallet} is made of. */
export interface RelayWalletParameters {
  /** Relayers and sellers of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  readonly client: ReadClient;
  /** Makes the error of a configuration that cannot work. */
  readonly misconfigured: (what: string, next: string) => Error;
}

/**
 * Makes the wallet of a relayer.
 *
 * @throws the error of `misconfigured`: the wallet has no account.
 */
export function createRelayWallet({ wallet, client, misconfigured }: RelayWalletParameters): RelayWallet {
  const { account } = wallet;
  if (account === undefined) {
    throw misconfigured("The relayer's wallet has no account.", "Create the wallet client with `account`.");
  }
  return {
    sender: account.address,
    send: (calls, gas) => {
      const transaction = { ...toTransaction(calls), account, chain: wallet.chain, gas };
      return sendInTurn(wallet, {
        // viem relates these types through the client's own, which a function for any client does not know.
        send: (nonce) => sendTransaction(wallet, { ...transaction, nonce } as never),
        wait: async (hash) => {
          const { blockNumber, status, transactionHash } = await waitForTransactionReceipt(client, { hash });
          // Whoever else has the key may have put another transaction in its place.
          return { hash, block: blockNumber, isSuccess: status === "success" && transactionHash === hash };
        },
      });
    },
  };
}
