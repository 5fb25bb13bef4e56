import { parseEther, type Address, type Hex, type PrivateKeyAccount } from "viem";
import { erc20Abi } from "../../../client/abi/index.ts";
import { voucherEscrowAbi } from "../../../client/abi/voucherEscrow.ts";
import { createAcceptor, type AcceptorOptions } from "../../../client/seller/voucher/accept.ts";
import { createChainView, type ChainViewOptions } from "../../../client/seller/voucher/chainView.ts";
import { createCollector, type CollectorOptions } from "../../../client/seller/voucher/collector.ts";
import { DEFAULT_LANE } from "../../../client/voucher/types.ts";
import { createReleases } from "../../../client/seller/voucher/releases.ts";
import { createMemoryStore } from "../../../client/seller/voucher/store/memory.ts";
import type {
  Acceptor,
  AcceptParameters,
  AccountId,
  EscrowId,
  Releases,
} from "../../../client/seller/voucher/types.ts";
import type { ChainView } from "../../../client/seller/voucher/chain/types.ts";
import type { Collector, CollectProgress } from "../../../client/seller/voucher/collect/types.ts";
import type { VoucherStore } from "../../../client/seller/voucher/store/types.ts";
import { deposit } from "../../../client/voucher/actions/deposit.ts";
import { depositTo } from "../../../client/voucher/actions/depositTo.ts";
import { signVoucher } from "../../../client/voucher/sign.ts";
import { type TypedDataSigner } from "../../../client/core/signer.ts";
import type { Voucher } from "../../../client/voucher/types.ts";
import { BASE_CHAIN_ID, USDC } from "../../base/addresses.ts";
import { ensureVoucherEscrow } from "../../fork/escrow.ts";
import { connectBase, type Base } from "../../helpers/base.ts";
import { mined } from "../../helpers/mined.ts";
import { watchNode, type WatchedNode } from "./chain/node.ts";

/** A seller on the local Base, with the real escrow and USDC, and what its tests do all the time. */
export interface Market {
  readonly base: Base;
  /** What the seller's parts ask of the chain. */
  readonly node: WatchedNode;
  readonly escrow: EscrowId;
  readonly store: VoucherStore;
  readonly chainView: ChainView;
  readonly acceptor: Acceptor;
  readonly releases: Releases;
  readonly collector: Collector;
  readonly progress: readonly CollectProgress[];
  /** Time of the chain's latest block plus whatever {@link passTime} added, unix seconds. */
  now(): bigint;
  /** Moves the seller's clock, not the chain's. */
  passTime(seconds: bigint): void;
  /** Moves the chain's clock, with the seller's. */
  advance(seconds: bigint): Promise<void>;
  account(buyer: Address): AccountId;
  /** Gives a buyer USDC and native money, and deposits for the seller. Token base units. */
  fund(buyer: PrivateKeyAccount, amount: bigint): Promise<void>;
  /** Deposits a stranger's USDC into a buyer's account with the seller. Token base units. */
  depositFor(buyer: Address, amount: bigint): Promise<void>;
  /** A voucher that is good in every respect. */
  voucher(buyer: Address, overrides?: Partial<Voucher>): Voucher;
  /** Has a voucher signed, and asks for a price of 100. */
  payment(signer: TypedDataSigner, voucher: Voucher, price?: bigint): Promise<AcceptParameters>;
  /** Pays and charges; fails when the voucher is refused. */
  pay(signer: TypedDataSigner, voucher: Voucher, price?: bigint, charge?: bigint): Promise<void>;
  /** `accepted` or the code of the rejection; an accepted request is cancelled. */
  answer(parameters: AcceptParameters): Promise<string>;
  usdcOf(account: Address): Promise<bigint>;
  collected(buyer: Address, id?: Hex): Promise<bigint>;
  close(): Promise<void>;
}

/** Parts of a seller that a test wants otherwise. */
export interface MarketOptions {
  readonly acceptor?: Partial<AcceptorOptions>;
  readonly chainView?: Partial<ChainViewOptions>;
  readonly collector?: Partial<CollectorOptions>;
  readonly store?: VoucherStore;
}

/** Deploys the escrow on a fresh local Base, once for a file of tests; {@link openMarket} opens sellers on it. */
export async function deployMarket(): Promise<{ readonly base: Base; readonly escrow: EscrowId }> {
  const base = await connectBase();
  return { base, escrow: { chainId: BigInt(BASE_CHAIN_ID), escrow: await ensureVoucherEscrow(base) } };
}

