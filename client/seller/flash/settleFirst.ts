import {
  decodeEventLog,
  decodeFunctionData,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  TransactionReceiptNotFoundError,
  type Address,
  type Hash,
  type Hex,
  type TransactionReceipt,
  type TransactionSerialized,
} from "viem";
import { getTransactionReceipt, sendRawTransaction } from "viem/actions";
import { setTimeout as sleep } from "node:timers/promises";
import { flashSettlementAbi } from "../../abi/index.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { escrowId } from "../../flash/hash.ts";
import { systemClock } from "../core/clock.ts";
import { ChainBusyError, ChainUnavailableError } from "../core/errors.ts";
import { toAddress } from "../core/keys.ts";
import { orAbort } from "../core/orAbort.ts";
import { ask } from "../core/rpc.ts";
import { createTokenBuckets } from "../core/tokenBucket.ts";
import { escrowKey, toSettlementId } from "./keys.ts";
import { ESCROW_READS } from "./limits.ts";
import { FLASH_REJECTIONS, type FlashRejectionCode } from "./rejections.ts";
import { refuseStanding } from "./terms.ts";
import type {
  FlashAcceptor,
  FlashAcceptResult,
  FlashChainFacts,
  FlashEscrowId,
  FlashRejection,
  FlashStore,
  SettlementId,
} from "./types.ts";

/** Settings of {@link createSettleFirst}. */
export interface SettleFirstOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  readonly store: FlashStore;
  readonly chain: FlashChainFacts;
  readonly acceptor: FlashAcceptor;
  /** Milliseconds to wait for a receipt; 120,000 by default. */
  readonly receiptTimeout?: number;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
}

