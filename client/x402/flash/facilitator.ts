import type {
  Network,
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkFacilitator,
  SettleResponse,
  VerifyResponse,
} from "@x402/core/types";
import type { Address } from "viem";
import type { FlashLimits, SettlementId } from "../../seller/flash/types.ts";
import { isAmount } from "../core/amounts.ts";
import { toWireInteger } from "../core/fields.ts";
import { chainIdOfNetwork, chainIdOfNetworkV1 } from "../core/network.ts";
import { chainIdOfAny, isSame, priceOf } from "../core/requirements.ts";
import { messageOf, type FlashCode } from "./codes.ts";
import { FLASH_DOMAIN, FLASH_SCHEME, PAYLOAD_TYPES } from "./constants.ts";
import type { ServerDesk } from "./desk.ts";
import { dynamicExtra } from "./offers.ts";
import { createPayments, type PaymentRequest, type Payments } from "./payments.ts";
import type { Refusal } from "./refusals.ts";
import type { OpeningRelayer } from "./relayer.ts";
import { parseOpening, parsePayloadV1, toWireSettlement } from "./wire.ts";

/** One FlashSettlement that a facilitator serves. It is the one owner of the exposure of every server in it. */
export interface FacilitatedSettlement {
  readonly settlement: SettlementId;
  /** Limits of its servers' acceptors, for their offers. */
  readonly limits: Pick<FlashLimits, "minEscrow" | "minCloseDelay" | "maxTransactions" | "minTransaction">;
  /** Least `ttlSeconds` of openings that have one. */
  readonly minTtlSeconds: bigint;
  /** Sends openings; absent when none are relayed. Also `relayer` of every desk. */
  readonly relayer?: OpeningRelayer;
  /** URL at which {@link FlashEvmFacilitator.open} is served, for clients to know. */
  readonly openUrl?: string;
  /** The desk of a server; undefined for servers that are not served. */
  readonly deskOf: (server: Address) => ServerDesk | undefined;
}

/** Settings of {@link FlashEvmFacilitator}. */
export interface FlashEvmFacilitatorOptions {
  readonly settlements: readonly FacilitatedSettlement[];
  /** Told about errors that became refusals: a store or a chain that failed. */
  readonly onError?: (error: unknown) => void;
}

/** Answer to {@link FlashEvmFacilitator.open}. */
export type OpenAnswer =
  | { readonly success: true; readonly transaction: string; readonly network: string }
  | {
      readonly success: false;
      readonly errorReason: FlashCode;
      /** One sentence for people. */
      readonly errorMessage: string;
      /** Network in CAIP-2 form. */
      readonly network: string;
    };

/**
 * Scheme `flash` for `x402Facilitator`: accepts payments for servers that run neither a store nor a chain client. Settling is the work of a
 * settler over the same store.
 *
 * Verification reserves nothing, so copies of one payment may all be verified; one of them is settled. An opening that a payment brings is
 * sent at verification, because it must be final before the request is served.
 *
 * Works for x402 v2 (`register`) and v1 (`registerV1`).
 *
 * @example
 * const facilitator = new x402Facilitator().register(["eip155:8453"], new FlashEvmFacilitator({ settlements: [served] }));
 */
export class FlashEvmFacilitator implements SchemeNetworkFacilitator {
  /** Id of the scheme, for the SDK. */
  readonly scheme = FLASH_SCHEME;
  readonly caipFamily = "eip155:*";
  readonly payments: Payments;
  readonly #settlements: readonly FacilitatedSettlement[];

  constructor({ settlements, onError = () => undefined }: FlashEvmFacilitatorOptions) {
    this.#settlements = settlements;
    const desks = (chainId: bigint, server: Address) => this.#settlementOn(chainId)?.deskOf(server);
    this.payments = createPayments({ desks, onError });
  }

  /** What servers put into their offers. */
  getExtra(network: Network): Record<string, unknown> | undefined {
    const served = this.#settlementOn(chainIdOfAny(network));
    if (served === undefined) return undefined;
    const { settlement, limits, minTtlSeconds, relayer, openUrl } = served;
    return {
      settlementContractAddress: settlement.settlement,
      ...FLASH_DOMAIN,
      payloadTypes: PAYLOAD_TYPES.filter((type) => {
        if (type === "transaction") return limits.maxTransactions > 0;
        return type !== "open" || relayer !== undefined;
      }),
      ...(limits.maxTransactions > 0 && { minTransaction: limits.minTransaction.toString() }),
      minEscrow: limits.minEscrow.toString(),
      minTtlSeconds: toWireInteger(minTtlSeconds),
      minCloseDelay: toWireInteger(limits.minCloseDelay),
      ...(relayer !== undefined && relayTerms(relayer, openUrl)),
    };
  }

  getSigners(network: string): string[] {
    const name = this.#settlementOn(chainIdOfAny(network))?.relayer?.name;
    return name === undefined ? [] : [name];
  }

  /** Says whether a payment would be accepted now. Never throws for bad input. */
  async verify(payload: PaymentPayload, requirements: PaymentRequirements): Promise<VerifyResponse> {
    const request = this.#read(payload, requirements);
    if (typeof request === "string")
      return { isValid: false, invalidReason: request, invalidMessage: messageOf(request) };
    const result = await this.payments.check(request);
    if (result.isAdmitted) return { isValid: true, ...(result.payer !== undefined && { payer: result.payer }) };
    return {
      isValid: false,
      invalidReason: result.code,
      invalidMessage: result.message,
      ...(result.payer !== undefined && { payer: result.payer }),
      ...this.#toExtra(result, request),
    };
  }

