import type {
  AssetAmount,
  Network,
  PaymentRequirements,
  Price,
  SchemeNetworkServer,
  SchemePaymentRequiredContext,
  SchemeServerHooks,
  SupportedKind,
} from "@x402/core/types";
import { chainIdOfNetwork } from "../core/network.ts";
import { addToNextOffer } from "../core/nextOffer.ts";
import { createPriceBook, type PriceBook, type PricedAsset } from "../core/price.ts";
import { messageOf, type FlashCode } from "./codes.ts";
import { DYNAMIC_KEYS, FLASH_SCHEME } from "./constants.ts";
import type { ServerDesk } from "./desk.ts";
import { UnknownServerError } from "./errors.ts";
import { dynamicExtra, isRefusedAt, staticExtra } from "./offers.ts";
import { createPayments, type Admission, type Payments } from "./payments.ts";
import type { Refusal } from "./refusals.ts";
import { toWireSettlement } from "./wire.ts";

type VerifyContext = Parameters<NonNullable<SchemeServerHooks["onBeforeVerify"]>>[0];
type SettleContext = Parameters<NonNullable<SchemeServerHooks["onBeforeSettle"]>>[0];
type VerifyDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeVerify"]>>>;
type SettleDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeSettle"]>>>;

/** Settings of {@link FlashEvmServer}. */
export interface FlashEvmServerOptions {
  /** One for each server address and chain. */
  readonly desks: readonly ServerDesk[];
  /** Tokens that a price may name besides USDC and the other defaults of `@x402/evm`. */
  readonly assets?: readonly PricedAsset[];
  /** Told about errors that became refusals: a store or a chain that failed. */
  readonly onError?: (error: unknown) => void;
}

/** A payment that was refused, and the requirements that it was for. */
interface Refused {
  readonly refusal: Refusal;
  readonly requirements: PaymentRequirements;
}

/**
 * Scheme `flash` for `x402ResourceServer`: accepts payments against escrows itself, without a facilitator and without a request to the
 * chain; a settler brings them home later.
 *
 * Register it beside a facilitator client that names the network; {@link createLocalFacilitatorClient} makes one for servers that have no
 * facilitator. The price of a route is fixed: a payment is taken whole.
 *
 * @example
 * const server = new x402ResourceServer(createLocalFacilitatorClient(["eip155:8453"]))
 *   .register("eip155:8453", new FlashEvmServer({ desks: [desk] }));
 * app.use(paymentMiddleware({ "GET /weather": { accepts: { scheme: "flash", network, payTo, price: "$0.001" } } }, server));
 */
export class FlashEvmServer implements SchemeNetworkServer {
  readonly scheme = FLASH_SCHEME;
  readonly defaultAssetTransferMethod = "default";
  readonly paymentFlows = { default: { supported: ["authorization"], default: "authorization" } } as const;
  readonly dynamicExtraFields = [...DYNAMIC_KEYS];
  readonly schemeHooks: SchemeServerHooks;
  readonly payments: Payments;
  readonly #prices: PriceBook;
  readonly #onError: (error: unknown) => void;
  /** The SDK hands the same payload object to every hook of a request. */
  readonly #admissions = new WeakMap<object, Admission>();
  readonly #refused = new WeakMap<object, Refused>();

