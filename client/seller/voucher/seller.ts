import type { Address } from "viem";
import type { TypedDataSigner } from "../../core/signer.ts";
import type { WriteClient } from "../../core/write.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { createAcceptor } from "./accept.ts";
import { createChainView } from "./chainView.ts";
import type { CollectPolicy } from "./collect/plan.ts";
import { createCollector } from "./collector.ts";
import { DEFAULT_LIMITS, systemClock } from "./limits.ts";
import { createReleases } from "./releases.ts";
import type { Acceptor, EscrowId, Releases, SellerLimits } from "./types.ts";
import type { ChainView } from "./chain/types.ts";
import type { Collector, CollectProgress } from "./collect/types.ts";
import type { VoucherStore } from "./store/types.ts";

/** Settings of {@link createVoucherSeller}; what is absent has the default of the part it belongs to. */
export interface VoucherSellerOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Pays the gas of collections: any relayer's wallet client. Relayers of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  readonly escrow: EscrowId;
  /** Receiver of the payments. */
  readonly seller: Address;
  /** ERC-20 contracts the seller is paid in. */
  readonly assets: readonly Address[];
  /** The one store of this seller address. */
  readonly store: VoucherStore;
  /** Blocks that must follow a block before anything in it counts, see `ChainViewOptions`. */
  readonly confirmations: number;
  /** Signs releases as the seller. */
  readonly signer: TypedDataSigner;
  /** What differs from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<SellerLimits>;
  readonly policy?: CollectPolicy;
  /** Told about every collection, failures above all. */
  readonly onProgress: (progress: CollectProgress) => void;
  /** Told about passes over the chain that failed. They are tried again. */
  readonly onChainError?: (error: unknown) => void;
  /** Milliseconds between two looks at the chain. */
  readonly pollingInterval?: number;
  /** Seconds after which what is owed is read again, see `ChainViewOptions`. */
  readonly recheckInterval?: bigint;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
}

/** Everything a seller runs, put together. */
export interface VoucherSeller {
  readonly acceptor: Acceptor;
  readonly chainView: ChainView;
  readonly collector: Collector;
  readonly releases: Releases;
  /** Reads the chain once, then begins to watch and to collect. @throws {ChainUnavailableError} the chain does not answer. */
  start(): Promise<void>;
  /** Ends watching; collects everything first when `collect` is true. The store stays open. */
  stop(options?: { readonly collect?: boolean; readonly signal?: AbortSignal }): Promise<void>;
}

/**
 * Puts together what a seller runs.
 *
 * @param options - {@link VoucherSellerOptions}.
 * @returns The parts, standing still.
 *
 * @example
 * const seller = await createVoucherSeller({ client, wallet, escrow, seller: account.address, assets: [usdc],
 *   store: createSqliteStore({ path: "vouchers.sqlite" }), confirmations: 2, signer: account, onProgress: console.log });
 * await seller.start();
 */
export async function createVoucherSeller(options: VoucherSellerOptions): Promise<VoucherSeller> {
  const { client, wallet, escrow, seller, assets, store, signer, clock = systemClock, pollingInterval } = options;
  const { limits = {}, policy = {}, onProgress, onChainError } = options;
  const polling = pollingInterval === undefined ? {} : { pollingInterval };
  const common = { client, escrow, seller, store, ...polling };
  const chainView = createChainView({
    ...common,
    confirmations: options.confirmations,
    ...(onChainError === undefined ? {} : { onError: onChainError }),
    ...(options.recheckInterval === undefined ? {} : { recheckInterval: options.recheckInterval }),
  });
  const { collectionMargin = DEFAULT_LIMITS.collectionMargin } = limits;
  const collector = createCollector({ ...common, wallet, chainView, policy, collectionMargin, onProgress, clock });
  return {
    acceptor: await createAcceptor({ escrow, seller, assets, store, chainView, limits, clock }),
    chainView,
    collector,
    releases: createReleases({ escrow, seller, signer, store, chainView, clock }),
    start: async () => {
      await chainView.sync();
      chainView.start();
      collector.start();
    },
    stop: async (how = {}) => {
      await collector.stop(how);
      await chainView.stop();
    },
  };
}
