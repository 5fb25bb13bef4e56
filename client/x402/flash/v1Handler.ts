import type { Price } from "@x402/core/types";
import type { Address } from "viem";
import { chainIdOfNetworkV1, networkOfChainId } from "../core/network.ts";
import { createPriceBook, type PricedAsset } from "../core/price.ts";
import {
  askV1,
  decodePaymentV1,
  serveV1,
  V1_PAYMENT_HEADER,
  type RequestV1,
  type ResponseV1,
  type V1Handler,
} from "../core/v1.ts";
import type { FlashCode } from "./codes.ts";
import { FLASH_SCHEME } from "./constants.ts";
import type { ServerDesk } from "./desk.ts";
import { FlashConfigurationError, UnknownServerError } from "./errors.ts";
import { dynamicExtra, staticExtra } from "./offers.ts";
import { createPayments, type Admission } from "./payments.ts";
import { refuse, type Refusal } from "./refusals.ts";
import { parsePayloadV1, toWireSettlement } from "./wire.ts";

/** One way to pay for a resource. */
export interface OfferV1 {
  /** Word such as `base`. */
  readonly network: string;
  readonly payTo: Address;
  readonly price: Price;
  readonly description?: string;
  readonly mimeType?: string;
  /** Seconds a request may take; 300 by default. */
  readonly maxTimeoutSeconds?: number;
}

/** The payment of a request that is being served. */
export interface PaymentV1 {
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

interface PricedOffer {
  readonly offer: OfferV1;
  readonly desk: ServerDesk;
  readonly chainId: bigint;
  /** Lower case. */
  readonly asset: Address;
  /** Decimal string, token base units. */
  readonly amount: string;
  readonly extra: Record<string, unknown>;
}

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
 * A transaction that calls `settleNumberedPayment` is accepted at once; the original `settlePayment` only where the desk has a `settleFirst`,
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
  const prices = createPriceBook(options.assets);
  const priced = options.offers.map((offer): PricedOffer => {
    const chainId = chainIdOfNetworkV1(offer.network);
    if (chainId === undefined) throw new UnknownServerError(offer.payTo, "any token", offer.network);
    const { asset, amount, extra = {} } = prices.parsePrice(offer.price, networkOfChainId(chainId));
    const desk = payments.deskFor(chainId, offer.payTo, asset);
    if (desk === undefined) throw new UnknownServerError(offer.payTo, asset, offer.network);
    return { offer, desk, chainId, asset: asset.toLowerCase() as Address, amount, extra };
  });
  requireDistinct(priced);

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

  async function handle(request: RequestV1): Promise<ResponseV1> {
    const header = request.headerOf(V1_PAYMENT_HEADER);
    if (header === undefined || header === "") return ask(request, "X-PAYMENT header is required");
    const payment = decodePaymentV1(header);
    if (payment === undefined) return ask(request, "invalid_payload");
    if (payment["x402Version"] !== 1) return ask(request, "invalid_x402_version");
    if (payment["scheme"] !== FLASH_SCHEME) return ask(request, "flash_scheme_mismatch");
    const candidates = priced.filter(({ offer }) => offer.network === payment["network"]);
    return take(request, candidates, payment["payload"]);
  }

  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      onError(error);
      return askV1([], "unexpected_verify_error" satisfies FlashCode);
    }
  };
}

function toAccept({ url }: RequestV1, { offer, desk, asset, amount, extra }: PricedOffer, refusal?: Refusal): object {
  return {
    scheme: FLASH_SCHEME,
    network: offer.network,
    maxAmountRequired: amount,
    resource: url,
    description: offer.description ?? "",
    mimeType: offer.mimeType ?? "",
    payTo: offer.payTo,
    maxTimeoutSeconds: offer.maxTimeoutSeconds ?? 300,
    asset,
    extra: { ...staticExtra(desk, { asset, extra }), ...dynamicExtra(desk, refusal) },
  };
}

function requireDistinct(priced: readonly PricedOffer[]): void {
  const names = priced.map(({ offer, desk, asset }) => `${offer.network}:${desk.server.toLowerCase()}:${asset}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new FlashConfigurationError(
    `Two offers have one network, recipient and token: ${twice}.`,
    "Make one offer of them: a payment of version 1 does not say which one it accepts.",
  );
}
