import type { Hash } from "viem";
import type { RelayedCall } from "../../auth-capture/calls.ts";
import { simulateAction } from "../../auth-capture/simulate.ts";
import { relay } from "../../auth-capture/write.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { sendWithFees } from "../core/sendWithFees.ts";
import { PaymentChangedError } from "./errors.ts";
import type { ActionSender, PaymentRecord, SentAction, SignedAction } from "./types.ts";

/** Settings of {@link createWalletSender}. */
export interface WalletSenderOptions {
  readonly client: ReadClient;
  /** Pays the gas; it has no right to the payments. Other parts of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  /** Milliseconds without a receipt after which a transaction is sent again with higher fees; 12,000 by default. */
  readonly replaceAfter?: number;
  /** Milliseconds after which a transaction is not waited for any more; 30,000 by default. It may land all the same. */
  readonly timeout?: number;
  /** Milliseconds between two looks for a receipt; 500 by default. */
  readonly pollingInterval?: number;
}

/**
 * Makes a sender that pays the gas from an account of the seller's.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param options - {@link WalletSenderOptions}.
 * @returns The sender.
 *
 * @example
 * const sender = createWalletSender({ client: publicClient, wallet });
 */
export function createWalletSender(options: WalletSenderOptions): ActionSender {
  const { client, wallet, replaceAfter = 12_000, timeout = 30_000, pollingInterval = 500 } = options;
  const account = wallet.account === undefined ? {} : { account: wallet.account };

  async function send(record: PaymentRecord, call: RelayedCall, signal: AbortSignal): Promise<SentAction> {
    const receipt = await sendWithFees({
      client,
      wallet,
      send: (fees): Promise<Hash> => relay(wallet, call.action, { ...call, ...fees } as never),
      replaceAfter,
      timeout,
      pollingInterval,
      signal,
    });
    const { status, transactionHash: transaction, blockNumber } = receipt;
    if (status === "success") return { transaction, blockNumber };
    throw new PaymentChangedError(record.paymentInfoHash, `was changed before the ${call.action} was mined`);
  }

  return {
    check: (record, action) => simulateAction(client, { ...toRelayedCall(record, action), ...account }),
    send: (record, action, signal) => send(record, toRelayedCall(record, action), signal),
    push: async (record, action, signal) => {
      const { escrow, paymentInfo } = record;
      const call = { action, escrow, paymentInfo } as const;
      await simulateAction(client, { ...call, ...account });
      return send(record, call, signal);
    },
  };
}

/** The call of a signed action. */
export function toRelayedCall(
  { escrow, paymentInfo, paymentInfoHash }: PaymentRecord,
  action: SignedAction,
): RelayedCall {
  const { type, amount, signature, tokenCollector, collectorData } = action;
  const at = { escrow, paymentInfo, signature };
  if (type === "void") return { action: "void", ...at };
  if (type !== "refund") return { action: type, ...at, amount };
  if (tokenCollector === undefined || collectorData === undefined) {
    throw new PaymentChangedError(paymentInfoHash, "has a refund without a collector in the store");
  }
  return { action: "refund", ...at, amount, tokenCollector, collectorData };
}
