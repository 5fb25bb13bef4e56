import type { Address } from "viem";
import type { PricedAsset } from "../core/price.ts";
import { askV1, serveV1, type RequestV1, type ResponseV1, type V1Handler } from "../core/v1.ts";
import { createHandlerV1, priceOffersV1, toAcceptV1, type OfferV1, type PricedOfferV1 } from "../core/v1Offers.ts";
import type { FlashCode } from "./codes.ts";
import { FLASH_SCHEME } from "./constants.ts";
import type { ServerDesk } from "./desk.ts";
import { FlashConfigurationError, UnknownServerError } from "./errors.ts";
import { dynamicExtra, staticExtra } from "./offers.ts";
import { createPayments, type Admission } from "./payments.ts";
import { refuse, type Refusal } from "./refusals.ts";
import { parsePayloadV1, toWireSettlement } from "./wire.ts";

/** The payment of a request that is being served. */
export interface PaymentV1 {
  /** Who pays. */
  readonly payer: Address;
}

/** Settings of {@link createV1Handler}. */
export interface V1HandlerOptions {
  readonly desks: readonly ServerDesk[];
  readonly offers: readonly OfferV1[];
  /** Serves a paid request. A status of 400 or more, or a throw, is not charged. */
  readonly respond: (request: RequestV1, payment: PaymentV1) => Promise<ResponseV1>;
  readonly assets?: readonly PricedAsset[];
  /** Told about errors that became refusals. */
  readonly onError?: (error: unknown) => void;
}

type PricedOffer = PricedOfferV1<OfferV1, ServerDesk>;

/** A refusal, and the offer that it is about. */
interface Refused {
  readonly refusal: Refusal;
  readonly entry?: PricedOffer;
}

/** Refusals of a payment that may be for another offer: a version 1 payment names scheme and network only. */
const OTHER_OFFER: ReadonlySet<FlashCode> = new Set<FlashCode>([
  "flash_signature_invalid",
  "flash_transaction_invalid",
  "flash_escrow_not_found",
  "flash_opening_mismatch",
]);

/**
 * Makes a handler that speaks x402 version 1: the 402 is JSON in the body, the payment comes in `X-PAYMENT`, the settlement goes in
 * `X-PAYMENT-RESPONSE`. The payload is the bare signed transaction of the scheme's first version, or an object as in version 2.
 *
 * A transaction that calls `settleNumberedPayment` is accepted at once, where the limits of the desk's acceptor take any (`maxTransactions`); the original `settlePayment` only where the desk has a `settleFirst`,
 * and once it has paid on-chain.
 *
 * @param options - {@link V1HandlerOptions}.
 * @returns The handler, for any HTTP server. It never throws.
 * @throws {UnknownServerError} an offer names a server, token or network that no desk serves.
 * @throws {FlashConfigurationError} two offers differ in nothing that a payment says.
 *
 * @example
 * const handler = createV1Handler({
 *   desks: [desk],
 *   offers: [{ network: "base", payTo: server, price: "$0.001" }],
 *   respond: async () => ({ status: 200, body: "sunny" }),
 * });
 * app.get("/v1/weather", toExpressHandler(handler));
 */
export function createV1Handler(options: V1HandlerOptions): V1Handler {
  const { desks, respond, onError = () => undefined } = options;
  const payments = createPayments({ desks, onError });
  const priced = priceOffersV1({
    offers: options.offers,
    assets: options.assets,
    deskFor: (chainId, payTo, asset) => payments.deskFor(chainId, payTo, asset),
    unknown: ({ payTo, network }, asset = "any token") => new UnknownServerError(payTo, asset, network),
    misconfigured: (what, next) => new FlashConfigurationError(what, next),
  });

  function ask(request: RequestV1, error: string, refused?: Refused): ResponseV1 {
    return askV1(
      priced.map((entry) => toAccept(request, entry, refused?.entry === entry ? refused.refusal : undefined)),
      error,
    );
  }

  function serve(request: RequestV1, { offer, amount }: PricedOffer, admission: Admission): Promise<ResponseV1> {
    const { payer } = admission;
    return serveV1({
      respond: () => respond(request, { payer }),
      release: () => payments.release(admission),
      onError,
      async charge() {
        const charged = await payments.charge(admission, amount);
        if (!charged.isCharged) return { refusal: ask(request, charged.code) };
        const { status, paymentId } = charged.settlement;
        return {
          settlement: {
            success: true,
            transaction: status === "settled" ? paymentId : "",
            network: offer.network,
            payer,
            amount,
            extra: toWireSettlement(charged.settlement),
          },
        };
      },
    });
  }

  /** Takes a payment by the offer that it is for. */
  async function take(request: RequestV1, candidates: readonly PricedOffer[], payload: unknown): Promise<ResponseV1> {
    let first: Refused | undefined;
    for (const entry of candidates) {
      const { offer, chainId, asset, amount: price } = entry;
      const { payTo } = offer;
      const result = await payments.admit({ payload, chainId, payTo, asset, price, parse: parsePayloadV1 });
      if (result.isAdmitted) return serve(request, entry, result);
      const refused = { refusal: result, entry };
      if (!OTHER_OFFER.has(result.code)) return ask(request, result.code, refused);
      first ??= refused;
    }
    const refused = first ?? { refusal: refuse("flash_network_mismatch") };
    return ask(request, refused.refusal.code, refused);
  }

  return createHandlerV1<FlashCode>({
    scheme: FLASH_SCHEME,
    otherScheme: "flash_scheme_mismatch",
    ask,
    take: (request, { network, payload }) => {
      const candidates = priced.filter(({ offer }) => offer.network === network);
      return take(request, candidates, payload);
    },
    onError,
  });
}

function toAccept(request: RequestV1, entry: PricedOffer, refusal?: Refusal): object {
  const { desk, asset, amount, extra } = entry;
  return toAcceptV1(FLASH_SCHEME, request, entry, {
    ...staticExtra(desk, { asset, amount, extra }),
    ...dynamicExtra(desk, refusal),
  });
}
