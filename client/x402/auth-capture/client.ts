import { decodePaymentResponseHeader } from "@x402/core/http";
import type {
  DefaultAsset,
  Network,
  PaymentPayloadContext,
  PaymentPayloadResult,
  PaymentRequirements,
  SchemeClientHooks,
  SchemeNetworkClient,
} from "@x402/core/types";
import type { Address, Hash, Hex } from "viem";
import { assertTerms, type AssertedOffer, type OfferLimits } from "../../auth-capture/assertTerms.ts";
import { hashPaymentInfo, payerAgnosticHash } from "../../auth-capture/hash.ts";
import { toPaymentInfo } from "../../auth-capture/offer.ts";
import type { PaymentReference } from "../../auth-capture/types.ts";
import type { TypedDataSigner } from "../../core/signer.ts";
import { tightest } from "../core/amounts.ts";
import { findDefaultAsset } from "../core/evm.ts";
import { AUTH_CAPTURE_SCHEME } from "./constants.ts";
import { ForeignPayloadError } from "./errors.ts";
import { take } from "./refusals.ts";
import { parseReport } from "./report.ts";
import { StockScheme } from "./stockScheme.ts";
import type { CollectPayload, PaymentReport } from "./types.ts";
import { parsePayload } from "./wire.ts";

/** A payment that this client signed. Keep it: with it the payer releases, disputes and reclaims. */
export interface MadePayment extends PaymentReference {
  /** 32 bytes. */
  readonly paymentInfoHash: Hex;
  /** What was signed for, with the operator's terms. */
  readonly offer: AssertedOffer;
  /**
   * `signed`: sent, and nothing was heard of it. `settled`: collected, as the server says. `refused`: not served; anybody can still collect it
   * until `preApprovalExpiry`.
   */
  readonly status: "signed" | "settled" | "refused";
  /** Transaction that the server named last. */
  readonly transaction?: Hash;
  /** How the payment stands, as the server says. `getStatus` asks the chain. */
  readonly report?: PaymentReport;
}

/** Settings of {@link AuthCaptureEvmScheme}. */
export interface AuthCaptureEvmSchemeOptions {
  /** Who pays: a viem account, or an account and its wallet. */
  readonly payer: TypedDataSigner & { readonly address: Address };
  /** What may be signed; `factories` and, for disputes, `arbiters` are the least to name. */
  readonly limits: Omit<OfferLimits, "payer" | "now">;
  /**
   * Told of each payment before its signature leaves, and again when the server has answered. What it throws the first time keeps the
   * signature here.
   */
  readonly onPayment?: (payment: MadePayment) => void | Promise<void>;
  /**
   * Tokens besides USDC and the other defaults of `@x402/evm` for which the SDK's dollar limits hold. Tokens that are not named need an
   * entry in `spendControls.allowedAssets`.
   */
  readonly assets?: readonly (DefaultAsset & { readonly network: Network })[];
  /** Time, unix seconds; this machine's by default. */
  readonly clock?: () => bigint;
}

type PaymentResponseContext = Parameters<NonNullable<SchemeClientHooks["onPaymentResponse"]>>[0];

/** Payments remembered until they are heard of again; the oldest makes room. */
const MAX_PAYMENTS = 10_000;

/**
 * Scheme `auth-capture` for `x402Client`: the stock client of `@x402/evm`, which signs whatever a 402 asks for, behind `assertTerms`, which
 * signs nothing that the limits do not allow.
 *
 * @example
 * const scheme = new AuthCaptureEvmScheme({ payer: privateKeyToAccount(key), limits: { factories: [factory] } });
 * const paidFetch = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", scheme));
 * const payment = scheme.paymentOf(await paidFetch(url));
 */
export class AuthCaptureEvmScheme implements SchemeNetworkClient {
  /** Id of the scheme, for the SDK. */
  readonly scheme = AUTH_CAPTURE_SCHEME;
  /** What the SDK calls besides. */
  readonly schemeHooks: SchemeClientHooks;
  readonly #options: AuthCaptureEvmSchemeOptions;
  readonly #stock: InstanceType<typeof StockScheme>;
  /** By what was signed. */
  readonly #payments = new Map<Hex, MadePayment>();

