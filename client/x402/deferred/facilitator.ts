import { relayForSeller } from "./remoteRelay.ts";
import type { SellerDesk } from "./sellerDesk.ts";
import type { Address } from "viem";
import type {
  Network,
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkFacilitator,
  SettleResponse,
  VerifyResponse,
} from "@x402/core/types";
import { THAWING_PERIOD } from "../../seller/voucher/limits.ts";
import type { EscrowId } from "../../seller/voucher/types.ts";
import { isAmount } from "../core/amounts.ts";
import { messageOf, type DeferredCode } from "./codes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { toWireInteger } from "../core/fields.ts";
import { chainIdOfNetwork, chainIdOfNetworkV1 } from "../core/network.ts";
import { chainIdOfAny, isSame, priceOf } from "../core/requirements.ts";
import { correctiveOffer } from "./offers.ts";
import { createPayments, type Payments, type PaymentRequest } from "./payments.ts";
import type { Refusal } from "./refusals.ts";
import type { Relayer } from "./relayer.ts";
import { toWireSettlement } from "./wireOffer.ts";

/** One escrow that a facilitator serves. */
export interface FacilitatedEscrow {
  readonly escrow: EscrowId;
  /** Sends deposits; absent when none are relayed. */
  readonly relayer?: Relayer;
  /** Seconds the collectors of its sellers need, beyond the thawing period: `limits.collectionMargin` of their acceptors. */
  readonly collectionMargin: bigint;
  /** The desk of a seller; undefined for sellers that are not served. */
  readonly deskOf: (seller: Address) => SellerDesk | undefined;
}

/** Settings of {@link DeferredEvmFacilitator}. */
export interface DeferredEvmFacilitatorOptions {
  readonly escrows: readonly FacilitatedEscrow[];
  /** Told about errors that became refusals: a store or a chain that failed. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Scheme `deferred` for `x402Facilitator`: checks and keeps vouchers for sellers that run neither a store nor a chain client. Collecting is
 * the work of a collector over the same store.
 *
 * Verification claims nothing, so copies of one payment may all be verified; one of them is settled.
 *
 * Works for x402 v2 (`register`) and v1 (`registerV1`).
 *
 * @example
 * const facilitator = new x402Facilitator().register(["eip155:8453"], new DeferredEvmFacilitator({ escrows: [escrow] }));
 */
export class DeferredEvmFacilitator implements SchemeNetworkFacilitator {
  /** Id of the scheme, for the SDK. */
  readonly scheme = DEFERRED_SCHEME;
  readonly caipFamily = "eip155:*";
  readonly payments: Payments;
  readonly #escrows: readonly FacilitatedEscrow[];

  constructor({ escrows, onError = () => undefined }: DeferredEvmFacilitatorOptions) {
    this.#escrows = escrows;
    const desks = (chainId: bigint, seller: Address) => this.#escrowOn(chainId)?.deskOf(seller);
    this.payments = createPayments({ desks, onError });
  }

  /** What sellers' servers put into their offers. */
  getExtra(network: Network): Record<string, unknown> | undefined {
    const served = this.#escrowOn(chainIdOfAny(network));
    if (served === undefined) return undefined;
    return {
      escrow: served.escrow.escrow,
      thawingPeriod: toWireInteger(THAWING_PERIOD),
      minVoucherLifetime: toWireInteger(THAWING_PERIOD + served.collectionMargin),
      ...(served.relayer !== undefined && relayTerms(served.relayer)),
    };
  }

  getSigners(network: string): string[] {
    const name = this.#escrowOn(chainIdOfAny(network))?.relayer?.name;
    return name === undefined ? [] : [name];
  }

  /**
   * Says whether a payment would be accepted now, and in `extra.needsRelay` whether what it brings must be on-chain first. Never throws for
   * bad input.
   */
  async verify(payload: PaymentPayload, requirements: PaymentRequirements): Promise<VerifyResponse> {
    const request = this.#read(payload, requirements);
    if (typeof request === "string")
      return { isValid: false, invalidReason: request, invalidMessage: messageOf(request) };
    const result = await this.payments.check(request);
    if (result.isAdmitted) return { isValid: true, payer: result.payer, extra: { needsRelay: result.needsRelay } };
    return {
      isValid: false,
      invalidReason: result.code,
      invalidMessage: result.message,
      ...(result.payer !== undefined && { payer: result.payer }),
      ...this.#toExtra(result, request),
    };
  }

