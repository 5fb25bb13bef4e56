import hre from "hardhat";
import { hexToBigInt, parseEther, toHex, type Address, type Hex } from "viem";
import { installCreateX } from "../../test/base/createX.ts";
import { setBalance, type Provider } from "../../test/base/provider.ts";
import { CHAINS, type ChainLabel } from "../chains/chains.ts";
import { DeployError } from "./errors.ts";

/** A copy of a chain in this process. */
export interface Fork {
  readonly provider: Provider;
  readonly block: bigint;
  close(): Promise<void>;
}

/** The chain cannot be copied, or not executed here. */
export class ForkError extends DeployError {
  override readonly name = "ForkError";

  constructor(chain: string, cause: unknown) {
    super(
      `${chain} cannot be copied for a dry run: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        "Its node must serve the state of its latest block; or deploy without a dry run, which says the cost as well.",
      { cause },
    );
  }
}

/**
 * Copies a chain at its latest block into this process. The deployer gets money there, whatever it has, and the factory when it
 * is absent: nothing of it reaches the chain.
 *
 * @throws {ForkError} that does not work with this chain or this node.
 */
export async function forkChain(
  { upstream, url, chain, deployer }: { upstream: Provider; url: string; chain: ChainLabel; deployer: Address },
  { withCreateX }: { withCreateX: boolean },
): Promise<Fork> {
  const latest = (await upstream.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
    number: Hex;
    extraData: Hex;
  };
  const block = hexToBigInt(latest.number);
  const chainType = CHAINS.find(({ chainId }) => chainId === chain.chainId)?.chainType ?? "generic";
  // From Holocene on the base fee's parameters stand in the extra data, and the next block cannot be made without.
  const hardfork = chainType === "op" ? { hardfork: latest.extraData === "0x" ? "granite" : "isthmus" } : {};
  try {
    const { provider, close } = await hre.network.create({
      network: "default",
      chainType,
      override: { chainId: chain.chainId, ...hardfork, forking: { enabled: true, url, blockNumber: block } },
    });
    await provider.request({ method: "hardhat_impersonateAccount", params: [deployer] });
    await setBalance(provider, deployer, parseEther("1000"));
    if (withCreateX) await installCreateX(provider);
    return { provider, block, close };
  } catch (error) {
    throw new ForkError(chain.name, error);
  }
}

/** Who deploys in a dry run when there is no deployer yet: an account that nobody has. */
export const NOBODY: Address = `0x${toHex("x402-escrow dry run").slice(2).padEnd(40, "0")}`;
