import type { Address } from "viem";
import { smallest } from "../../core/amounts.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { TypedDataSigner } from "../../core/signer.ts";
import type { WriteClient } from "../../core/write.ts";
import { createFlashAcceptor } from "./accept.ts";
import { createFlashChainView } from "./chainView.ts";
import { createFlashLeaving } from "./leaving.ts";
import { DEFAULT_FLASH_LIMITS } from "./limits.ts";
import { createSettleFirst, type SettleFirst } from "./settleFirst.ts";
import { createFlashSettler } from "./settler.ts";
import type {
  FlashAcceptor,
  FlashChainView,
  FlashLeaving,
  FlashLimits,
  FlashSettler,
  FlashStore,
  SettlementId,
  SettlePolicy,
  SettleProgress,
} from "./types.ts";

/** Settings of {@link createFlashServer}; what is absent has the default of the part it belongs to. */
export interface FlashServerOptions {
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Sends settlements and pays their gas: the server's own account, or one that it set as its settler. */
  readonly wallet: WriteClient;
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  /** ERC-20 contracts the server is paid in: ones that move exactly what they are told to. */
  readonly tokens: readonly Address[];
  /** The one store of this server address. */
  readonly store: FlashStore;
  /** Blocks that must follow a block before what it raised counts, see `FlashChainViewOptions`. */
  readonly confirmations: number;
  /** Signs releases and closes as the server. */
  readonly signer: TypedDataSigner;
  /** What differs from {@link DEFAULT_FLASH_LIMITS}. */
  readonly limits?: Partial<FlashLimits>;
  readonly policy?: SettlePolicy;
  /** Told about every settlement, failures above all. */
  readonly onProgress: (progress: SettleProgress) => void;
  /** Told about passes over the chain that failed. They are tried again. */
  readonly onChainError?: (error: unknown) => void;
  /** Milliseconds between two looks at the chain and at what is due. */
  readonly pollingInterval?: number;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
}

/** Everything a server of the scheme `flash` runs, put together. */
export interface FlashServer {
  readonly acceptor: FlashAcceptor;
  readonly settleFirst: SettleFirst;
  readonly chain: FlashChainView;
  readonly settler: FlashSettler;
  readonly leaving: FlashLeaving;
  /** Reads the chain once, then begins to watch and to settle. @throws {ChainUnavailableError} the chain does not answer. */
  start(): Promise<void>;
  /** Ends watching; settles everything first when `settle` is true. The store stays open. */
  stop(options?: { readonly settle?: boolean; readonly signal?: AbortSignal }): Promise<void>;
}

/** How often escrows in use are read again, at most, seconds. */
const MAX_RECHECK_SECONDS = 60n;

/**
 * Puts together what a server of the scheme `flash` runs.
 *
 * @param options - {@link FlashServerOptions}.
 * @returns The parts, standing still.
 * @throws {InvalidLimitError} a limit cannot work, such as a time to settle that exceeds the close delay the server demands.
 *
 * @example
 * const server = await createFlashServer({ client, wallet, settlement, server: account.address, tokens: [usdc],
 *   store: createSqliteFlashStore({ path: "flash.sqlite" }), confirmations: 2, signer: account, onProgress: console.log });
 * await server.start();
 */
export async function createFlashServer(options: FlashServerOptions): Promise<FlashServer> {
  const { client, wallet, settlement, server, tokens, store, signer, onProgress, policy = {} } = options;
  const limits: FlashLimits = { ...DEFAULT_FLASH_LIMITS, ...options.limits };
  const { pollingInterval, onChainError, clock } = options;
  const common = {
    client,
    settlement,
    server,
    store,
    ...(pollingInterval === undefined ? {} : { pollingInterval }),
    ...(clock === undefined ? {} : { clock }),
  };
  const recheckInterval = smallest(MAX_RECHECK_SECONDS, (limits.minCloseDelay - limits.settleSeconds) / 3n);
  const chain = createFlashChainView({
    ...common,
    confirmations: options.confirmations,
    recheckInterval,
    ...(onChainError === undefined ? {} : { onError: onChainError }),
  });
  const { settleSeconds } = limits;
  const settler = createFlashSettler({ ...common, wallet, chain, policy, settleSeconds, onProgress });
  const { onFallback = "continue" } = policy;
  const acceptor = await createFlashAcceptor({ ...common, tokens, chain, limits, onFallback });
  return {
    acceptor,
    settleFirst: createSettleFirst({ ...common, chain, acceptor }),
    chain,
    settler,
    leaving: createFlashLeaving({ ...common, signer, chain }),
    start: async () => {
      await chain.sync();
      chain.start();
      settler.start();
    },
    stop: async (how = {}) => {
      await settler.stop(how);
      await chain.stop();
    },
  };
}
