import type { DefaultAsset, Network } from "@x402/core/types";
import { findDefaultAsset } from "./evm.ts";
import { chainIdOfNetworkV1, networkOfChainId } from "./network.ts";

/** An asset that is known besides the default assets of `@x402/evm`. */
export type ListedAsset = DefaultAsset & { readonly network: Network };

/** Finds an asset by its address, in any case. */
export type AssetFinder<Asset extends ListedAsset> = (
  asset: string,
  network: Network,
) => Asset | ReturnType<typeof findDefaultAsset>;

/** Makes the finder of listed assets and of the defaults of `@x402/evm`. */
export function createAssetFinder<Asset extends ListedAsset>(assets: readonly Asset[] = []): AssetFinder<Asset> {
  return (asset, network) =>
    assets.find((entry) => entry.network === network && entry.asset.toLowerCase() === asset.toLowerCase()) ??
    findDefaultAsset(asset, network);
}

/** Finds a default asset of `@x402/evm` on a network of x402 version 1. */
export function findDefaultAssetV1(asset: string, network: Network): DefaultAsset | undefined {
  const chainId = chainIdOfNetworkV1(network);
  return chainId === undefined ? undefined : findDefaultAsset(asset, networkOfChainId(chainId));
}
