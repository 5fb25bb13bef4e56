import { getBlock, getChainId } from "viem/actions";
import { PERMIT2_ADDRESS } from "../../core/funding.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { getEscrow } from "../../flash/read.ts";
import type { SignedTopUp } from "../../flash/sign.ts";
import type { Escrow } from "../../flash/types.ts";
import type { FlashEscrowId } from "../../seller/flash/types.ts";
import { readAssetFacts, type AssetFacts } from "../core/assets.ts";
import { isPullUsed } from "../core/pulls.ts";
import { FlashConfigurationError } from "./errors.ts";
import { pullOfTopUp } from "./renewalReasons.ts";

/** An escrow as one block shows it. */
export interface EscrowFacts extends Pick<Escrow, "epoch" | "isOpen" | "balance" | "unlockAt"> {
  /** Of the block, unix seconds. */
  readonly timestamp: bigint;
  /** Block at which it was read. */
  readonly blockNumber: bigint;
}

/** Asks the chain what a server need not be believed about. */
export interface EscrowReader {
  /** What the latest block shows; or the last final one, which no reorganisation changes. */
  readEscrow(escrow: FlashEscrowId, block: "latest" | "finalized"): Promise<EscrowFacts>;
  /** Whether a top-up was executed, or cancelled at its token, by a block. */
  isTopUpUsed(escrow: FlashEscrowId, topUp: SignedTopUp, blockNumber: bigint): Promise<boolean>;
  /** Allowances of the client to FlashSettlement and to Permit2, and its permit nonce. */
  readAllowance(escrow: FlashEscrowId): Promise<AssetFacts>;
}

/**
 * Makes a reader from viem clients.
 *
 * @param clients - A client of each chain that is paid on.
 * @returns The reader. It throws {@link FlashConfigurationError} when no client is of the escrow's chain.
 *
 * @example
 * const scheme = new FlashEvmScheme({ client, settlements, chain: createEscrowReader(publicClient) });
 */
export function createEscrowReader(...clients: readonly ReadClient[]): EscrowReader {
  return {
    async readEscrow({ chainId, settlement, client: payer, server, token }, blockTag) {
      const client = await clientOf(clients, chainId);
      const { timestamp, number } = await getBlock(client, { blockTag });
      const parties = { settlement, client: payer, server, token };
      const escrow = await getEscrow(client, { ...parties, blockNumber: number });
      const { epoch, isOpen, balance, unlockAt } = escrow;
      return { epoch, isOpen, balance, unlockAt, timestamp, blockNumber: number };
    },
    async isTopUpUsed({ chainId, settlement }, topUp, blockNumber) {
      const client = await clientOf(clients, chainId);
      return isPullUsed(client, pullOfTopUp(topUp, { chainId, settlement }), { blockNumber });
    },
    async readAllowance({ chainId, settlement: escrow, client: buyer, token: asset }) {
      const client = await clientOf(clients, chainId);
      const [facts, permit2] = await Promise.all([
        readAssetFacts(client, { escrow, buyer, asset }),
        readAssetFacts(client, { escrow: PERMIT2_ADDRESS, buyer, asset }),
      ]);
      return { ...facts, permit2Allowance: permit2.assetAllowance };
    },
  };
}

/** Asks the nodes themselves: the answer of another chain would be taken for this one's. */
async function clientOf(clients: readonly ReadClient[], chainId: bigint): Promise<ReadClient> {
  for (const client of clients) {
    if (BigInt(await getChainId(client)) === chainId) return client;
  }
  throw new FlashConfigurationError(
    `No client of chain ${chainId} to read escrows with.`,
    "Give `createEscrowReader` one of each chain that is paid on.",
  );
}