export async function openMarket(
  { base, escrow }: { readonly base: Base; readonly escrow: EscrowId },
  options: MarketOptions = {},
): Promise<Market> {
  const seller = base.actors.seller.address;
  const store = options.store ?? createMemoryStore();
  const progress: CollectProgress[] = [];
  let shift = 0n;
  let chainTime = (await base.publicClient.getBlock()).timestamp;
  const clock = (): bigint => chainTime + shift;
  const node = watchNode(base);
  const common = { client: node.client, escrow, seller, store, pollingInterval: 20 };
  const chainView = createChainView({ ...common, confirmations: 0, ...options.chainView });
  const acceptor = await createAcceptor({ ...common, assets: [USDC], chainView, clock, ...options.acceptor });
  const releases = createReleases({ ...common, signer: base.actors.seller, chainView, clock });
  const collector = createCollector({
    ...common,
    wallet: base.wallets.relayer,
    chainView,
    clock,
    onProgress: (step) => progress.push(step),
    ...options.collector,
  });
  await chainView.sync();

  const accept = async (parameters: AcceptParameters) => acceptor.accept(parameters);
  const voucher = (buyer: Address, overrides: Partial<Voucher> = {}): Voucher => ({
    id: DEFAULT_LANE,
    buyer,
    seller,
    valueAggregate: 100n,
    asset: USDC,
    timestamp: clock(),
    nonce: 0n,
    ...escrow,
    expiry: clock() + 30n * 86_400n,
    ...overrides,
  });
  const payment = async (signer: TypedDataSigner, promised: Voucher, price = 100n): Promise<AcceptParameters> => ({
    voucher: promised,
    signature: await signVoucher(signer, promised),
    price,
    asset: USDC,
  });
  return {
    base,
    node,
    escrow,
    store,
    chainView,
    acceptor,
    releases,
    collector,
    progress,
    now: clock,
    passTime: (seconds) => {
      shift += seconds;
    },
    advance: async (seconds) => {
      await base.networkHelpers.time.increase(seconds);
      chainTime = (await base.publicClient.getBlock()).timestamp;
    },
    account: (buyer) => ({ ...escrow, seller, asset: USDC, buyer }),
    fund: async (buyer, amount) => {
      const wallet = base.walletOf(buyer);
      await base.testClient.setBalance({ address: buyer.address, value: parseEther("1") });
      await base.fundUsdc(buyer.address, amount);
      const approval = {
        address: USDC,
        abi: erc20Abi,
        functionName: "approve",
        args: [escrow.escrow, amount],
      } as const;
      await mined(base.publicClient, await wallet.writeContract(approval));
      await mined(base.publicClient, await deposit(wallet, { escrow: escrow.escrow, seller, asset: USDC, amount }));
      chainTime = (await base.publicClient.getBlock()).timestamp;
    },
    depositFor: async (buyer, amount) => {
      const { stranger } = base.wallets;
      await base.fundUsdc(base.actors.stranger.address, amount);
      const approval = {
        address: USDC,
        abi: erc20Abi,
        functionName: "approve",
        args: [escrow.escrow, amount],
      } as const;
      await mined(base.publicClient, await stranger.writeContract(approval));
      const terms = { escrow: escrow.escrow, buyer, seller, asset: USDC, amount };
      await mined(base.publicClient, await depositTo(stranger, terms));
    },
    voucher,
    payment,
    pay: async (signer, promised, price = 100n, charge = price) => {
      const result = await accept(await payment(signer, promised, price));
      if (!result.isAccepted) throw new Error(result.code);
      await acceptor.commit(result.reservation, charge);
    },
    answer: async (parameters) => {
      const result = await accept(parameters);
      if (!result.isAccepted) return result.code;
      await acceptor.cancel(result.reservation);
      return "accepted";
    },
    usdcOf: (account) =>
      base.publicClient.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [account] }),
    collected: (buyer, id = DEFAULT_LANE) =>
      base.publicClient.readContract({
        address: escrow.escrow,
        abi: voucherEscrowAbi,
        functionName: "getVoucherCollected",
        args: [buyer, seller, USDC, id],
      }),
    close: async () => {
      await collector.stop();
      await chainView.stop();
      await store.close();
    },
  };
}
