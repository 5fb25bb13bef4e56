import type {
  PaymentRequirements,
  SchemeNetworkServer,
  SchemePaymentRequiredContext,
  SchemeServerHooks,
  SupportedKind,
  VerifyResponse,
} from "@x402/core/types";
import type { Address } from "viem";
import { largest } from "../../core/amounts.ts";
import { isAmount } from "../core/amounts.ts";
import { amountOf } from "../core/assets.ts";
import { addToNextOffer } from "../core/nextOffer.ts";
import type { PricedAsset } from "../core/price.ts";
import { AUTHORIZATION_FLOWS, PricedServer } from "../core/pricedServer.ts";
import { messageOf, type FlashCode } from "./codes.ts";
import { DYNAMIC_KEYS, FLASH_SCHEME } from "./constants.ts";
import { FlashConfigurationError } from "./errors.ts";
import { parse } from "./fields.ts";
import { dynamicExtra, withTokenDomain } from "./offers.ts";
import type { Offer, PayloadType } from "./types.ts";
import { parseOffer } from "./wire.ts";

type AfterVerify = NonNullable<SchemeServerHooks["onAfterVerify"]>;
type BeforeSettle = NonNullable<SchemeServerHooks["onBeforeSettle"]>;

/** Settings of {@link RemoteFlashEvmServer}. */
export interface RemoteFlashEvmServerOptions {
  /** Tokens that a price may name besides USDC and the other defaults of `@x402/evm`. */
  readonly assets?: readonly PricedAsset[];
}

/**
 * Scheme `flash` for servers that leave everything to a facilitator with {@link FlashEvmFacilitator}: it owns the exposure and settles. Costs
 * two requests to the facilitator for each payment; {@link FlashEvmServer} costs none.
 *
 * @example
 * const server = new x402ResourceServer(new HTTPFacilitatorClient({ url })).register(network, new RemoteFlashEvmServer());
 */
export class RemoteFlashEvmServer extends PricedServer implements SchemeNetworkServer {
  /** Id of the scheme, for the SDK. */
  readonly scheme = FLASH_SCHEME;
  readonly defaultAssetTransferMethod = "default";
  readonly paymentFlows = AUTHORIZATION_FLOWS;
  /** Fields of the offer's `extra` that differ from one 402 to the next, so a payment need not echo them. */
  readonly dynamicExtraFields = [...DYNAMIC_KEYS];
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeServerHooks;
  readonly #correctives = new WeakMap<object, Record<string, unknown>>();

  constructor({ assets }: RemoteFlashEvmServerOptions = {}) {
    super(assets);
    // The SDK goes on when a hook throws, so none may.
    this.schemeHooks = {
      onBeforeVerify: async ({ paymentPayload }) =>
        paymentPayload.x402Version === 2 ? undefined : abort("invalid_x402_version"),
      onAfterVerify: async (context) => this.#remember(context),
      onBeforeSettle: async (context) => refuseOtherCharge(context),
    };
  }

  /**
   * Adds the facilitator's terms.
   *
   * @throws {FlashConfigurationError} the facilitator does not name its FlashSettlement.
   */
  async enhancePaymentRequirements(
    requirements: PaymentRequirements,
    kind: SupportedKind,
  ): Promise<PaymentRequirements> {
    const terms = parseOffer(kind.extra);
    if (!terms.isValid) {
      throw new FlashConfigurationError(
        `The facilitator does not say what the scheme needs: ${terms.message}`,
        "Use a facilitator with FlashEvmFacilitator.",
      );
    }
    const { minimumOpenings, minTransaction, ...terms402 } = kind.extra ?? {};
    const shown = isBelow(requirements.amount, minTransaction) ? withoutType(terms402, "transaction") : terms402;
    const relayed = parse({ minimumOpenings }, "flash_requirements_mismatch", (fields) =>
      fields.amountsByAddress("minimumOpenings"),
    );
    const least = relayed.isValid ? amountOf(relayed.value, requirements.asset as Address) : undefined;
    const named = { ...withTokenDomain(requirements.extra), ...shown };
    return {
      ...requirements,
      extra: least === undefined ? withoutOpenings(named) : withLeast(named, terms.value, least),
    };
  }

  /** Adds to one offer of a 402 what the facilitator corrected, else where a client without a memory begins. */
  readonly enrichPaymentRequiredResponse = (context: SchemePaymentRequiredContext) =>
    addToNextOffer(context, {
      scheme: FLASH_SCHEME,
      marker: "nonceBase",
      extraFor: async () => {
        const { paymentPayload } = context;
        const corrective = paymentPayload === undefined ? undefined : this.#correctives.get(paymentPayload);
        return { ...dynamicExtra({}), ...corrective };
      },
    });

  #remember({ paymentPayload, result }: Parameters<AfterVerify>[0]): undefined {
    const corrective = result.isValid ? undefined : toCorrective(result);
    if (corrective !== undefined) this.#correctives.set(paymentPayload, corrective);
  }
}

function withLeast(extra: object, { minEscrow }: Offer, least: bigint): Record<string, unknown> {
  return { ...extra, minEscrow: largest(minEscrow, least).toString() };
}

/** For a token in which the facilitator relays no openings. */
function withoutOpenings({ openMethods: _methods, facilitatorOpen: _url, ...rest }: Record<string, unknown>) {
  return withoutType(rest, "open");
}

function withoutType({ payloadTypes, ...rest }: Record<string, unknown>, left: PayloadType): Record<string, unknown> {
  const types: readonly unknown[] = Array.isArray(payloadTypes) ? payloadTypes : [];
  return { ...rest, payloadTypes: types.filter((type) => type !== left) };
}

/** Whether a price is below the least signed transaction that the facilitator takes. */
function isBelow(price: string, minTransaction: unknown): boolean {
  return isAmount(minTransaction) && isAmount(price) && BigInt(price) < BigInt(minTransaction);
}

/** The SDK does not hold the charge to the price. */
function refuseOtherCharge({
  paymentPayload,
  requirements,
}: Parameters<BeforeSettle>[0]): Awaited<ReturnType<BeforeSettle>> {
  const { amount, network } = requirements;
  if (amount === paymentPayload.accepted.amount) return undefined;
  const code: FlashCode = "flash_price_fixed";
  const failure = { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "", network };
  return { skip: true, result: failure };
}

function abort(reason: FlashCode) {
  return { abort: true as const, reason, message: messageOf(reason) };
}

/** What changes from one 402 to the next and no more, for the terms are the server's own. */
function toCorrective({ extra }: VerifyResponse): Record<string, unknown> | undefined {
  const offer = extra?.["offer"];
  if (typeof offer !== "object" || offer === null) return undefined;
  const keys: readonly string[] = DYNAMIC_KEYS;
  return Object.fromEntries(Object.entries(offer).filter(([key]) => keys.includes(key)));
}
