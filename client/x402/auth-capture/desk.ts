import {
  concat,
  isAddressEqual,
  WaitForTransactionReceiptTimeoutError,
  type Address,
  type Hash,
  type Hex,
  type TransactionReceipt,
} from "viem";
import { getCode, readContract, sendTransaction, waitForTransactionReceipt } from "viem/actions";

import { termsOperatorFactoryAbi } from "../../abi/index.ts";
import type { PaymentInfo } from "../../auth-capture/types.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { sendInTurn } from "../../seller/core/sendInTurn.ts";
import type { AssetAmounts } from "../core/assets.ts";
import { createFailureBudget, type FailureBudget, type RelayBudget } from "../core/failureBudget.ts";
import { createRations, type Rations, type RelayRation } from "../core/rations.ts";
import { DEFAULT_BUDGET, DEFAULT_GAS_LIMIT, DEFAULT_RECEIPT_TIMEOUT } from "./constants.ts";
import { AuthCaptureConfigurationError } from "./errors.ts";
import type { Step } from "./plan.ts";
import { createMemorySettlements, type SettlementStore } from "./settlements.ts";
import type { Spending } from "./spending.ts";
import { createTrials, type Trials } from "./trial.ts";

/** A refund that a delegated operator would pay for. */
export interface RefundRequest {
  readonly paymentInfo: PaymentInfo;
  /** Token base units. */
  readonly amount: bigint;
}

/** One chain that a facilitator serves. */
export interface FacilitatedChain {
  /** The chain. */
  readonly chainId: bigint;
  /** Any viem client of the chain. Its node needs `eth_simulateV1`, or state overrides in `eth_call`. */
  readonly client: ReadClient;
  /**
   * Pays the gas. It is the operator of delegated payments, so its key must live until the last refund deadline. Other parts of this
   * process may share its account; another process may not.
   */
  readonly wallet: WriteClient;
  /**
   * Least payment to collect, token base units by token; payments in other tokens are not collected. Tokens must be standard ERC-20: what
   * a transaction moved is read from their events.
   */
  readonly minimumAmounts: AssetAmounts;
  /** Which payments are collected, for example those to known receivers; all by default. */
  readonly admits?: (paymentInfo: PaymentInfo) => boolean | Promise<boolean>;
  /** Whether the wallet's account is an operator of delegated payments; true by default. */
  readonly isOperator?: boolean;
  /** Contracts that are collected for besides those of `lifecycleFactories`; `*` for any. None by default. */
  readonly customOperators?: readonly Address[] | "*";
  /** TermsOperatorFactory contracts: for operators that one of them deployed, captures, voids and refunds are relayed too. */
  readonly lifecycleFactories?: readonly Address[];
  /** Factories that may deploy payers' wallets (ERC-6492); none by default. */
  readonly walletFactories?: readonly Address[];
  /** Whether the facilitator pays for a refund of a delegated payment; never by default. */
  readonly fundsRefund?: (refund: RefundRequest) => boolean | Promise<boolean>;
  /** Most gas of one transaction; 1,000,000 by default. */
  readonly gasLimit?: bigint;
  /**
   * Transactions for one payer, and one unknown operator, that do not collect anything, and captures, voids and refunds of one payment: 8 at
   * once and 1 an hour by default.
   */
  readonly ration?: RelayRation;
  /** Gas of transactions that fail, of all payers together: 40,000,000 at once and 10,000,000 an hour by default. */
  readonly budget?: RelayBudget;
  /** How long a transaction is waited for, milliseconds; 60,000 by default. */
  readonly receiptTimeout?: number;
  /** Bytes to put behind every call, for example to say who sent it. */
  readonly dataSuffix?: Hex;
  /** What is being settled; in memory by default. */
  readonly settlements?: SettlementStore;
}

