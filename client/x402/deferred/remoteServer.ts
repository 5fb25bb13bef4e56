import type { FacilitatorClient } from "@x402/core/server";
import type {
  PaymentRequirements,
  SchemeNetworkServer,
  SchemePaymentRequiredContext,
  SchemeServerHooks,
  SupportedKind,
  VerifyResponse,
} from "@x402/core/types";
import type { Address } from "viem";
import { messageOf, toCode, type DeferredCode } from "./codes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { depositTermsFor, type DepositTermsPolicy } from "./depositTerms.ts";
import { DeferredConfigurationError } from "./errors.ts";
import { MAX_UINT64 } from "../core/fields.ts";
import { addToNextOffer } from "../core/nextOffer.ts";
import { parse } from "./fields.ts";
import { anonymousOffer, DYNAMIC_KEYS, toWireTerms } from "./offers.ts";
import type { PricedAsset } from "../core/price.ts";
import { AUTHORIZATION_FLOWS, PricedServer } from "../core/pricedServer.ts";
import { DEPOSIT_METHODS } from "./wire.ts";

type AfterVerify = NonNullable<SchemeServerHooks["onAfterVerify"]>;
type BeforeSettle = NonNullable<SchemeServerHooks["onBeforeSettle"]>;

/** Settings of {@link RemoteDeferredEvmServer}. */
export interface RemoteDeferredEvmServerOptions {
  /** The facilitator, to have deposits mined before a request is served. */
  readonly facilitator: Pick<FacilitatorClient, "settle">;
  /** Which deposits to ask for; never less than the facilitator demands. */
  readonly deposits?: DepositTermsPolicy;
  /** Assets that a price may name besides USDC and the other defaults of `@x402/evm`. */
  readonly assets?: readonly PricedAsset[];
  /** Told about errors that became refusals. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Scheme `deferred` for sellers that leave everything to a facilitator with {@link DeferredEvmFacilitator}: it keeps the vouchers and
 * collects them. Costs two requests to the facilitator for each payment; {@link DeferredEvmServer} costs none.
 *
 * @example
 * const facilitator = new HTTPFacilitatorClient({ url });
 * const server = new x402ResourceServer(facilitator).register(network, new RemoteDeferredEvmServer({ facilitator }));
 */
export class RemoteDeferredEvmServer extends PricedServer implements SchemeNetworkServer {
  /** Id of the scheme, for the SDK. */
  readonly scheme = DEFERRED_SCHEME;
  readonly defaultAssetTransferMethod = "default";
  readonly paymentFlows = AUTHORIZATION_FLOWS;
  /** Fields of the offer's `extra` that differ from one 402 to the next, so a payment need not echo them. */
  readonly dynamicExtraFields = [...DYNAMIC_KEYS];
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeServerHooks;
  readonly #options: RemoteDeferredEvmServerOptions;
  readonly #correctives = new WeakMap<object, Record<string, unknown>>();

  constructor(options: RemoteDeferredEvmServerOptions) {
    super(options.assets);
    this.#options = options;
    // The SDK goes on when a hook throws, so none may.
    this.schemeHooks = {
      onBeforeVerify: async ({ paymentPayload }) =>
        paymentPayload.x402Version === 2 ? undefined : abort("invalid_x402_version"),
      onAfterVerify: (context) => this.#afterVerify(context).catch((error: unknown) => this.#fail(error)),
      onBeforeSettle: async (context) => beforeSettle(context),
    };
  }

