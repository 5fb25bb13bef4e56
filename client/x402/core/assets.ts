import { erc20Abi, parseAbi, type Address } from "viem";
import { readContract } from "viem/actions";
import type { ReadClient } from "../../core/readClient.ts";

const eip2612StateAbi = parseAbi(["function nonces(address owner) view returns (uint256)"]);

/** Token base units by asset; addresses in any case. */
export type AssetAmounts = Readonly<Record<Address, bigint>>;

/** What the chain says about a buyer's tokens. */
export interface AssetFacts {
  /** Allowance of the buyer to the escrow, token base units. */
  readonly assetAllowance: bigint;
  /** ERC-2612 nonce; undefined when the token has none. */
  readonly assetPermitNonce?: bigint;
  /** Allowance of the buyer to Permit2, token base units; absent when nobody asked. */
  readonly permit2Allowance?: bigint;
}

/** Finds the amount of an asset. */
export function amountOf(amounts: AssetAmounts, asset: Address): bigint | undefined {
  const wanted = asset.toLowerCase();
  return Object.entries(amounts).find(([address]) => address.toLowerCase() === wanted)?.[1];
}

/** Whose allowance to which escrow. */
export interface ReadAssetFactsParameters {
  readonly escrow: Address;
  readonly buyer: Address;
  readonly asset: Address;
}

/** Reads what the chain says about a buyer's tokens. */
export async function readAssetFacts(
  client: ReadClient,
  { escrow, buyer, asset }: ReadAssetFactsParameters,
): Promise<AssetFacts> {
  const [allowance, nonce] = await Promise.allSettled([
    readContract(client, { address: asset, abi: erc20Abi, functionName: "allowance", args: [buyer, escrow] }),
    readContract(client, { address: asset, abi: eip2612StateAbi, functionName: "nonces", args: [buyer] }),
  ]);
  if (allowance.status === "rejected") throw allowance.reason;
  // A token without permits has no such nonce.
  return { assetAllowance: allowance.value, ...(nonce.status === "fulfilled" && { assetPermitNonce: nonce.value }) };
}
