import type {
  PaymentRequirements,
  SchemeNetworkServer,
  SchemePaymentRequiredContext,
  SchemeServerHooks,
  SupportedKind,
} from "@x402/core/types";
import { chainIdOfNetwork } from "../core/network.ts";
import { addToNextOffer } from "../core/nextOffer.ts";
import type { PricedAsset } from "../core/price.ts";
import { AUTHORIZATION_FLOWS, PricedServer } from "../core/pricedServer.ts";
import { createServerHooks } from "../core/serverHooks.ts";
import { messageOf, type FlashCode } from "./codes.ts";
import { DYNAMIC_KEYS, FLASH_SCHEME } from "./constants.ts";
import type { ServerDesk } from "./desk.ts";
import { UnknownServerError } from "./errors.ts";
import { dynamicExtra, isRefusedAt, staticExtra } from "./offers.ts";
import { createPayments, type Admission, type Payments } from "./payments.ts";
import type { Refusal } from "./refusals.ts";
import type { Settlement } from "./types.ts";
import { toWireSettlement } from "./wire.ts";

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
export class FlashEvmServer extends PricedServer implements SchemeNetworkServer {
  /** Id of the scheme, for the SDK. */
  readonly scheme = FLASH_SCHEME;
  readonly defaultAssetTransferMethod = "default";
  readonly paymentFlows = AUTHORIZATION_FLOWS;
  /** Fields of the offer's `extra` that differ from one 402 to the next, so a payment need not echo them. */
  readonly dynamicExtraFields = [...DYNAMIC_KEYS];
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeServerHooks;
  readonly payments: Payments;
  readonly #refused = new WeakMap<object, Refused>();

  constructor({ desks, assets, onError = () => undefined }: FlashEvmServerOptions) {
    super(assets);
    this.payments = createPayments({ desks, onError });
    this.schemeHooks = createServerHooks<Admission, Refusal, Settlement, FlashCode>({
      payments: this.payments,
      toResult: (settlement) => ({
        // What was settled first is named by its transaction; everything else is settled later.
        transaction: settlement.status === "settled" ? settlement.paymentId : "",
        extra: toWireSettlement(settlement),
      }),
      onRefused: (payload, refusal, requirements) => {
        this.#refused.set(payload, { refusal, requirements });
      },
      lostCode: "flash_reservation_lost",
      messageOf,
      onError,
    });
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
}