  /** Accepts a payment and makes that durable. `transaction` is empty: it is settled later; `extra.paymentId` names it. */
  async settle(payload: PaymentPayload, requirements: PaymentRequirements): Promise<SettleResponse> {
    const { network } = requirements;
    const request = this.#read(payload, requirements);
    if (typeof request === "string") return failure(network, request);
    const admission = await this.payments.admit(request);
    if (!admission.isAdmitted) return { ...failure(network, admission.code), ...this.#toExtra(admission, request) };
    const charge = await this.payments.charge(admission, priceOf(requirements));
    if (!charge.isCharged) return { ...failure(network, charge.code), payer: admission.payer };
    return {
      success: true,
      payer: admission.payer,
      transaction: charge.settlement.status === "settled" ? charge.settlement.paymentId : "",
      network,
      amount: charge.amount.toString(),
      extra: toWireSettlement(charge.settlement),
    };
  }

  /**
   * Has an opening mined that comes without a payment: what `facilitatorOpen` of an offer is posted.
   *
   * @param body - JSON as decoded: the fields of the payload `open` without a payment, and `network`. May be anything.
   * @returns Whether it is mined; payments against it are accepted once it is final. Never throws.
   */
  async open(body: unknown): Promise<OpenAnswer> {
    const network = networkOf(body);
    const fail = (errorReason: FlashCode, errorMessage = messageOf(errorReason)): OpenAnswer => ({
      success: false,
      errorReason,
      errorMessage,
      network,
    });
    const parsed = parseOpening(body);
    if (!parsed.isValid) return fail(parsed.code, parsed.message);
    const { server, token } = parsed.value.terms;
    const desk = this.payments.deskFor(chainIdOfAny(network), server, token);
    if (desk === undefined) return fail("flash_requirements_mismatch");
    const result = await this.payments.open(parsed.value, { desk, token });
    return result.isAdmitted
      ? { success: true, transaction: result.transaction ?? "", network }
      : fail(result.code, result.message);
  }

  /** Reads a payment whose terms are the server's: the same recipient, token, contract and amount. */
  #read(payload: PaymentPayload, requirements: PaymentRequirements): PaymentRequest | FlashCode {
    const request = toRequest(payload, requirements);
    if (typeof request === "string") return request;
    const { settlement } = this.#settlementOn(request.chainId)?.settlement ?? {};
    const named = requirements.extra?.["settlementContractAddress"];
    return named === undefined || isSame(named, settlement) ? request : "flash_requirements_mismatch";
  }

  #settlementOn(chainId: bigint | undefined): FacilitatedSettlement | undefined {
    return this.#settlements.find(({ settlement }) => settlement.chainId === chainId);
  }

  /** What corrects the payment, and when to try again. */
  #toExtra(refusal: Refusal, { chainId, payTo, asset }: PaymentRequest): Pick<VerifyResponse, "extra"> {
    const desk = this.payments.deskFor(chainId, payTo, asset);
    const { corrective, retryAfterMs, openTransaction } = refusal;
    const isSilent = corrective === undefined && retryAfterMs === undefined && openTransaction === undefined;
    return isSilent || desk === undefined ? {} : { extra: { offer: dynamicExtra(desk, refusal) } };
  }
}

/** Reads a payment of either version. */
function toRequest(payload: PaymentPayload, requirements: PaymentRequirements): PaymentRequest | FlashCode {
  const { scheme, network, payTo, asset } = requirements;
  const accepted = payload.x402Version === 1 ? (payload as unknown as AcceptedV1) : payload.accepted;
  if (payload.x402Version !== 1 && payload.x402Version !== 2) return "invalid_x402_version";
  if (scheme !== FLASH_SCHEME || accepted?.scheme !== scheme) return "flash_scheme_mismatch";
  if (accepted.network !== network) return "flash_network_mismatch";
  const price = priceOf(requirements);
  // A version 1 payment says nothing of its terms but in what is signed.
  if (payload.x402Version === 1) {
    return {
      payload: payload.payload,
      chainId: chainIdOfNetworkV1(network),
      payTo,
      asset,
      price,
      parse: parsePayloadV1,
    };
  }
  const terms = payload.accepted;
  const isAccepted =
    isSame(terms.payTo, payTo) &&
    isSame(terms.asset, asset) &&
    isSame(terms.extra?.["settlementContractAddress"], requirements.extra?.["settlementContractAddress"]);
  if (!isAccepted || !isAmount(price)) return "flash_requirements_mismatch";
  // A payment is taken whole: what is charged is what was agreed.
  if (terms.amount !== price) return "flash_price_fixed";
  return { payload: payload.payload, chainId: chainIdOfNetwork(network), payTo, asset, price };
}

type AcceptedV1 = { readonly scheme?: unknown; readonly network?: unknown } | undefined;

function relayTerms({ methods, name, minimumOpenings }: OpeningRelayer, openUrl = name): Record<string, unknown> {
  const minimums = Object.entries(minimumOpenings).map(([token, amount]) => [token, amount.toString()]);
  return { openMethods: methods, facilitatorOpen: openUrl, minimumOpenings: Object.fromEntries(minimums) };
}

function networkOf(body: unknown): string {
  if (typeof body !== "object" || body === null || !("network" in body)) return "";
  return typeof body.network === "string" ? body.network.slice(0, 64) : "";
}

function failure(network: Network, code: FlashCode): SettleResponse {
  return { success: false, errorReason: code, errorMessage: messageOf(code), transaction: "", network };
}