  /**
   * Adds the facilitator's terms.
   *
   * @throws {DeferredConfigurationError} the facilitator does not name its escrow.
   */
  async enhancePaymentRequirements(
    requirements: PaymentRequirements,
    kind: SupportedKind,
  ): Promise<PaymentRequirements> {
    const terms = parse(kind.extra, "invalid_deferred_evm_requirements", (fields) => ({
      escrow: fields.address("escrow"),
      thawingPeriod: fields.integer("thawingPeriod", MAX_UINT64),
      minVoucherLifetime: fields.integer("minVoucherLifetime", MAX_UINT64),
      relayed: {
        methods: fields.has("depositMethods") ? fields.listOf("depositMethods", DEPOSIT_METHODS) : [],
        minimumDeposits: fields.has("minimumDeposits") ? fields.amountsByAddress("minimumDeposits") : {},
      },
    }));
    if (!terms.isValid) {
      throw new DeferredConfigurationError(
        `The facilitator does not say what the scheme needs: ${terms.message}`,
        "Use a facilitator with DeferredEvmFacilitator.",
      );
    }
    const { escrow, relayed, ...periods } = terms.value;
    const asset = requirements.asset as Address;
    const price = BigInt(requirements.amount);
    const deposit = depositTermsFor({ policy: this.#options.deposits, relayed, price, asset });
    return { ...requirements, extra: { ...requirements.extra, escrow, ...toWireTerms(periods, deposit) } };
  }

  /** Names a lane in one offer of a 402: the facilitator's correction, else the default lane. */
  readonly enrichPaymentRequiredResponse = (context: SchemePaymentRequiredContext) =>
    addToNextOffer(context, {
      scheme: DEFERRED_SCHEME,
      marker: "voucher",
      extraFor: async ({ extra }) => {
        const { paymentPayload } = context;
        const corrective = paymentPayload === undefined ? undefined : this.#correctives.get(paymentPayload);
        return corrective ?? anonymousOffer(extra["escrow"] as Address);
      },
    });

  async #afterVerify({ paymentPayload, requirements, result }: Parameters<AfterVerify>[0]): ReturnType<AfterVerify> {
    if (!result.isValid) {
      const corrective = toCorrective(result);
      if (corrective !== undefined) this.#correctives.set(paymentPayload, corrective);
      return undefined;
    }
    // What a facilitator does not say is relayed.
    if (result.extra?.["needsRelay"] === false) return undefined;
    const { voucher, depositAuthorization, signerAuthorization } = paymentPayload.payload as Record<string, unknown>;
    if (depositAuthorization === undefined && signerAuthorization === undefined) return undefined;
    const { buyer } = voucher as { buyer: unknown };
    const relay = { buyer, depositAuthorization, signerAuthorization };
    const terms = { ...requirements, amount: "0" };
    const answer = await this.#options.facilitator.settle(
      { x402Version: 2, accepted: terms, payload: { relay } },
      terms,
    );
    if (answer.success) return undefined;
    return abort(toCode(answer.errorReason, "invalid_deferred_evm_payload_deposit_authorization_failed"));
  }

  #fail(error: unknown) {
    this.#options.onError?.(error);
    return abort("unexpected_verify_error");
  }
}

/** The SDK does not hold the charge to what was authorized. */
function beforeSettle({
  paymentPayload,
  requirements,
}: Parameters<BeforeSettle>[0]): Awaited<ReturnType<BeforeSettle>> {
  const { amount, network } = requirements;
  if (/^[0-9]+$/.test(amount) && BigInt(amount) <= BigInt(paymentPayload.accepted.amount)) return undefined;
  const code: DeferredCode = "invalid_deferred_evm_payload_charge_above_authorized";
  const failure = { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "", network };
  return { skip: true, result: failure };
}

function abort(reason: DeferredCode) {
  return { abort: true as const, reason, message: messageOf(reason) };
}

/** The facilitator's corrective offer: its lane and no more, for the terms are the seller's own. */
function toCorrective({ extra }: VerifyResponse): Record<string, unknown> | undefined {
  const offer = extra?.["offer"];
  if (typeof offer !== "object" || offer === null || !("voucher" in offer)) return undefined;
  const keys: readonly string[] = DYNAMIC_KEYS;
  return Object.fromEntries(Object.entries(offer).filter(([key]) => keys.includes(key)));
}
