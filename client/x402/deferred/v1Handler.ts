import type { Address } from "viem";
import type { DeferredCode } from "./codes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { DeferredConfigurationError, UnknownSellerError } from "./errors.ts";
import { correctiveOffer, createOffers, readBuyerHeader, staticOffer } from "./offers.ts";
import { createPayments, type Admission } from "./payments.ts";
import type { Refusal } from "./refusals.ts";
import type { SellerDesk } from "./sellerDesk.ts";
import type { PricedAsset } from "../core/price.ts";
import { askV1, serveV1, type RequestV1, type ResponseV1, type V1Handler } from "../core/v1.ts";
import {
  createHandlerV1,
  DEFAULT_TIMEOUT_V1,
  priceOffersV1,
  toAcceptV1,
  type OfferV1 as CommonOfferV1,
  type PricedOfferV1,
} from "../core/v1Offers.ts";
import type { WireOffer } from "./types.ts";
import { parsePayload } from "./wire.ts";
import { toWireSettlement } from "./wireOffer.ts";

/** One way to pay for a resource. */
export interface OfferV1 extends CommonOfferV1 {
  /** True when the price is a ceiling; see {@link PaymentV1.setCharge}. */
  readonly metered?: boolean;
}

/** The payment of a request that is being served. */
export interface PaymentV1 {
  /** Who pays. */
  readonly payer: Address;
  /** Charges less than the price; token base units. Above the price nothing is charged and nothing is served. */
  readonly setCharge: (amount: bigint) => void;
}

/** Settings of {@link createV1Handler}. */
export interface V1HandlerOptions {
  readonly desks: readonly SellerDesk[];
  readonly offers: readonly OfferV1[];
  /** Serves a paid request. A status of 400 or more, or a throw, is not charged. */
  readonly respond: (request: RequestV1, payment: PaymentV1) => Promise<ResponseV1>;
  /**
   * The scheme's own way: whoever names a buyer is shown its latest voucher, so that clients without a memory go on with it. Without it
   * every payment of such a client opens a lane, and a buyer may have as many as the acceptor's `maxLanes`.
   */
  readonly isOpen?: boolean;
  readonly assets?: readonly PricedAsset[];
  /** Told about errors that became refusals. */
  readonly onError?: (error: unknown) => void;
}

type PricedOffer = PricedOfferV1<OfferV1, SellerDesk>;

/**
 * Makes a handler that speaks x402 version 1: the 402 is JSON in the body, the payment comes in `X-PAYMENT`, the settlement goes in
 * `X-PAYMENT-RESPONSE`. The SDK's servers speak version 2 only.
 *
 * @param options - {@link V1HandlerOptions}.
 * @returns The handler, for any HTTP server.
 * @throws {UnknownSellerError} an offer names a seller, asset or network that no desk serves.
 * @throws {DeferredConfigurationError} two offers differ in nothing that a payment says.
 *
 * @example
 * const handler = createV1Handler({
 *   desks: [desk],
 *   offers: [{ network: "base", payTo: seller, price: "$0.001" }],
 *   respond: async () => ({ status: 200, body: "sunny" }),
 * });
 * app.get("/v1/weather", toExpressHandler(handler));
 */
