import type { FacilitatorClient } from "@x402/core/server";
import type {
  Network,
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkServer,
  SchemePaymentRequiredContext,
  SchemeServerHooks,
  SettleContext,
  SettleResponse,
  SupportedKind,
  VerifiedPaymentCanceledContext,
} from "@x402/core/types";
import { getEscrowDeployment } from "../../auth-capture/addresses.ts";
import { systemClock } from "../../seller/core/clock.ts";
import { chainIdOfNetwork } from "../core/network.ts";
import { addToNextOffer } from "../core/nextOffer.ts";
import type { PricedAsset } from "../core/price.ts";
import { PricedServer } from "../core/pricedServer.ts";
import { isSame } from "../core/requirements.ts";
import { messageOf } from "./codes.ts";
import { AUTH_CAPTURE_SCHEME, TRANSFER_METHODS } from "./constants.ts";
import { AuthCaptureConfigurationError } from "./errors.ts";
import { openDesk, type AuthCaptureDesk, type OpenDesk } from "./serverDesk.ts";
import { toStaticOffer, toTimedExtra } from "./serverOffers.ts";
import { createServerPayments, toRefusal, type Admission, type ServerPayments } from "./serverPayments.ts";

/** Settings of {@link AuthCaptureEvmServer}. */
export interface AuthCaptureEvmServerOptions {
  /**
   * Collects payments: the client that `x402ResourceServer` has as well. It is not trusted: the chain is looked at before a request is
   * served.
   */
  readonly facilitator: FacilitatorClient;
  /**
   * One for each receiver, chain, escrow and kind of terms. A route with several names one by `authCaptureEscrow` or `captureAuthorizer` in
   * its `extra`; otherwise the first that fits is taken.
   */
  readonly desks: readonly AuthCaptureDesk[];
  /** Tokens that a price may name besides USDC and the other defaults of `@x402/evm`. */
  readonly assets?: readonly PricedAsset[];
  /** Told about errors that became refusals, and about captures and voids that are tried again. */
  readonly onError?: (error: unknown) => void;
  /** Time, unix seconds; this machine's by default. */
  readonly clock?: () => bigint;
}

const FLOWS = { supported: ["escrow", "authorization"], default: "escrow" } as const;

type VerifyDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeVerify"]>>>;
type SettleDecision = Awaited<ReturnType<NonNullable<SchemeServerHooks["onBeforeSettle"]>>>;

/**
 * Scheme `auth-capture` for `x402ResourceServer`: offers operators with terms, holds a payment, serves its request, then captures what it
 * costs and voids the rest, or keeps the hold for later. A request that fails gives its payment back. With terms of a charge it serves
 * first and charges then.
 *
 * Run a sweeper beside it (`createPaymentSweeper`): it ends what a crash or a handler without an end leaves behind.
 *
 * @example
 * const facilitator = createLocalFacilitatorClient({ chains: [base] });
 * const scheme = new AuthCaptureEvmServer({ facilitator, desks: [desk] });
 * const server = new x402ResourceServer(facilitator).register("eip155:8453", scheme);
 * app.use(paymentMiddleware({ "GET /report": { accepts: { scheme: "auth-capture", network, payTo, price: "$0.5" } } }, server));
 */
export class AuthCaptureEvmServer extends PricedServer implements SchemeNetworkServer {
  /** Id of the scheme, for the SDK. */
  readonly scheme = AUTH_CAPTURE_SCHEME;
  readonly defaultAssetTransferMethod = TRANSFER_METHODS[0];
  readonly paymentFlows = { eip3009: FLOWS, permit2: FLOWS };
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeServerHooks;
  readonly #desks: readonly OpenDesk[];
  readonly #clock: () => bigint;
  readonly #onError: (error: unknown) => void;
  readonly #payments: ServerPayments;
  /** The SDK hands the same payload object to every hook of a request. */
  readonly #admissions = new WeakMap<object, Admission>();

  /** @throws {AuthCaptureConfigurationError} a desk's spans do not fit its terms, or its authorizer is not theirs. */
  constructor({
    facilitator,
    desks,
    assets,
    onError = () => undefined,
    clock = systemClock,
  }: AuthCaptureEvmServerOptions) {
    super(assets);
    this.#desks = desks.map(openDesk);
    this.#clock = clock;
    this.#onError = onError;
    const findDesk = (requirements: PaymentRequirements) => this.#findDesk(requirements);
    this.#payments = createServerPayments({ facilitator, findDesk, clock, onError });
    // The SDK goes on when a hook throws, so none may.
    this.schemeHooks = {
      onBeforeVerify: (context) =>
        this.#guardVerify(() => this.#verify(toOwn(context.paymentPayload), toOwn(context.requirements))),
      onBeforeSettle: (context) => this.#guardSettle(context),
      onVerifiedPaymentCanceled: (context) => this.#guardCancel(context),
    };
  }

