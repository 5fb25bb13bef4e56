import type { Hex } from "viem";
import { BASE_CHAIN_ID } from "../base/addresses.ts";
import { httpProvider, type Provider } from "../base/provider.ts";

/** The node that fork tests copy. */
export interface Upstream {
  readonly url: string;
  /** Its latest block: the fork starts there. */
  readonly blockNumber: bigint;
  /** The rules the fork runs under. */
  readonly hardfork: "granite" | "isthmus";
}

/** `BASE_RPC_URL` is missing, or names a node that cannot be forked as Base. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
}

/**
 * Asks a node what a fork of it needs.
 *
 * @throws {UpstreamError} the node does not answer, or is not Base.
 */
export async function probeUpstream(url: string): Promise<Upstream> {
  const provider = httpProvider(url);
  const chainId = Number(await ask<Hex>(url, provider, "eth_chainId"));
  if (chainId !== BASE_CHAIN_ID) {
    throw new UpstreamError(
      `BASE_RPC_URL=${url} has chain id ${chainId}. Set it to a node of Base (chain id ${BASE_CHAIN_ID}).`,
    );
  }
  const block = await ask<{ number: Hex; extraData: Hex }>(url, provider, "eth_getBlockByNumber", "latest", false);
  // From Holocene on the base fee's parameters stand in the extra data, and the next block cannot be made without.
  const hardfork = block.extraData === "0x" ? "granite" : "isthmus";
  return { url, blockNumber: BigInt(block.number), hardfork };
}

async function ask<T>(url: string, provider: Provider, method: string, ...params: unknown[]): Promise<T> {
  try {
    return (await provider.request({ method, params })) as T;
  } catch (cause) {
    throw new UpstreamError(`BASE_RPC_URL=${url} does not answer ${method}. Is the node running?`, { cause });
  }
}