  constructor(options: AuthCaptureEvmSchemeOptions) {
    this.#options = options;
    // The SDK's signer is typed with viem's own typed data, which this one takes as well.
    this.#stock = new StockScheme(options.payer as ConstructorParameters<typeof StockScheme>[0]);
    this.schemeHooks = { onPaymentResponse: (context) => this.#learn(context) };
  }

  /** Who pays. */
  get address(): Address {
    return this.#options.payer.address;
  }

  /** Finds an asset the SDK's dollar limits hold for. */
  readonly findDefaultAsset = (asset: string, network: Network): DefaultAsset | undefined => {
    const isIt = (entry: DefaultAsset & { readonly network: Network }) =>
      entry.network === network && entry.asset.toLowerCase() === asset.toLowerCase();
    return (this.#options.assets ?? []).find(isIt) ?? findDefaultAsset(asset, network);
  };

  /**
   * Signs a payment for an offer of a 402.
   *
   * @throws {OfferRefusedError} the offer is malformed, or beyond the limits; nothing is signed. `fault` says which.
   */
  async createPaymentPayload(
    x402Version: number,
    requirements: PaymentRequirements,
    context?: PaymentPayloadContext,
  ): Promise<PaymentPayloadResult> {
    const offer = this.#assert(requirements, context?.maxAmountPerPayment);
    const result = await this.#stock.createPaymentPayload(x402Version, requirements);
    const payload = take(parsePayload(result.payload));
    if (payload.type !== "collect") throw new ForeignPayloadError();
    const payment = toMade(offer, payload);
    this.#remember(payload.nonce, payment);
    await this.#options.onPayment?.(payment);
    return result;
  }

  /**
   * Finds the payment of a paid response.
   *
   * @param response - As the wrapped `fetch` gave it.
   * @returns {@link MadePayment}; undefined when it was not paid by this client.
   */
  paymentOf(response: Pick<Response, "headers">): MadePayment | undefined {
    const header = response.headers.get("PAYMENT-RESPONSE");
    if (header === null) return undefined;
    const report = parseReport(decodePaymentResponseHeader(header).extra);
    if (!report.isValid) return undefined;
    const { paymentInfoHash } = report.value;
    return this.payments.find((payment) => payment.paymentInfoHash === paymentInfoHash);
  }

  /** Payments of this client, oldest first. */
  get payments(): readonly MadePayment[] {
    return [...this.#payments.values()];
  }

  #assert(requirements: PaymentRequirements, cap: string | undefined): AssertedOffer {
    const { limits, payer, clock } = this.#options;
    const maxAmount = tightest([limits.maxAmount, cap === undefined ? undefined : BigInt(cap)]);
    return assertTerms(requirements, {
      ...limits,
      ...(maxAmount !== undefined && { maxAmount }),
      payer: payer.address,
      ...(clock !== undefined && { now: clock() }),
    });
  }

  #remember(key: Hex, payment: MadePayment): void {
    const oldest = this.#payments.size < MAX_PAYMENTS ? undefined : this.#payments.keys().next().value;
    if (oldest !== undefined) this.#payments.delete(oldest);
    this.#payments.set(key, payment);
  }

  async #learn({ paymentPayload, settleResponse, paymentRequired }: PaymentResponseContext): Promise<undefined> {
    const payload = parsePayload(paymentPayload.payload);
    if (!payload.isValid || payload.value.type !== "collect") return undefined;
    const { nonce } = payload.value;
    const payment = this.#payments.get(nonce);
    if (payment === undefined) return undefined;
    const report = parseReport(settleResponse?.extra);
    // A report of another payment says nothing about this one.
    const isOwn = report.isValid && report.value.paymentInfoHash === payment.paymentInfoHash;
    const transaction = hashOf(settleResponse?.transaction);
    const heard: MadePayment = {
      ...payment,
      status: statusOf(settleResponse?.success, paymentRequired !== undefined),
      ...(transaction !== undefined && { transaction }),
      ...(isOwn && { report: report.value }),
    };
    this.#payments.set(nonce, heard);
    await this.#options.onPayment?.(heard);
    return undefined;
  }
}

/** The payment that was signed, rebuilt from the offer alone: what the stock client made of it must hash to the same. */
function toMade(offer: AssertedOffer, { payer, validBefore, salt, nonce }: CollectPayload): MadePayment {
  const paymentInfo = toPaymentInfo(offer, { payer, preApprovalExpiry: validBefore, salt });
  const payment: PaymentReference = { chainId: offer.chainId, escrow: offer.deployment.escrow, paymentInfo };
  if (payerAgnosticHash(payment) !== nonce) throw new ForeignPayloadError();
  return { ...payment, paymentInfoHash: hashPaymentInfo(payment), offer, status: "signed" };
}

/** A request that failed on its way says nothing. */
function statusOf(isSuccess: boolean | undefined, isRefused: boolean): MadePayment["status"] {
  if (isSuccess === true) return "settled";
  return isSuccess === false || isRefused ? "refused" : "signed";
}

function hashOf(transaction: string | undefined): Hash | undefined {
  return transaction !== undefined && /^0x[0-9a-f]{64}$/i.test(transaction) ? (transaction as Hash) : undefined;
}
