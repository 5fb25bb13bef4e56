import type { Price } from "@x402/core/types";
import type { Address } from "viem";
import { chainIdOfNetworkV1, networkOfChainId } from "./network.ts";
import { createPriceBook, type PricedAsset } from "./price.ts";
import { askV1, decodePaymentV1, V1_PAYMENT_HEADER, type RequestV1, type ResponseV1, type V1Handler } from "./v1.ts";

/** Offers of x402 version 1, and the handler that takes payments for them, whatever the scheme. */

/** One way to pay for a resource. */
export interface OfferV1 {
  /** Word such as `base`. */
  readonly network: string;
  /** Who is paid. */
  readonly payTo: Address;
  /** Price of the route, as the SDK takes it. */
  readonly price: Price;
  /** What is sold, for people. */
  readonly description?: string;
  /** Type of what is sold. */
  readonly mimeType?: string;
  /** Seconds a request may take; 300 by default. */
  readonly maxTimeoutSeconds?: number;
}

/** Seconds a request may take, unless an offer says otherwise. */
export const DEFAULT_TIMEOUT_V1 = 300;

/** An offer in its asset, and who serves it. */
export interface PricedOfferV1<Offer extends OfferV1, Desk> {
  readonly offer: Offer;
  readonly desk: Desk;
  readonly chainId: bigint;
  /** Lower case. */
  readonly asset: Address;
  /** Decimal string, token base units. */
  readonly amount: string;
  readonly extra: Record<string, unknown>;
}

/** What {@link priceOffersV1} takes. */
export interface PriceOffersV1Parameters<Offer extends OfferV1, Desk> {
  readonly offers: readonly Offer[];
  /** Assets that a price may name besides the defaults of `@x402/evm`. */
  readonly assets: readonly PricedAsset[] | undefined;
  readonly deskFor: (chainId: bigint, payTo: Address, asset: string) => Desk | undefined;
  /** Makes the error of an offer that no desk serves; without `asset` when nothing is served on its network. */
  readonly unknown: (offer: OfferV1, asset?: string) => Error;
  /** Makes the error of a configuration that cannot work. */
  readonly misconfigured: (what: string, next: string) => Error;
}

/**
 * Prices offers and finds their desks.
 *
 * @throws the error of `unknown`: no desk serves an offer.
 * @throws the error of `misconfigured`: two offers differ in nothing that a payment says.
 */
export function priceOffersV1<Offer extends OfferV1, Desk>(
  parameters: PriceOffersV1Parameters<Offer, Desk>,
): readonly PricedOfferV1<Offer, Desk>[] {
  const { deskFor, unknown, misconfigured } = parameters;
  const prices = createPriceBook(parameters.assets);
  const priced = parameters.offers.map((offer): PricedOfferV1<Offer, Desk> => {
    const { network, payTo } = offer;
    const chainId = chainIdOfNetworkV1(network);
    if (chainId === undefined) throw unknown(offer);
    const { asset, amount, extra = {} } = prices.parsePrice(offer.price, networkOfChainId(chainId));
    const desk = deskFor(chainId, payTo, asset);
    if (desk === undefined) throw unknown(offer, asset);
    return { offer, desk, chainId, asset: asset.toLowerCase() as Address, amount, extra };
  });
  const names = priced.map(({ offer, asset }) => `${offer.network}:${offer.payTo.toLowerCase()}:${asset}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return priced;
  throw misconfigured(
    `Two offers have one network, recipient and asset: ${twice}.`,
    "Make one offer of them: a payment of version 1 does not say which one it accepts.",
  );
}

/** Writes an offer as a 402 has it. */
export function toAcceptV1(
  scheme: string,
  { url }: RequestV1,
  { offer, asset, amount }: PricedOfferV1<OfferV1, unknown>,
  extra: object,
): object {
  return {
    scheme,
    network: offer.network,
    maxAmountRequired: amount,
    resource: url,
    description: offer.description ?? "",
    mimeType: offer.mimeType ?? "",
    payTo: offer.payTo,
    maxTimeoutSeconds: offer.maxTimeoutSeconds ?? DEFAULT_TIMEOUT_V1,
    asset,
    extra,
  };
}

/** What {@link createHandlerV1} is made of. */
export interface HandlerV1Parameters<Code extends string> {
  readonly scheme: string;
  /** Code of a payment of another scheme. */
  readonly otherScheme: Code;
  /** Makes a 402. */
  readonly ask: (request: RequestV1, error: string) => ResponseV1 | Promise<ResponseV1>;
  /** Takes a payment of this scheme, and serves the request. */
  readonly take: (request: RequestV1, payment: Readonly<Record<string, unknown>>) => Promise<ResponseV1>;
  readonly onError: (error: unknown) => void;
}

/** Makes a handler of a scheme, which never throws. */
export function createHandlerV1<Code extends string>(parameters: HandlerV1Parameters<Code>): V1Handler {
  const { scheme, otherScheme, ask, take, onError } = parameters;

  async function handle(request: RequestV1): Promise<ResponseV1> {
    const header = request.headerOf(V1_PAYMENT_HEADER);
    if (header === undefined || header === "") return ask(request, "X-PAYMENT header is required");
    const payment = decodePaymentV1(header);
    if (payment === undefined) return ask(request, "invalid_payload");
    if (payment["x402Version"] !== 1) return ask(request, "invalid_x402_version");
    return payment["scheme"] === scheme ? take(request, payment) : ask(request, otherScheme);
  }

  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      onError(error);
      return askV1([], "unexpected_verify_error");
    }
  };
}
