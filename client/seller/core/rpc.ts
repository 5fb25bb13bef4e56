import { getBlock, getChainId } from "viem/actions";
import type { ReadClient } from "../../core/readClient.ts";
import { ChainUnavailableError, WrongChainError } from "./errors.ts";
import type { BlockReference } from "./types.ts";

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
export async function readBlock(client: ReadClient, blockNumber?: bigint): Promise<BlockReference> {
  const { number, timestamp, hash } = await ask("a block", () =>
    getBlock(client, blockNumber === undefined ? { blockTag: "latest" } : { blockNumber }),
  );
  if (number === null || hash === null) throw new ChainUnavailableError("the node gave a pending block", undefined);
  return { number, timestamp, hash };
}

/** Whether a block that was seen is still there. */
export async function isOnChain(client: ReadClient, { number, hash }: BlockReference): Promise<boolean> {
  return (await readBlock(client, number)).hash === hash;
}

/**
 * Makes the check that the node serves a chain; it asks until it has an answer.
 *
 * @returns The check. It throws {@link WrongChainError} for another chain.
 */
export function createChainCheck(client: ReadClient, chainId: bigint): () => Promise<void> {
  let isChecked = false;
  return async () => {
    if (isChecked) return;
    const actual = BigInt(await ask("the chain id", () => getChainId(client)));
    if (actual !== chainId) throw new WrongChainError(actual, chainId);
    isChecked = true;
  };
}
