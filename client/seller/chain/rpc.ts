import type { PublicClient } from "viem";
import { ChainUnavailableError } from "../errors.ts";
import type { BlockReference } from "../types.ts";

/** What the seller needs of viem's public client. */
export type ChainClient = Pick<
  PublicClient,
  "getBlock" | "getChainId" | "multicall" | "readContract" | "request" | "getGasPrice" | "waitForTransactionReceipt"
>;

/**
 * Does a request to the node.
 *
 * @throws {ChainUnavailableError} with the node's or viem's error as cause.
 */
export async function ask<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw error instanceof ChainUnavailableError ? error : new ChainUnavailableError(what, error);
  }
}

/** Reads a block by number, or the latest one. */
export async function readBlock(client: ChainClient, blockNumber?: bigint): Promise<BlockReference> {
  const { number, timestamp, hash } = await ask("a block", () =>
    client.getBlock(blockNumber === undefined ? { blockTag: "latest" } : { blockNumber }),
  );
  if (number === null || hash === null) throw new ChainUnavailableError("the node gave a pending block", undefined);
  return { number, timestamp, hash };
}