  constructor({ desks, assets, onError = () => undefined }: FlashEvmServerOptions) {
    this.payments = createPayments({ desks, onError });
    this.#prices = createPriceBook(assets);
    this.#onError = onError;
    // The SDK goes on when a hook throws, so none may.
    this.schemeHooks = {
      onBeforeVerify: (context) =>
        this.#verify(context).catch((error: unknown) => this.#abort("unexpected_verify_error", error)),
      onBeforeSettle: (context) =>
        this.#settle(context).catch((error: unknown) =>
          this.#settlementFailed(context, "unexpected_settle_error", error),
        ),
      onVerifiedPaymentCanceled: async ({ paymentPayload }) => {
        const admission = this.#take(paymentPayload);
        if (admission !== undefined) await this.payments.release(admission);
      },
    };
  }

  async parsePrice(price: Price, network: Network): Promise<AssetAmount> {
    return this.#prices.parsePrice(price, network);
  }

  getAssetDecimals(asset: string, network: Network): number | undefined {
    return this.#prices.findAsset(asset, network)?.decimals;
  }

  /**
   * Adds the terms that are the same for every request.
   *
   * @throws {UnknownServerError} no desk serves `payTo` in this token.
   */
  async enhancePaymentRequirements(
    requirements: PaymentRequirements,
    _kind: SupportedKind,
  ): Promise<PaymentRequirements> {
    const { network, payTo, asset } = requirements;
    const desk = this.payments.deskFor(chainIdOfNetwork(network), payTo, asset);
    if (desk === undefined) throw new UnknownServerError(payTo, asset, network);
    return { ...requirements, extra: staticExtra(desk, requirements) };
  }

  /** Adds to one offer of a 402 what corrects a refused payment, else where a client without a memory begins. */
  readonly enrichPaymentRequiredResponse = (context: SchemePaymentRequiredContext) =>
    addToNextOffer(context, {
      scheme: FLASH_SCHEME,
      marker: "nonceBase",
      extraFor: async (offer) => this.#stateFor(offer, context.paymentPayload),
    });

  #stateFor(offer: PaymentRequirements, payload: object | undefined): Record<string, unknown> {
    const desk = this.payments.deskFor(chainIdOfNetwork(offer.network), offer.payTo, offer.asset);
    const refused = payload === undefined ? undefined : this.#refused.get(payload);
    const isAbout = refused !== undefined && isRefusedAt(refused.requirements, offer);
    return dynamicExtra(desk ?? {}, isAbout ? refused.refusal : undefined);
  }

  async #verify({ paymentPayload, requirements }: VerifyContext): Promise<VerifyDecision> {
    // A version 1 payload is matched by scheme and network alone: its terms are not those of the route.
    if (paymentPayload.x402Version !== 2) return this.#abort("invalid_x402_version");
    const result = await this.payments.admit({
      payload: paymentPayload.payload,
      chainId: chainIdOfNetwork(requirements.network),
      payTo: requirements.payTo,
      asset: requirements.asset,
      price: requirements.amount,
    });
    if (result.isAdmitted) {
      this.#admissions.set(paymentPayload, result);
      return { skip: true, result: { isValid: true, payer: result.payer } };
    }
    this.#refused.set(paymentPayload, { refusal: result, requirements });
    return { abort: true, reason: result.code, message: result.message };
  }

  async #settle(context: SettleContext): Promise<SettleDecision> {
    const { paymentPayload, requirements } = context;
    const admission = this.#take(paymentPayload);
    if (admission === undefined) return this.#settlementFailed(context, "flash_reservation_lost");
    const charge = await this.payments.charge(admission, requirements.amount);
    if (!charge.isCharged) return this.#settlementFailed(context, charge.code);
    return {
      skip: true,
      result: {
        success: true,
        payer: admission.payer,
        // What was settled first is named by its transaction; everything else is settled later.
        transaction: charge.settlement.status === "settled" ? charge.settlement.paymentId : "",
        network: requirements.network,
        amount: charge.amount.toString(),
        extra: toWireSettlement(charge.settlement),
      },
    };
  }

  /** An admission is charged or released once. */
  #take(payload: object): Admission | undefined {
    const admission = this.#admissions.get(payload);
    this.#admissions.delete(payload);
    return admission;
  }

  #abort(code: FlashCode, error?: unknown): VerifyDecision {
    if (error !== undefined) this.#onError(error);
    return { abort: true, reason: code, message: messageOf(code) };
  }

  /** Answers for the facilitator, which is never asked: an abort would lose what the client must know. */
  #settlementFailed({ requirements }: SettleContext, code: FlashCode, error?: unknown): SettleDecision {
    if (error !== undefined) this.#onError(error);
    const failure = { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "" };
    return { skip: true, result: { ...failure, network: requirements.network } };
  }
}