export function createV1Handler(options: V1HandlerOptions): V1Handler {
  const { desks, respond, isOpen = false, onError = () => undefined } = options;
  const payments = createPayments({ desks, onError });
  const offers = createOffers({ isOpen, onError });
  const priced = priceOffersV1({
    offers: options.offers,
    assets: options.assets,
    deskFor: (chainId, payTo, asset) => payments.deskFor(chainId, payTo, asset),
    unknown: ({ payTo, network }, asset = "any asset") => new UnknownSellerError(payTo, asset, network),
    misconfigured: (what, next) => new DeferredConfigurationError(what, next),
  });

  async function ask(request: RequestV1, error: string, refusal?: Refusal): Promise<ResponseV1> {
    const accepts = await Promise.all(priced.map((entry) => toAccept(request, entry, refusal)));
    return askV1(accepts, error);
  }

  async function toAccept(request: RequestV1, entry: PricedOffer, refusal?: Refusal): Promise<object> {
    const { offer, desk, asset, amount, extra } = entry;
    const lane = await laneFor(request, entry, refusal);
    const { name, version } = extra as { name?: string; version?: string };
    const domain =
      name === undefined || version === undefined ? {} : { assetDomainName: name, assetDomainVersion: version };
    return toAcceptV1(DEFERRED_SCHEME, request, entry, {
      ...extra,
      ...staticOffer(desk, asset, BigInt(amount)),
      ...(offer.metered !== undefined && { metered: offer.metered }),
      ...lane,
      ...(lane.account !== undefined && { account: { ...domain, ...lane.account } }),
    });
  }

  async function laneFor(
    request: RequestV1,
    { desk, asset, amount }: PricedOffer,
    refusal?: Refusal,
  ): Promise<WireOffer> {
    const lane = refusal?.corrective?.offer.lane;
    if (refusal?.corrective !== undefined && lane?.asset === asset && lane.seller === desk.acceptor.seller) {
      return correctiveOffer(refusal.corrective, desk);
    }
    const buyer = readBuyerHeader(request.headerOf);
    return offers.offerToStateless({ desk, asset, price: BigInt(amount), buyer });
  }

  async function serve(request: RequestV1, entry: PricedOffer, admission: Admission): Promise<ResponseV1> {
    let charge = entry.amount;
    const setCharge = (amount: bigint) => {
      charge = amount.toString();
    };
    return serveV1({
      respond: () => respond(request, { payer: admission.payer, setCharge }),
      release: () => payments.release(admission),
      onError,
      async charge() {
        const charged = await payments.charge(admission, charge);
        if (!charged.isCharged) return { refusal: await ask(request, charged.code) };
        return {
          settlement: {
            success: true,
            transaction: "",
            network: entry.offer.network,
            payer: admission.payer,
            amount: charged.amount.toString(),
            extra: toWireSettlement(charged.settlement),
          },
        };
      },
    });
  }

  async function take(request: RequestV1, payment: Readonly<Record<string, unknown>>): Promise<ResponseV1> {
    const entry = findOffer(priced, payment);
    if (entry === undefined) return ask(request, "invalid_deferred_evm_payload_network_mismatch");
    const { offer, chainId, asset, amount } = entry;
    const result = await payments.admit({
      payload: payment["payload"],
      chainId,
      payTo: offer.payTo,
      asset,
      price: amount,
      timeout: offer.maxTimeoutSeconds ?? DEFAULT_TIMEOUT_V1,
    });
    return result.isAdmitted ? serve(request, entry, result) : ask(request, result.code, result);
  }

  return createHandlerV1<DeferredCode>({
    scheme: DEFERRED_SCHEME,
    otherScheme: "invalid_deferred_evm_payload_scheme",
    ask,
    take,
    onError,
  });
}

/**
 * Finds the offer that a payment accepts. A version 1 payment names scheme and network only: recipient and asset are its voucher's, and the
 * amount is what the voucher must cover.
 *
 * @returns An offer of the network when none fits, so that its desk says what is wrong; undefined when there is none of the network.
 */
function findOffer(
  priced: readonly PricedOffer[],
  { network, payload }: Readonly<Record<string, unknown>>,
): PricedOffer | undefined {
  const candidates = priced.filter(({ offer }) => offer.network === network);
  const parsed = parsePayload(payload);
  if (!parsed.isValid) return candidates[0];
  const { seller, asset } = parsed.value.voucher;
  return (
    candidates.find(({ desk, ...entry }) => desk.acceptor.seller === seller && entry.asset === asset) ?? candidates[0]
  );
}
