import type { AssetAmount, Network, Price } from "@x402/core/types";
import { createPriceBook, type PriceBook, type PricedAsset } from "./price.ts";

/** Flows of a scheme that verifies before a request is served and settles after it, whatever moves the asset. */
export const AUTHORIZATION_FLOWS = { default: { supported: ["authorization"], default: "authorization" } } as const;

/** The server side of any scheme, as far as it reads prices. */
export abstract class PricedServer {
  readonly #prices: PriceBook;

  /** @param assets - Assets that a price may name besides the defaults of `@x402/evm`. */
  constructor(assets: readonly PricedAsset[] | undefined) {
    this.#prices = createPriceBook(assets);
  }

  async parsePrice(price: Price, network: Network): Promise<AssetAmount> {
    return this.#prices.parsePrice(price, network);
  }

  getAssetDecimals(asset: string, network: Network): number | undefined {
    return this.#prices.findAsset(asset, network)?.decimals;
  }
}