/** One chain at work. */
export interface Desk {
  readonly chain: FacilitatedChain;
  /** Reads, and never follows a contract's wish to fetch a URL. */
  readonly client: ReadClient;
  /** Account that sends. */
  readonly sender: Address;
  readonly trials: Trials;
  readonly settlements: SettlementStore;
  readonly rations: Rations;
  readonly budget: FailureBudget;
  /** Most gas of one transaction. */
  readonly gasLimit: bigint;
  /** What transactions of which nobody has seen the end have taken. */
  readonly spendings: Map<Hash, Spending>;
  /** Says whether there is code at an address. */
  hasCode(address: Address): Promise<boolean>;
  /** Says whether one of the factories deployed an operator. */
  isFactoryMade(operator: Address): Promise<boolean>;
  /**
   * Sends a transaction and waits until it is mined.
   *
   * @param onSent - Told its hash before it is waited for.
   * @returns Undefined when it was waited for in vain.
   */
  send(step: Step, onSent: (hash: Hash) => Promise<void>): Promise<TransactionReceipt | undefined>;
  /** Waits for a transaction that was sent before. */
  wait(hash: Hash): Promise<TransactionReceipt | undefined>;
}

/** Operators whose factory was asked. Each answer that is kept cost its deployer gas. */
const MAX_OPERATORS = 100_000;

/**
 * Sets a chain up.
 *
 * @throws {AuthCaptureConfigurationError} the wallet has no account, or no token has a least payment above zero.
 */
export function createDesk(chain: FacilitatedChain): Desk {
  const { wallet, gasLimit = DEFAULT_GAS_LIMIT, receiptTimeout = DEFAULT_RECEIPT_TIMEOUT, dataSuffix } = chain;
  const { account } = wallet;
  if (account === undefined) {
    throw new AuthCaptureConfigurationError(
      "The facilitator's wallet has no account.",
      "Create the wallet client with `account`.",
    );
  }
  requireMinimums(chain.minimumAmounts);
  // A wallet could otherwise have this process fetch any URL.
  const client = { ...chain.client, ccipRead: false } as ReadClient;
  const factoryMade = new Set<string>();

  async function askFactories(operator: Address): Promise<boolean> {
    const questions = (chain.lifecycleFactories ?? []).map((address) =>
      readContract(client, { address, abi: termsOperatorFactoryAbi, functionName: "isOperator", args: [operator] }),
    );
    return (await Promise.all(questions)).includes(true);
  }

  async function wait(hash: Hash): Promise<TransactionReceipt | undefined> {
    try {
      return await waitForTransactionReceipt(client, { hash, timeout: receiptTimeout });
    } catch (error) {
      if (error instanceof WaitForTransactionReceiptTimeoutError) return undefined;
      throw error;
    }
  }

  return {
    chain,
    client,
    sender: account.address,
    trials: createTrials({ client, sender: account.address, gasLimit }),
    settlements: chain.settlements ?? createMemorySettlements(),
    rations: createRations(chain.ration),
    budget: createFailureBudget(chain.budget ?? DEFAULT_BUDGET),
    gasLimit,
    spendings: new Map(),
    hasCode: async (address) => {
      const code = await getCode(client, { address });
      return code !== undefined && code !== "0x";
    },
    isFactoryMade: async (operator) => {
      const key = operator.toLowerCase();
      if (factoryMade.has(key)) return true;
      if (!(await askFactories(operator))) return false;
      if (factoryMade.size >= MAX_OPERATORS) factoryMade.clear();
      // What is at an address that follows from its code stays there.
      factoryMade.add(key);
      return true;
    },
    wait,
    send: ({ to, data }, onSent) => {
      const call = { to, data: dataSuffix === undefined ? data : concat([data, dataSuffix]) };
      const transaction = { ...call, account, chain: wallet.chain, gas: gasLimit };
      return sendInTurn(wallet, {
        // viem relates these types through the client's own, which a function for any client does not know.
        send: (nonce) => sendTransaction(wallet, { ...transaction, nonce } as never),
        wait: async (hash) => {
          await onSent(hash);
          return wait(hash);
        },
      });
    },
  };
}

/** Whether a list of addresses has one. */
export function includesAddress(list: readonly Address[] | undefined, address: Address): boolean {
  return (list ?? []).some((entry) => isAddressEqual(entry, address));
}

function requireMinimums(minimums: AssetAmounts): void {
  const amounts = Object.values(minimums);
  if (amounts.length > 0 && amounts.every((amount) => amount > 0n)) return;
  throw new AuthCaptureConfigurationError(
    "The facilitator has no least payment.",
    "Name every token in `minimumAmounts` with an amount above zero, well above the gas of a payment.",
  );
}