/** A request that is paid by a transaction of the original form. */
export interface SettleFirstParameters {
  /** Signed call of `settlePayment(server, token, amount)`, from the type byte on. */
  readonly rawTransaction: Hex;
  /** Token of the route. */
  readonly token: Address;
  /** Token base units; not zero. */
  readonly price: bigint;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * Serves requests that are paid by the scheme's original transaction, which has neither nonce nor deadline of its own: it cannot be settled
 * in another way, so it is broadcast and must have landed, at the depth the server chose, before anything is served. Its receipt then has
 * raised what was settled, and the request is accepted against that.
 */
export interface SettleFirst {
  /** Hand an accepted reservation to the acceptor's `commit` or `cancel`. */
  accept(parameters: SettleFirstParameters): Promise<FlashAcceptResult>;
}

interface OriginalPayment {
  readonly client: Address;
  readonly amount: bigint;
  readonly hash: Hash;
}

const NEVER = new AbortController().signal;
/** Transactions of one client that are waited for at once: whoever sends what never lands takes no more places than these. */
const MAX_WAITING = 8;

/**
 * Makes the settle-before-serve mode of one server.
 *
 * @param options - {@link SettleFirstOptions}.
 * @returns What accepts transactions of the original form; amounts in token base units.
 *
 * @example
 * const settleFirst = createSettleFirst({ client, settlement, server, store, chain, acceptor });
 * const answer = await settleFirst.accept({ rawTransaction, token: usdc, price: 1_000n });
 */
export function createSettleFirst(options: SettleFirstOptions): SettleFirst {
  const { client, store, chain, acceptor, receiptTimeout = 120_000, clock = systemClock } = options;
  const settlement = toSettlementId(options.settlement);
  const server = toAddress(options.server);
  const waiting = new Map<Address, number>();
  const reads = createTokenBuckets(ESCROW_READS);
  const underWay = new Map<string, Promise<void>>();

  async function inPlace(client: Address, step: () => Promise<FlashAcceptResult>): Promise<FlashAcceptResult> {
    const taken = waiting.get(client) ?? 0;
    if (taken >= MAX_WAITING) return reject("flash_stale_state");
    waiting.set(client, taken + 1);
    try {
      return await step();
    } finally {
      const left = (waiting.get(client) ?? 1) - 1;
      if (left === 0) waiting.delete(client);
      else waiting.set(client, left);
    }
  }

  async function read(rawTransaction: Hex, token: Address): Promise<OriginalPayment | undefined> {
    try {
      const raw = rawTransaction as TransactionSerialized;
      const transaction = parseTransaction(raw);
      const { chainId, to, value = 0n, data = "0x" } = transaction;
      if (BigInt(chainId ?? 0) !== settlement.chainId || to?.toLowerCase() !== settlement.settlement) return undefined;
      const call = decodeFunctionData({ abi: flashSettlementAbi, data });
      if (value !== 0n || call.functionName !== "settlePayment") return undefined;
      const [payee, paidIn, amount] = call.args;
      if (payee.toLowerCase() !== server || paidIn.toLowerCase() !== token) return undefined;
      const sender = await recoverTransactionAddress({ serializedTransaction: raw as never });
      return { client: toAddress(sender), amount, hash: keccak256(raw) };
    } catch {
      // Whatever viem finds wrong with it, it is no such transaction.
      return undefined;
    }
  }

  /** Requests that come together share one read. */
  async function refreshOnce(escrow: FlashEscrowId): Promise<void> {
    const key = escrowKey(escrow);
    const running = underWay.get(key);
    if (running !== undefined) return running;
    if (!reads.take(escrow.client, clock())) return;
    const reading = chain.refreshEscrow(escrow).finally(() => underWay.delete(key));
    underWay.set(key, reading);
    await reading;
  }

  /** What would be refused afterwards is not broadcast: its money would be spent for nothing. */
  async function refuseBefore(
    escrow: FlashEscrowId,
    { amount }: OriginalPayment,
    price: bigint,
  ): Promise<FlashRejectionCode | undefined> {
    if (amount < price) return "flash_amount_insufficient";
    const isKnown = (await store.getEscrow(escrow))?.confirmed.isOpen === true;
    if (!isKnown) await refreshOnce(escrow);
    const state = await store.getEscrow(escrow);
    return state === undefined ? "flash_escrow_not_found" : refuseStanding(state);
  }

  /** One request: a wait of viem goes on after nobody waits for it any more. */
  function findReceipt(hash: Hash): Promise<TransactionReceipt | undefined> {
    return ask("a receipt", async () => {
      try {
        return await getTransactionReceipt(client, { hash });
      } catch (error) {
        if (error instanceof TransactionReceiptNotFoundError) return undefined;
        throw error;
      }
    });
  }

  async function broadcast(
    rawTransaction: Hex,
    hash: Hash,
    signal: AbortSignal,
  ): Promise<TransactionReceipt | undefined> {
    try {
      await sendRawTransaction(client, { serializedTransaction: rawTransaction as TransactionSerialized });
    } catch {
      // It may have landed before, or the node knows it already; whether it does, the receipt says, and an old one is found at once.
    }
    const end = performance.now() + receiptTimeout;
    for (;;) {
      const receipt = await orAbort(signal, findReceipt(hash));
      if (receipt !== undefined || performance.now() >= end) return receipt;
      await sleep(client.pollingInterval, undefined, { signal });
    }
  }

  /** The epoch it paid in, if it paid. */
  function epochOf(
    receipt: TransactionReceipt,
    escrow: FlashEscrowId,
    { amount, hash }: OriginalPayment,
  ): bigint | undefined {
    // Another transaction may have taken its place: that one is presented by itself.
    if (receipt.status !== "success" || receipt.transactionHash !== hash) return undefined;
    for (const { address, data, topics } of receipt.logs) {
      if (address.toLowerCase() !== settlement.settlement) continue;
      const { eventName, args } = decodeEventLog({ abi: flashSettlementAbi, data, topics });
      if (eventName !== "PaymentsSettled" || args.id !== escrowId(escrow)) continue;
      if (args.fromWallet + args.fromEscrow === amount) return BigInt(args.epoch);
    }
    return undefined;
  }

  async function accept(parameters: SettleFirstParameters): Promise<FlashAcceptResult> {
    const paidIn = toAddress(parameters.token);
    const payment = await read(parameters.rawTransaction, paidIn);
    if (payment === undefined) return reject("flash_transaction_invalid");
    return inPlace(payment.client, () => settle(payment, paidIn, parameters));
  }

  async function settle(
    payment: OriginalPayment,
    paidIn: Address,
    { rawTransaction, price, signal = NEVER }: SettleFirstParameters,
  ): Promise<FlashAcceptResult> {
    const escrow = { ...settlement, client: payment.client, server, token: paidIn };
    const code = await refuseBefore(escrow, payment, price);
    if (code !== undefined) return reject(code);
    const receipt = await broadcast(rawTransaction, payment.hash, signal);
    if (receipt === undefined) return reject("flash_transaction_invalid");
    const epoch = epochOf(receipt, escrow, payment);
    if (epoch === undefined) return reject("flash_transaction_invalid");
    await chain.refreshEscrow(escrow, { minBlock: receipt.blockNumber, signal });
    // A receipt that a re-organisation took back in the meantime paid nothing.
    const again = await findReceipt(payment.hash);
    if (again?.blockHash !== receipt.blockHash) return reject("flash_stale_state");
    const { client: payer, amount, hash } = { ...payment };
    return acceptor.acceptSettled({ client: payer, token: paidIn, transactionHash: hash, amount, epoch, price });
  }

  return {
    async accept(parameters) {
      try {
        return await accept(parameters);
      } catch (error) {
        if (error instanceof ChainUnavailableError || error instanceof ChainBusyError)
          return reject("flash_stale_state");
        throw error;
      }
    },
  };
}

function reject(code: FlashRejectionCode): FlashRejection {
  return { isAccepted: false, code, message: FLASH_REJECTIONS[code] };
}
