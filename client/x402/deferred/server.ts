import type { Address } from "viem";
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
import { messageOf, type DeferredCode } from "./codes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { UnknownSellerError } from "./errors.ts";
import { chainIdOfNetwork } from "../core/network.ts";
import { addToNextOffer, type HeaderOf } from "../core/nextOffer.ts";
import {
  anonymousOffer,
  correctiveOffer,
  createOffers,
  DYNAMIC_KEYS,
  readBuyerHeader,
  staticOffer,
  type Offers,
} from "./offers.ts";
import { createPayments, type Admission, type Payments } from "./payments.ts";
import type { Corrective } from "./refusals.ts";
import type { SellerDesk } from "./sellerDesk.ts";
import { createPriceBook, type PriceBook, type PricedAsset } from "../core/price.ts";
import { toWireSettlement } from "./wireOffer.ts";

type VerifyContext = Parameters<NonNullable<SchemeServerHooks["onBeforeVerify"]>>[0];
type SettleContext = Parameters<NonNullable<SchemeServerHooks["onBeforeSettle"]>>[0];
type VerifyDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeVerify"]>>>;
type SettleDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeSettle"]>>>;

/** Settings of {@link DeferredEvmServer}. */
export interface DeferredEvmServerOptions {
  /** One for each seller address and chain. */
  readonly desks: readonly SellerDesk[];
  /** Assets that a price may name besides USDC and the other defaults of `@x402/evm`. */
  readonly assets?: readonly PricedAsset[];
  /**
   * The scheme's own way: whoever names a buyer in the buyer header is shown its latest voucher. Off by default: anybody could watch any
   * buyer.
   */
  readonly isOpen?: boolean;
  /** Told about errors that became refusals: a store or a chain that failed. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Scheme `deferred` for `x402ResourceServer`: checks and charges vouchers itself, without a facilitator and without a request to the chain.
 *
 * Register it beside a facilitator client that names the network; {@link createLocalFacilitatorClient} makes one for sellers that have no
 * facilitator.
 *
 * @example
 * const server = new x402ResourceServer(createLocalFacilitatorClient(["eip155:8453"]))
 *   .register("eip155:8453", new DeferredEvmServer({ desks: [{ acceptor, chainView, relayer }] }));
 * app.use(paymentMiddleware({ "GET /weather": { accepts: { scheme: "deferred", network, payTo, price: "$0.001" } } }, server));
 */
export class DeferredEvmServer implements SchemeNetworkServer {
  readonly scheme = DEFERRED_SCHEME;
  readonly defaultAssetTransferMethod = "default";
  readonly paymentFlows = { default: { supported: ["authorization"], default: "authorization" } } as const;
  readonly dynamicExtraFields = [...DYNAMIC_KEYS];
  readonly schemeHooks: SchemeServerHooks;
  readonly payments: Payments;
  readonly #offers: Offers;
  readonly #prices: PriceBook;
  readonly #onError: (error: unknown) => void;
  /** The SDK hands the same payload object to every hook of a request. */
  readonly #admissions = new WeakMap<object, Admission>();
  readonly #correctives = new WeakMap<object, Corrective>();

  constructor({ desks, assets, isOpen = false, onError = () => undefined }: DeferredEvmServerOptions) {
    this.payments = createPayments({ desks, onError });
    this.#offers = createOffers({ isOpen, onError });
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
   * Adds the terms that are the same for every request of a price.
   *
   * @throws {UnknownSellerError} no desk serves `payTo` in this asset.
   */
  async enhancePaymentRequirements(
    requirements: PaymentRequirements,
    _kind: SupportedKind,
  ): Promise<PaymentRequirements> {
    const { network, payTo, asset, amount, extra } = requirements;
    const desk = this.payments.deskFor(chainIdOfNetwork(network), payTo, asset);
    if (desk === undefined) throw new UnknownSellerError(payTo, asset, network);
    return { ...requirements, extra: { ...extra, ...staticOffer(desk, asset as Address, BigInt(amount)) } };
  }

  /** Names a lane in one offer of a 402: what corrects a refused payment, else what suits the buyer that the request names. */
  readonly enrichPaymentRequiredResponse = (context: SchemePaymentRequiredContext) =>
    addToNextOffer(context, {
      scheme: DEFERRED_SCHEME,
      marker: "voucher",
      extraFor: (offer, headerOf) => this.#laneFor(offer, context.paymentPayload, headerOf),
    });

  async #laneFor(offer: PaymentRequirements, payload: object | undefined, headerOf: HeaderOf) {
    const { network, payTo, asset, amount } = offer;
    const desk = this.payments.deskFor(chainIdOfNetwork(network), payTo, asset);
    if (desk === undefined) return {};
    const corrective = payload === undefined ? undefined : this.#correctives.get(payload);
    if (corrective !== undefined) {
      const { lane } = corrective.offer;
      const isForOffer = lane.seller === payTo.toLowerCase() && lane.asset === asset.toLowerCase();
      return isForOffer ? correctiveOffer(corrective, desk) : anonymousOffer(desk.acceptor.escrow.escrow);
    }
    return this.#offers.offer({
      desk,
      asset: asset.toLowerCase() as Address,
      price: BigInt(amount),
      buyer: readBuyerHeader(headerOf),
    });
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
      timeout: requirements.maxTimeoutSeconds,
    });
    if (result.isAdmitted) {
      this.#admissions.set(paymentPayload, result);
      return { skip: true, result: { isValid: true, payer: result.payer } };
    }
    if (result.corrective !== undefined) this.#correctives.set(paymentPayload, result.corrective);
    return { abort: true, reason: result.code, message: result.message };
  }

  async #settle(context: SettleContext): Promise<SettleDecision> {
    const { paymentPayload, requirements } = context;
    const admission = this.#take(paymentPayload);
    if (admission === undefined)
      return this.#settlementFailed(context, "invalid_deferred_evm_payload_reservation_lost");
    const charge = await this.payments.charge(admission, requirements.amount);
    if (!charge.isCharged) return this.#settlementFailed(context, charge.code);
    return {
      skip: true,
      result: {
        success: true,
        payer: admission.payer,
        transaction: "",
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

  #abort(code: DeferredCode, error?: unknown): VerifyDecision {
    if (error !== undefined) this.#onError(error);
    return { abort: true, reason: code, message: messageOf(code) };
  }

  /** Answers for the facilitator, which is never asked: an abort would lose what the buyer must know. */
  #settlementFailed({ requirements }: SettleContext, code: DeferredCode, error?: unknown): SettleDecision {
    if (error !== undefined) this.#onError(error);
    const failure = { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "" };
    return { skip: true, result: { ...failure, network: requirements.network } };
  }
}
