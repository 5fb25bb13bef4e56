import type {
  DefaultAsset,
  Network,
  PaymentPayloadContext,
  PaymentPayloadResult,
  PaymentRequirements,
  SchemeClientHooks,
  SchemeNetworkClient,
} from "@x402/core/types";
import type { Address } from "viem";
import { FLASH_SCHEME } from "./constants.ts";
import { createAssetFinder, type ListedAsset } from "../core/assetFinder.ts";
import { extraOfSameOffer, readCommonTerms } from "../core/terms.ts";
import { createPayer, paymentKey } from "./payer.ts";
import { UnreadableOfferError } from "./payerErrors.ts";
import type { Payer, PayerOptions, PaymentKey, PaymentTerms } from "./payerTypes.ts";
import { parseOffer, parseSettlement, toWirePayload } from "./wire.ts";

type PaymentResponseContext = Parameters<NonNullable<SchemeClientHooks["onPaymentResponse"]>>[0];

/** Settings of {@link FlashEvmScheme}. */
export interface FlashEvmSchemeOptions extends PayerOptions {
  /**
   * Tokens besides USDC and the other defaults of `@x402/evm` for which the SDK's dollar limits hold. Tokens that are not named need an
   * entry in `spendControls.allowedAssets`.
   */
  readonly assets?: readonly ListedAsset[];
}

/**
 * Scheme `flash` for `x402Client`: pays each request from the wallet, insured by a small escrow, which the first payment opens.
 *
 * One instance is one payer: it keeps track of what it signed for every server, so that requests may run in parallel.
 *
 * @example
 * const scheme = new FlashEvmScheme({ client: privateKeyToAccount(key), settlements: [settlement] });
 * const paidFetch = wrapFetchWithFlash(fetch, new x402Client().register("eip155:*", scheme), scheme);
 */
export class FlashEvmScheme implements SchemeNetworkClient {
  /** Id of the scheme, for the SDK. */
  readonly scheme = FLASH_SCHEME;
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeClientHooks;
  /** Finds an asset the SDK's dollar limits hold for. */
  readonly findDefaultAsset: (asset: string, network: Network) => DefaultAsset | undefined;
  readonly payer: Payer;

  /** @throws {FlashConfigurationError} no contract is trusted, or no key signs payments. */
  constructor(options: FlashEvmSchemeOptions) {
    this.payer = createPayer(options);
    this.findDefaultAsset = createAssetFinder(options.assets);
    this.schemeHooks = { onPaymentResponse: (context) => this.#learn(context) };
  }

  /** The payer's address, lower case. */
  get address(): Address {
    return this.payer.address;
  }

  /**
   * Signs a payment for an offer of a 402.
   *
   * @throws {UnreadableOfferError} a field of the offer is not what the scheme says.
   * @throws {UntrustedSettlementError} {@link PriceLimitError} {@link EscrowNeededError} {@link LockLimitError} {@link UnservedLimitError}
   * the payer's limits; see {@link Payer.pay}.
   */
  async createPaymentPayload(
    x402Version: number,
    requirements: PaymentRequirements,
    context?: PaymentPayloadContext,
  ): Promise<PaymentPayloadResult> {
    const cap = context?.maxAmountPerPayment;
    const { payload } = await this.payer.pay(toTerms(requirements), cap === undefined ? undefined : BigInt(cap));
    return { x402Version, payload: { ...toWirePayload(payload) } };
  }

  async #learn({ paymentPayload, requirements, settleResponse, paymentRequired }: PaymentResponseContext) {
    const payment = keyOfPayload(paymentPayload.payload, requirements.amount);
    if (settleResponse?.success === true) {
      const settlement = parseSettlement(settleResponse.extra);
      await this.payer.accepted(payment, settlement.isValid ? settlement.value : undefined);
    } else if (settleResponse === undefined && paymentRequired !== undefined) {
      const offer = parseOffer(extraOfSameOffer(paymentRequired, requirements));
      const code = typeof paymentRequired.error === "string" ? paymentRequired.error : "";
      if (await this.payer.refused(payment, code, offer.isValid ? offer.value : undefined))
        return { recovered: true as const };
    } else {
      // A settlement that failed came after the payment was taken: what was signed stays with the server.
      await this.payer.unanswered(payment);
    }
    return undefined;
  }
}

/**
 * Names the payment of a payload, for {@link Payer}.
 *
 * @param payload - `payload` of a payment: its signature, or its transaction, names it.
 * @param price - `amount` of the requirements that it pays, token base units in decimal.
 * @returns The key under which the payer keeps the payment until it is told what became of it.
 *
 * @example
 * await payer.unanswered(keyOfPayload(paymentPayload.payload, requirements.amount));
 */
export function keyOfPayload(payload: Record<string, unknown>, price: string): PaymentKey {
  return paymentKey(payload["transaction"] ?? payload["signature"], price);
}

/**
 * Reads the terms of an offer.
 *
 * - Source: docs/x402/flash.md, Offer
 *
 * @param requirements - One of `accepts` of a 402.
 * @returns {@link PaymentTerms}; amounts in token base units.
 * @throws {UnreadableOfferError} a field is not what the scheme says.
 *
 * @example
 * const terms = toTerms(paymentRequired.accepts[0]);
 */
export function toTerms(requirements: PaymentRequirements): PaymentTerms {
  const { payTo, asset, ...terms } = readCommonTerms(requirements);
  const offer = parseOffer(requirements.extra);
  if (!offer.isValid) throw new UnreadableOfferError(offer.message);
  return { ...terms, server: payTo, token: asset, offer: offer.value };
}
