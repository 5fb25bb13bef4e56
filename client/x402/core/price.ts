import type { AssetAmount, DefaultAsset, Network, Price } from "@x402/core/types";
import { convertToTokenAmount, parseMoney } from "@x402/core/utils";
import { createAssetFinder } from "./assetFinder.ts";
import { getDefaultAsset } from "./evm.ts";

/** An asset that a price may name, besides the default assets of `@x402/evm`. */
export interface PricedAsset extends DefaultAsset {
  /** Network in CAIP-2 form. */
  readonly network: Network;
  /** EIP-712 name and version of the token. */
  readonly name: string;
  /** `version` of the asset's EIP-712 domain. */
  readonly version: string;
}

/** Reads prices and knows assets. */
export interface PriceBook {
  /** @throws the SDK's error when the text is no price or names an unknown asset. */
  parsePrice(price: Price, network: Network): AssetAmount;
  findAsset(
    asset: string,
    network: Network,
  ): (DefaultAsset & { readonly name?: string; readonly version?: string }) | undefined;
}

/**
 * Makes a price book: `"$0.01"`, `0.01` and `"0.01 USDC"` are amounts of a default asset, `{ asset, amount }` is exact.
 *
 * @param assets - Assets besides USDC and the other defaults.
 */
export function createPriceBook(assets: readonly PricedAsset[] = []): PriceBook {
  const findAsset = createAssetFinder(assets);
  return {
    findAsset,
    parsePrice(price, network) {
      if (typeof price === "object") {
        const known = findAsset(price.asset, network);
        return { ...price, extra: { ...toDomain(known), ...price.extra } };
      }
      const { amount, symbol } = parseMoney(price);
      const own = assets.find((entry) => entry.network === network && entry.symbol.toUpperCase() === symbol);
      const asset = own ?? getDefaultAsset(network, symbol);
      return { asset: asset.asset, amount: convertToTokenAmount(amount, asset.decimals), extra: toDomain(asset) };
    },
  };
}

function toDomain(asset: { readonly name?: string; readonly version?: string } | undefined): Record<string, string> {
  return asset?.name === undefined || asset.version === undefined ? {} : { name: asset.name, version: asset.version };
}