  /**
   * Adds what is the same for every request, once the chain was found to be as it must be.
   *
   * @throws {AuthCaptureConfigurationError} no desk fits the route, or its token is not known.
   * @throws {UnsafeOfferError} the operator is not deployed, or the parties are odd.
   */
  async enhancePaymentRequirements(
    requirements: PaymentRequirements,
    _kind: SupportedKind,
  ): Promise<PaymentRequirements> {
    const desk = this.#findDesk(requirements);
    if (desk === undefined) {
      throw new AuthCaptureConfigurationError(
        `No desk is paid at ${requirements.payTo} on ${requirements.network} as the route wants it.`,
        "Add a desk for this receiver, chain, escrow and operator, or correct the route.",
      );
    }
    await desk.check();
    return toStaticOffer(desk, requirements);
  }

  /** Adds the deadlines, which move in steps, and what follows from them. */
  readonly enrichPaymentRequiredResponse = (context: SchemePaymentRequiredContext) =>
    addToNextOffer(context, {
      scheme: AUTH_CAPTURE_SCHEME,
      marker: "captureDeadline",
      isSigned: true,
      extraFor: async (offer, headerOf) => {
        const desk = this.#findDesk(offer);
        return desk === undefined ? {} : toTimedExtra(desk, this.#clock(), headerOf("payment-signature"));
      },
    });

  /** Asks the SDK to run the cancel phase: the hold of a failed request is voided in it. */
  settleOnCancel({ paymentPayload, requirements }: VerifiedPaymentCanceledContext): PaymentRequirements | undefined {
    return this.#admissions.has(paymentPayload) ? toOwn(requirements) : undefined;
  }

  /** Says whether a facilitator serves the operators of this server. */
  validateFacilitatorSupport(network: Network, { extra = {} }: SupportedKind): string | undefined {
    const { operators, lifecycleFactories } = extra;
    if (!Array.isArray(operators)) return undefined;
    const chainId = chainIdOfNetwork(network);
    const isServed = ({ operator, factory }: OpenDesk) =>
      operators.some((entry: { address?: unknown } | null) => isSame(entry?.address, operator) || isAny(entry)) ||
      (Array.isArray(lifecycleFactories) && lifecycleFactories.some((entry) => isSame(entry, factory)));
    const missing = this.#desks.find((desk) => desk.chainId === chainId && !isServed(desk));
    return missing && `the facilitator does not serve the operator ${missing.operator}`;
  }

  #findDesk({ network, payTo, extra }: PaymentRequirements): OpenDesk | undefined {
    const { authCaptureEscrow, captureAuthorizer } = extra;
    const fits = (named: unknown, own: string) => named === undefined || isSame(named, own);
    return this.#desks.find(
      ({ chainId, receiver, escrow, operator }) =>
        chainId === chainIdOfNetwork(network) &&
        isSame(payTo, receiver) &&
        fits(authCaptureEscrow, getEscrowDeployment(escrow).escrow) &&
        fits(captureAuthorizer, operator),
    );
  }

  async #guardVerify(verify: () => Promise<VerifyDecision>): Promise<VerifyDecision> {
    try {
      return await verify();
    } catch (error) {
      return { abort: true, ...toRefusal(error, this.#onError) };
    }
  }

  async #verify(payment: PaymentPayload, requirements: PaymentRequirements): Promise<VerifyDecision> {
    const admission = await this.#payments.admit(payment, requirements);
    if (admission.desk.kind !== "charge") {
      this.#admissions.set(payment, admission);
      return undefined;
    }
    try {
      const result = await this.#payments.verify(admission, payment, requirements);
      if (result.isValid) this.#admissions.set(payment, admission);
      else await this.#payments.giveBack(admission);
      return { skip: true, result };
    } catch (error) {
      await this.#payments.giveBack(admission);
      throw error;
    }
  }

  async #guardSettle(context: SettleContext): Promise<SettleDecision> {
    try {
      return { skip: true, result: await this.#settle(context) };
    } catch (error) {
      this.#onError(error);
      return { skip: true, result: toLost(context) };
    }
  }

  /** Every phase is answered here: the SDK would send the payment to the facilitator again and take its answer for a capture or a void. */
  async #settle(context: SettleContext): Promise<SettleResponse> {
    const { phase } = context;
    const payment = toOwn<PaymentPayload>(context.paymentPayload);
    const requirements = toOwn<PaymentRequirements>(context.requirements);
    const admission = this.#admissions.get(payment);
    if (admission === undefined) return toLost(context);
    const isCollected = phase !== "before-handler" && admission.desk.kind !== "charge";
    if (!isCollected) return this.#payments.collect(admission, payment, requirements);
    // Each admission ends once, whichever phase comes first.
    this.#admissions.delete(payment);
    return phase === "cancel"
      ? this.#payments.cancel(admission, requirements)
      : this.#payments.finish(admission, requirements);
  }

  async #guardCancel({ paymentPayload, settledPhases }: VerifiedPaymentCanceledContext): Promise<void> {
    const admission = this.#admissions.get(paymentPayload);
    if (admission === undefined || settledPhases.length > 0) return;
    this.#admissions.delete(paymentPayload);
    await this.#payments.giveBack(admission);
  }
}

/** The SDK's contexts are read-only copies of types, not of values. */
function toOwn<T>(value: unknown): T {
  return value as T;
}

function isAny(entry: { address?: unknown; operatorType?: unknown } | null): boolean {
  return entry?.address === "*" && entry.operatorType === "custom";
}

function toLost({ requirements: { network } }: SettleContext): SettleResponse {
  const code = "unexpected_settle_error";
  return { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "", network };
}
