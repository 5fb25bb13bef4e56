import { getBlock } from "viem/actions";
import type { ReadClient } from "../../core/readClient.ts";
import { ChainUnavailableError } from "./errors.ts";
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