  /**
   * Brings a payment's deposit on-chain, charges `requirements.amount` and keeps the voucher. `transaction` is empty: nothing is collected;
   * `extra.commitment` names what the buyer owes. A payload with `relay` brings a deposit and no voucher.
   */
  async settle(payload: PaymentPayload, requirements: PaymentRequirements): Promise<SettleResponse> {
    const { network } = requirements;
    const request = this.#read(payload, requirements);
    if (typeof request === "string") return failure(network, request);
    if (isRelay(payload)) return relayForSeller(this.payments, payload.payload["relay"], request, network);
    const admission = await this.payments.admit(request);
    if (!admission.isAdmitted) return { ...failure(network, admission.code), ...this.#toExtra(admission, request) };
    const charge = await this.payments.charge(admission, priceOf(requirements));
    if (!charge.isCharged) return { ...failure(network, charge.code), payer: admission.payer };
    return {
      success: true,
      payer: admission.payer,
      transaction: "",
      network,
      amount: charge.amount.toString(),
      extra: toWireSettlement(charge.settlement),
    };
  }

  /** Reads a payment whose terms are the seller's: the same recipient, asset and escrow, and no less than it requires. */
  #read(payload: PaymentPayload, requirements: PaymentRequirements): PaymentRequest | DeferredCode {
    const request = toRequest(payload, requirements);
    if (typeof request === "string") return request;
    const { escrow } = this.#escrowOn(request.chainId)?.escrow ?? {};
    const named = requirements.extra?.["escrow"];
    return named === undefined || isSame(named, escrow) ? request : "invalid_deferred_evm_requirements";
  }

  #escrowOn(chainId: bigint | undefined): FacilitatedEscrow | undefined {
    return this.#escrows.find(({ escrow }) => escrow.chainId === chainId);
  }

  /** The corrective offer, for whoever has proven to be the buyer. */
  #toExtra({ corrective }: Refusal, { chainId, payTo, asset }: PaymentRequest): Pick<VerifyResponse, "extra"> {
    const desk = this.payments.deskFor(chainId, payTo, asset);
    if (corrective === undefined || desk === undefined) return {};
    return { extra: { offer: correctiveOffer(corrective, desk) } };
  }
}

/**
 * Reads a payment of either version. What was authorized is what the buyer accepted: the seller may charge less, and requires nothing
 * else.
 */
function toRequest(payload: PaymentPayload, requirements: PaymentRequirements): PaymentRequest | DeferredCode {
  const { scheme, network, payTo, asset, maxTimeoutSeconds: timeout } = requirements;
  const accepted = payload.x402Version === 1 ? (payload as unknown as AcceptedV1) : payload.accepted;
  if (payload.x402Version !== 1 && payload.x402Version !== 2) return "invalid_x402_version";
  if (scheme !== DEFERRED_SCHEME || accepted?.scheme !== scheme) return "invalid_deferred_evm_payload_scheme";
  if (accepted.network !== network) return "invalid_deferred_evm_payload_network_mismatch";
  // A version 1 payment says nothing of its terms but in the voucher.
  if (payload.x402Version === 1) {
    return {
      payload: payload.payload,
      chainId: chainIdOfNetworkV1(network),
      payTo,
      asset,
      price: priceOf(requirements),
      timeout,
    };
  }
  const terms = payload.accepted;
  const isAccepted =
    isSame(terms.payTo, payTo) &&
    isSame(terms.asset, asset) &&
    isSame(terms.extra?.["escrow"], requirements.extra?.["escrow"]);
  if (!isAccepted || !isAmount(terms.amount) || !isAmount(requirements.amount))
    return "invalid_deferred_evm_requirements";
  if (BigInt(requirements.amount) > BigInt(terms.amount)) return "invalid_deferred_evm_payload_charge_above_authorized";
  return { payload: payload.payload, chainId: chainIdOfNetwork(network), payTo, asset, price: terms.amount, timeout };
}

type AcceptedV1 = { readonly scheme?: unknown; readonly network?: unknown } | undefined;

function relayTerms({ methods, minimumDeposits }: Relayer): Record<string, unknown> {
  const minimums = Object.entries(minimumDeposits).map(([asset, amount]) => [asset, amount.toString()]);
  return { depositMethods: methods, minimumDeposits: Object.fromEntries(minimums) };
}

function isRelay({ payload }: PaymentPayload): boolean {
  return typeof payload === "object" && payload !== null && "relay" in payload;
}

function failure(network: Network, code: DeferredCode): SettleResponse {
  return { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "", network };
}
