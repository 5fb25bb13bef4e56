import type { Address } from "viem";
import type {
  PaymentRequirements,
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
import type { Corrective, Refusal } from "./refusals.ts";
import type { SellerDesk } from "./sellerDesk.ts";
import type { PricedAsset } from "../core/price.ts";
import { AUTHORIZATION_FLOWS, PricedServer } from "../core/pricedServer.ts";
import { createServerHooks } from "../core/serverHooks.ts";
import type { Settlement } from "./types.ts";
import { toWireSettlement } from "./wireOffer.ts";

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
export class DeferredEvmServer extends PricedServer implements SchemeNetworkServer {
  /** Id of the scheme, for the SDK. */
  readonly scheme = DEFERRED_SCHEME;
  readonly defaultAssetTransferMethod = "default";
  readonly paymentFlows = AUTHORIZATION_FLOWS;
  /** Fields of the offer's `extra` that differ from one 402 to the next, so a payment need not echo them. */
  readonly dynamicExtraFields = [...DYNAMIC_KEYS];
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeServerHooks;
  readonly payments: Payments;
  readonly #offers: Offers;
  readonly #correctives = new WeakMap<object, Corrective>();

  constructor({ desks, assets, isOpen = false, onError = () => undefined }: DeferredEvmServerOptions) {
    super(assets);
    this.payments = createPayments({ desks, onError });
    this.#offers = createOffers({ isOpen, onError });
    this.schemeHooks = createServerHooks<Admission, Refusal, Settlement, DeferredCode>({
      payments: this.payments,
      toResult: (settlement) => ({ transaction: "", extra: toWireSettlement(settlement) }),
      onRefused: (payload, { corrective }) => {
        if (corrective !== undefined) this.#correctives.set(payload, corrective);
      },
      lostCode: "invalid_deferred_evm_payload_reservation_lost",
      messageOf,
      onError,
    });
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
}
