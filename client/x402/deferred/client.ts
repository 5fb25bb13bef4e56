import type { Address, Hex } from "viem";
import type {
  DefaultAsset,
  Network,
  PaymentPayloadContext,
  PaymentPayloadResult,
  PaymentRequirements,
  SchemeClientHooks,
  SchemeNetworkClient,
} from "@x402/core/types";
import { createAssetFinder, type ListedAsset } from "../core/assetFinder.ts";
import { extraOfSameOffer, readCommonTerms } from "../core/terms.ts";
import { createBuyer } from "./buyer.ts";
import type { Buyer, BuyerOptions, PaymentTerms } from "./buyerTypes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { UnreadableOfferError } from "./errors.ts";
import { toWirePayload } from "./wire.ts";
import { parseOffer, parseSettlement } from "./wireOffer.ts";

type PaymentResponseContext = Parameters<NonNullable<SchemeClientHooks["onPaymentResponse"]>>[0];

/** Settings of {@link DeferredEvmScheme}. */
export interface DeferredEvmSchemeOptions extends BuyerOptions {
  /**
   * Assets besides USDC and the other defaults of `@x402/evm` for which the SDK's dollar limits hold. Assets that are not named need an
   * entry in `spendControls.allowedAssets`.
   */
  readonly assets?: readonly ListedAsset[];
}

/**
 * Scheme `deferred` for `x402Client`: pays each request with a signed cumulative voucher, and deposits with the first one.
 *
 * One instance is one buyer: it keeps track of its lanes at every seller, so that requests may run in parallel.
 *
 * @example
 * const scheme = new DeferredEvmScheme({ buyer: privateKeyToAccount(key), escrows: [escrow] });
 * const client = new x402Client().register("eip155:*", scheme);
 * const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, scheme.address), client);
 */
export class DeferredEvmScheme implements SchemeNetworkClient {
  /** Id of the scheme, for the SDK. */
  readonly scheme = DEFERRED_SCHEME;
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeClientHooks;
  /** Finds an asset the SDK's dollar limits hold for. */
  readonly findDefaultAsset: (asset: string, network: Network) => DefaultAsset | undefined;
  readonly buyer: Buyer;

  constructor(options: DeferredEvmSchemeOptions) {
    this.buyer = createBuyer(options);
    this.findDefaultAsset = createAssetFinder(options.assets);
    this.schemeHooks = { onPaymentResponse: (context) => this.#learn(context) };
  }

  /** The buyer's address, lower case. */
  get address(): Address {
    return this.buyer.address;
  }

  /**
   * Signs a payment for an offer of a 402.
   *
   * @throws {UnreadableOfferError} a field of the offer is not what the scheme says.
   * @throws {UntrustedEscrowError} {@link PriceLimitError} {@link DepositNeededError} {@link VoucherLifetimeError} the buyer's limits;
   * see {@link Buyer.pay}.
   */
  async createPaymentPayload(
    x402Version: number,
    requirements: PaymentRequirements,
    context?: PaymentPayloadContext,
  ): Promise<PaymentPayloadResult> {
    const cap = context?.maxAmountPerPayment;
    const payload = await this.buyer.pay(toTerms(requirements), cap === undefined ? undefined : BigInt(cap));
    return { x402Version, payload: { ...toWirePayload(payload) } };
  }

  async #learn({ paymentPayload, requirements, settleResponse, paymentRequired }: PaymentResponseContext) {
    const payment = paymentPayload.payload["signature"] as Hex;
    if (settleResponse?.success === true) {
      const settlement = parseSettlement(settleResponse.extra);
      await this.buyer.accepted(payment, settlement.isValid ? settlement.value : undefined);
    } else if (settleResponse !== undefined) {
      const reason = textOf(settleResponse.errorReason);
      // After the request was served only a code of the scheme says for sure that nothing was charged.
      const isSure = reason.startsWith("invalid_deferred_") || reason === "insufficient_funds";
      await (isSure ? this.buyer.refused(payment, reason) : this.buyer.unanswered(payment));
    } else if (paymentRequired !== undefined) {
      const offer = parseOffer(extraOfSameOffer(paymentRequired, requirements));
      if (await this.buyer.refused(payment, textOf(paymentRequired.error), offer.isValid ? offer.value : undefined))
        return { recovered: true as const };
    } else {
      await this.buyer.unanswered(payment);
    }
    return undefined;
  }
}

/**
 * Reads the terms of an offer.
 *
 * - Source: docs/x402/deferred.md, Offer
 *
 * @param requirements - One of `accepts` of a 402.
 * @returns {@link PaymentTerms}; amounts in token base units.
 * @throws {UnreadableOfferError} a field is not what the scheme says.
 *
 * @example
 * const terms = toTerms(paymentRequired.accepts[0]);
 */
export function toTerms(requirements: PaymentRequirements): PaymentTerms {
  const { payTo, ...terms } = readCommonTerms(requirements);
  const offer = parseOffer(requirements.extra);
  if (!offer.isValid) throw new UnreadableOfferError(offer.message);
  return { ...terms, seller: payTo, offer: offer.value };
}

/** The SDK decodes an answer and checks none of its fields. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
