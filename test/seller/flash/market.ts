import {
  encodeFunctionData,
  maxUint256,
  parseEther,
  zeroAddress,
  type Address,
  type Hex,
  type PrivateKeyAccount,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { erc20Abi, flashSettlementAbi } from "../../../client/abi/index.ts";
import { escrowId } from "../../../client/flash/hash.ts";
import { flashDomain, flashTypes } from "../../../client/flash/typedData.ts";
import { createFlashAcceptor } from "../../../client/seller/flash/accept.ts";
import { createFlashChainView, type FlashChainViewOptions } from "../../../client/seller/flash/chainView.ts";
import { createFlashLeaving } from "../../../client/seller/flash/leaving.ts";
import { createSettleFirst, type SettleFirst } from "../../../client/seller/flash/settleFirst.ts";
import { createFlashSettler, type FlashSettlerOptions } from "../../../client/seller/flash/settler.ts";
import { createMemoryFlashStore } from "../../../client/seller/flash/store/memory.ts";
import type {
  FlashAcceptor,
  FlashAcceptorOptions,
  FlashChainView,
  FlashEscrowId,
  FlashEscrowState,
  FlashLeaving,
  FlashSettler,
  FlashStore,
  PresentedItem,
  SettlementId,
  SettleProgress,
} from "../../../client/seller/flash/types.ts";
import { BASE_CHAIN_ID, USDC } from "../../base/addresses.ts";
import { usdcAbi } from "../../base/usdcAbi.ts";
import { connectBase, type Base, type Wallet } from "../../helpers/base.ts";
import { deployFlashSettlement } from "../../helpers/flashSettlement.ts";
import { mined } from "../../helpers/mined.ts";
import { watchNode, type WatchedNode } from "../voucher/chain/node.ts";

export const DAY = 86_400n;

type Verb = { readonly functionName: string; readonly args: readonly unknown[] };

/** What a client locks, and on which terms. Token base units and seconds. */
export interface Opening {
  readonly amount: bigint;
  readonly ttlSeconds?: bigint;
  readonly closeDelay?: bigint;
  readonly signer?: Address;
  readonly epoch?: bigint;
}

/** A client on the local Base with its escrow for the market's server, and what it does there. */
export interface Payer {
  readonly account: PrivateKeyAccount;
  readonly wallet: Wallet;
  readonly escrow: FlashEscrowId;
  open(opening: Opening): Promise<void>;
  /** Calls FlashSettlement as the client. */
  call(functionName: string, ...args: readonly unknown[]): Promise<void>;
  /** Allows FlashSettlement so much of its USDC. */
  approve(amount: bigint): Promise<void>;
  /** Sends its USDC away. */
  drain(): Promise<void>;
  payment(
    amount: bigint,
    nonce: bigint,
    rest?: { readonly epoch?: bigint; readonly deadline?: bigint },
  ): Promise<PresentedItem>;
  tab(
    total: bigint,
    lane?: bigint,
    rest?: { readonly epoch?: bigint; readonly deadline?: bigint },
  ): Promise<PresentedItem>;
  /** A signed transaction of the guaranteed form, with an account nonce that never lands. */
  transaction(amount: bigint, nonce: bigint): Promise<PresentedItem>;
  /** A signed transaction of the original form, ready to be broadcast. */
  originalTransaction(amount: bigint): Promise<Hex>;
  state(): Promise<FlashEscrowState>;
}

/** A server on the local Base with the real contract and USDC. */
export interface Market {
  readonly base: Base;
  /** What the server's parts ask of the chain. */
  readonly node: WatchedNode;
  readonly settlement: SettlementId;
  readonly server: Address;
  readonly key: PrivateKeyAccount;
  /** The server's own wallet, which the settler uses too. */
  readonly wallet: Wallet;
  readonly store: FlashStore;
  readonly chain: FlashChainView;
  readonly acceptor: FlashAcceptor;
  readonly settler: FlashSettler;
  readonly settleFirst: SettleFirst;
  readonly leaving: FlashLeaving;
  readonly progress: readonly SettleProgress[];
  now(): bigint;
  /** Moves the chain's clock, with the server's. */
  advance(seconds: bigint): Promise<void>;
  /** A fresh client with USDC of its own and an unlimited allowance. */
  payer(wallet: bigint): Promise<Payer>;
  /** Pays and commits; the code of the rejection, or `accepted`. */
  answer(item: PresentedItem, price?: bigint): Promise<string>;
  usdcOf(account: Address): Promise<bigint>;
  creditOf(account: Address): Promise<bigint>;
  /** What the server has: wallet and credit. */
  income(): Promise<bigint>;
  settledOnChain(payer: Payer): Promise<bigint>;
  blacklist(account: Address): Promise<void>;
  close(): Promise<void>;
}

/** Parts of a server that a test wants otherwise. */
export interface MarketOptions {
  readonly acceptor?: Partial<FlashAcceptorOptions>;
  readonly chain?: Partial<FlashChainViewOptions>;
  readonly settler?: Partial<FlashSettlerOptions>;
  readonly store?: FlashStore;
  /** The server's key; a fresh one by default. */
  readonly key?: PrivateKeyAccount;
}

/** Deploys the contract on a fresh local Base, once for a file of tests; {@link openMarket} opens servers on it. */
export async function deployMarket(): Promise<{ readonly base: Base; readonly settlement: SettlementId }> {
  const base = await connectBase();
  return { base, settlement: { chainId: BigInt(BASE_CHAIN_ID), settlement: await deployFlashSettlement(base) } };
}

export async function openMarket(
  { base, settlement }: { readonly base: Base; readonly settlement: SettlementId },
  options: MarketOptions = {},
): Promise<Market> {
  const key = options.key ?? privateKeyToAccount(generatePrivateKey());
  const wallet = base.walletOf(key);
  await base.testClient.setBalance({ address: key.address, value: parseEther("10") });
  const server = key.address;
  const store = options.store ?? createMemoryFlashStore();
  const progress: SettleProgress[] = [];
  let chainTime = (await base.publicClient.getBlock()).timestamp;
  const clock = (): bigint => chainTime;
  const node = watchNode(base);
  const common = { client: node.client, settlement, server, store, clock };
  const pollingInterval = 20;
  const chain = createFlashChainView({ ...common, confirmations: 0, pollingInterval, ...options.chain });
  // The settler's account is the server's own; the watched client shares its chain.
  const settler = createFlashSettler({
    ...common,
    wallet,
    chain,
    pollingInterval,
    onProgress: (step) => progress.push(step),
    ...options.settler,
  });
  const { onFallback = "continue" } = options.settler?.policy ?? {};
  const acceptor = await createFlashAcceptor({
    ...common,
    tokens: [USDC],
    chain,
    onFallback,
    ...options.acceptor,
    limits: { maxTransactions: 64, ...options.acceptor?.limits },
  });
  const settleFirst = createSettleFirst({ ...common, chain, acceptor });
  const leaving = createFlashLeaving({ ...common, chain, signer: key });
  await chain.sync();
  const contract = { address: settlement.settlement, abi: flashSettlementAbi } as const;

  const refreshTime = async () => {
    chainTime = (await base.publicClient.getBlock()).timestamp;
  };
  const usdcOf = (account: Address) =>
    base.publicClient.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [account] });
  const creditOf = (account: Address) =>
    base.publicClient.readContract({ ...contract, functionName: "creditOf", args: [account, USDC] });

  const openPayer = async (balance: bigint): Promise<Payer> => {
    const account = privateKeyToAccount(generatePrivateKey());
    const own = base.walletOf(account);
    await base.testClient.setBalance({ address: account.address, value: parseEther("1") });
    await base.fundUsdc(account.address, balance);
    const parties = { client: account.address, server, token: USDC };
    const lower = (value: Address) => value.toLowerCase() as Address;
    const escrow: FlashEscrowId = {
      chainId: settlement.chainId,
      settlement: lower(settlement.settlement),
      client: lower(account.address),
      server: lower(server),
      token: lower(USDC),
    };
    const send = async (call: { readonly address: Address; readonly abi: unknown } & Verb) => {
      await mined(base.publicClient, await own.writeContract(call as never));
      await refreshTime();
    };
    const sign = (primaryType: "Payment" | "Tab", message: Record<string, unknown>) =>
      account.signTypedData({
        domain: { ...flashDomain(settlement) } as Record<string, unknown>,
        types: { [primaryType]: flashTypes[primaryType] } as Record<string, unknown>,
        primaryType: primaryType as string,
        message: { ...parties, ...message },
      });
    const payer: Payer = {
      account,
      wallet: own,
      escrow,
      open: async ({ amount, ttlSeconds = 30n * DAY, closeDelay = 3_600n, signer = zeroAddress, epoch = 0n }) => {
        const terms = {
          ...parties,
          amount,
          ttlSeconds: Number(ttlSeconds),
          closeDelay: Number(closeDelay),
          signer,
          epoch: Number(epoch),
          deadline: Number(chainTime + DAY),
        };
        await send({
          ...contract,
          functionName: "openEscrowWithTerms",
          args: [terms, "0x", { method: 0, signature: "0x" }],
        });
      },
      call: (functionName, ...args) => send({ ...contract, functionName, args }),
      approve: (amount) =>
        send({ address: USDC, abi: erc20Abi, functionName: "approve", args: [settlement.settlement, amount] }),
      drain: async () => {
        const away = base.actors.stranger.address;
        await send({
          address: USDC,
          abi: erc20Abi,
          functionName: "transfer",
          args: [away, await usdcOf(account.address)],
        });
      },
      payment: async (amount, nonce, { epoch = 0n, deadline = 0n } = {}) => {
        const signature = await sign("Payment", { amount, nonce, deadline: Number(deadline), epoch: Number(epoch) });
        return { kind: "payment", client: account.address, amount, nonce, deadline, epoch, signature };
      },
      tab: async (total, lane = 17n, { epoch = 0n, deadline = 0n } = {}) => {
        const signature = await sign("Tab", { total, lane, deadline: Number(deadline), epoch: Number(epoch) });
        return { kind: "tab", client: account.address, total, lane, deadline, epoch, signature };
      },
      transaction: async (amount, nonce) => {
        const data = encodeFunctionData({
          abi: flashSettlementAbi,
          functionName: "settleNumberedPayment",
          args: [server, USDC, amount, nonce, 0, 0],
        });
        const fees = { gas: 300_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
        const to = settlement.settlement;
        const chainId = Number(settlement.chainId);
        return {
          kind: "transaction",
          rawTransaction: await account.signTransaction({ type: "eip1559", chainId, to, data, nonce: 999, ...fees }),
        };
      },
      originalTransaction: async (amount) => {
        const data = encodeFunctionData({
          abi: flashSettlementAbi,
          functionName: "settlePayment",
          args: [server, USDC, amount],
        });
        const { address } = account;
        const nonce = await base.publicClient.getTransactionCount({ address });
        const { maxFeePerGas, maxPriorityFeePerGas } = await base.publicClient.estimateFeesPerGas();
        const to = settlement.settlement;
        const chainId = Number(settlement.chainId);
        return account.signTransaction({
          type: "eip1559",
          chainId,
          to,
          data,
          nonce,
          gas: 400_000n,
          maxFeePerGas,
          maxPriorityFeePerGas,
        });
      },
      state: async () => {
        const state = await store.getEscrow(escrow);
        if (state === undefined) throw new Error("the store does not know the escrow");
        return state;
      },
    };
    await payer.approve(maxUint256);
    return payer;
  };

  return {
    base,
    node,
    settlement,
    server,
    key,
    wallet,
    store,
    chain,
    acceptor,
    settler,
    settleFirst,
    leaving,
    progress,
    now: clock,
    advance: async (seconds) => {
      await base.networkHelpers.time.increase(seconds);
      await refreshTime();
    },
    payer: openPayer,
    answer: async (item, price = 100n) => {
      const result = await acceptor.accept({ item, token: USDC, price });
      if (!result.isAccepted) return result.code;
      await acceptor.commit(result.reservation);
      return "accepted";
    },
    usdcOf,
    creditOf,
    income: async () => (await usdcOf(server)) + (await creditOf(server)),
    settledOnChain: async ({ account }) =>
      (
        await base.publicClient.readContract({
          ...contract,
          functionName: "escrowOf",
          args: [account.address, server, USDC],
        })
      ).settled,
    blacklist: async (account) => {
      const call = { address: USDC, abi: usdcAbi, functionName: "blacklist", args: [account] } as const;
      await mined(base.publicClient, await base.wallets.usdcBlacklister.writeContract(call));
      await refreshTime();
    },
    close: async () => {
      await settler.stop();
      await chain.stop();
      await store.close();
    },
  };
}

/** Name of an escrow on the chain. */
export function idOf({ escrow }: Payer): Hex {
  return escrowId(escrow);
}
